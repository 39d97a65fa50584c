/** Who sat where and when: a line for each desk, and the same as a table. */

import { useState } from 'preact/hooks';
import { toHash } from '#controller/web/page/address.ts';
import { askAll } from '#controller/web/page/api.ts';
import { toLoaded, useAsked } from '#controller/web/page/asked.ts';
import { useItems, useText, useWords } from '#controller/web/page/context.ts';
import { endOf } from '#controller/web/page/how.ts';
import { SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { Table } from '#controller/web/page/parts/table.tsx';
import { View, Waiting } from '#controller/web/page/parts/view.tsx';
import type { Stay } from '#controller/web/page/shapes.ts';
import { barsOf, byDesk, type Span, whole } from '#controller/web/page/timeline.ts';
import { formatTime, Since, Who } from './cells.tsx';

const dayMs = 86_400_000;
const ranges = { day: dayMs, week: 7 * dayMs, month: 31 * dayMs } as const;
type Range = keyof typeof ranges;

export function History() {
  const text = useText();
  const sessions = useItems('sessions');
  const users = useItems('users');
  const stays = useAsked(() => askAll<Stay>('/sessions/history'), [sessions.items]);
  return (
    <View title={text.history}>
      <Waiting lists={[toLoaded(stays), users]}>{() => <Shown stays={stays.value ?? []} />}</Waiting>
    </View>
  );
}

function Shown({ stays }: { stays: readonly Stay[] }) {
  const text = useText();
  const { items: users } = useItems('users');
  const [range, setRange] = useState<Range>('day');
  const [site, setSite] = useState('');
  const [wanted, setWanted] = useState('');
  const nameOf = new Map(users.map(({ extension, name }) => [extension, name]));
  const to = Date.now();
  const span = { from: to - ranges[range], to };
  const fits = ({ device, extension }: Stay) =>
    `${device} ${extension} ${nameOf.get(extension) ?? ''}`
      .toLowerCase()
      .includes(wanted.trim().toLowerCase());
  const found = stays.filter(
    (stay) => (site === '' || stay.site === site) && fits(stay) && barsOf([stay], span).length > 0,
  );
  const sites = [...new Set(stays.map((stay) => stay.site))].sort();
  return (
    <>
      <div class="filters">
        <TextField label={text.search} type="search" value={wanted} onValue={setWanted} />
        <SelectField
          label={text.timeRange}
          value={range}
          onValue={(value) => setRange(value === 'week' || value === 'month' ? value : 'day')}
          options={Object.entries(text.ranges)}
        />
        <SelectField
          label={text.site}
          value={site}
          onValue={setSite}
          options={[['', text.all], ...sites.map((each) => [each, each] as const)]}
        />
      </div>
      <Timeline stays={found} span={span} nameOf={nameOf} />
      <Table
        caption={text.history}
        rows={found}
        idOf={({ device, since, until }) => `${device} ${since ?? until}`}
        empty={<p>{stays.length === 0 ? text.noHistory : text.nothingFound}</p>}
        columns={[
          {
            id: 'device',
            title: text.phone,
            sort: ({ device }) => device,
            cell: ({ device }) => <a href={toHash('devices', device)}>{device}</a>,
          },
          {
            id: 'user',
            title: text.user,
            sort: ({ extension }) => nameOf.get(extension) ?? extension,
            cell: ({ extension }) => <Who extension={extension} name={nameOf.get(extension)} />,
          },
          {
            id: 'since',
            title: text.from,
            sort: ({ since = '' }) => since,
            cell: ({ since }) => (since === undefined ? '…' : <Since at={since} />),
          },
          {
            id: 'until',
            title: text.until,
            sort: ({ until = '~' }) => until,
            cell: ({ until }) => (until === undefined ? text.now : <Since at={until} />),
          },
          { id: 'why', title: text.whyTitle, cell: (stay) => endOf(text, stay) },
        ]}
      />
    </>
  );
}

/** For the eye: the table below says the same. */
function Timeline({
  stays,
  span,
  nameOf,
}: {
  stays: readonly Stay[];
  span: Span;
  nameOf: ReadonlyMap<string, string>;
}) {
  const { language } = useWords();
  const time = (at: number) => formatTime(new Date(at).toISOString(), language);
  if (stays.length === 0) return null;
  return (
    <div class="card timeline" aria-hidden="true">
      {byDesk(stays).map(([device, own]) => (
        <div key={device} class="desk">
          <span>{device}</span>
          <svg viewBox={`0 0 ${whole} 20`} preserveAspectRatio="none" focusable="false">
            <title>{device}</title>
            {barsOf(own, span).map(({ stay, x, width }) => (
              <rect
                key={`${stay.since} ${stay.until}`}
                x={x}
                width={width}
                y="0"
                height="20"
                class={stay.until ? 'past' : 'now'}
              >
                <title>{nameOf.get(stay.extension) ?? stay.extension}</title>
              </rect>
            ))}
          </svg>
        </div>
      ))}
      <div class="desk axis">
        <span />
        <span class="ends">
          <span>{time(span.from)}</span>
          <span>{time(span.to)}</span>
        </span>
      </div>
    </div>
  );
}

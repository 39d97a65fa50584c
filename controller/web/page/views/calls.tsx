/** Who speaks with whom, calls for help, and how the last calls sounded. */

import { useEffect } from 'preact/hooks';
import { toHash } from '#controller/web/page/address.ts';
import { askAll } from '#controller/web/page/api.ts';
import { toLoaded, useAsked } from '#controller/web/page/asked.ts';
import { useApp, useItems, useText } from '#controller/web/page/context.ts';
import { Badge, type Tone } from '#controller/web/page/parts/badge.tsx';
import { Name } from '#controller/web/page/parts/name.tsx';
import { type Column, Table } from '#controller/web/page/parts/table.tsx';
import { View, Waiting } from '#controller/web/page/parts/view.tsx';
import type { Call, DeskQuality, EmergencyCall } from '#controller/web/page/shapes.ts';
import { Since } from './cells.tsx';

/** Nobody tells how a call sounds while it lasts. */
const everyMs = 5_000;

export function Calls() {
  const { live } = useApp();
  const text = useText();
  const calls = useItems('calls');
  const users = useItems('users');
  const emergencies = useItems('emergencyCalls');
  const now = calls.items.filter(({ endedAt }) => endedAt === undefined);
  const ended = calls.items.filter(({ endedAt }) => endedAt !== undefined);
  const isAny = now.length > 0;
  useEffect(() => {
    if (!isAny) return;
    const timer = setInterval(() => void live.load('calls'), everyMs);
    return () => clearInterval(timer);
  }, [live, isAny]);
  return (
    <View title={text.sectionNames.calls}>
      <Waiting lists={[calls, users, emergencies]}>
        {() => (
          <>
            <section aria-labelledby="now">
              <h2 id="now">{text.callsNow(now.length)}</h2>
              <CallTable calls={now} caption={text.callsNow(now.length)} empty={text.noCallsNow} />
            </section>
            <Emergencies calls={emergencies.items} />
            <section aria-labelledby="ended">
              <h2 id="ended">{text.callsEnded}</h2>
              <CallTable calls={ended} caption={text.callsEnded} empty={text.noCallsEnded} />
            </section>
            <Quality count={ended.length} />
          </>
        )}
      </Waiting>
    </View>
  );
}

function CallTable({ calls, caption, empty }: { calls: readonly Call[]; caption: string; empty: string }) {
  const text = useText();
  const end: Column<Call> = {
    id: 'ended',
    title: text.until,
    sort: ({ endedAt = '' }) => endedAt,
    cell: ({ endedAt }) => (endedAt === undefined ? text.now : <Since at={endedAt} />),
  };
  return (
    <Table
      caption={caption}
      rows={calls}
      idOf={({ id }) => id}
      empty={<p>{empty}</p>}
      columns={[
        {
          id: 'from',
          title: text.caller,
          sort: ({ from = '' }) => from,
          cell: ({ from }) => <Party of={from} />,
        },
        { id: 'to', title: text.called, sort: ({ to = '' }) => to, cell: ({ to }) => <Party of={to} /> },
        {
          id: 'sites',
          title: text.sites,
          cell: ({ sites = [] }) => (sites.length === 0 ? '–' : sites.join(', ')),
        },
        {
          id: 'since',
          title: text.from,
          sort: ({ since = '' }) => since,
          cell: ({ since }) => (since === undefined ? '…' : <Since at={since} />),
        },
        ...(calls.some(({ endedAt }) => endedAt !== undefined) ? [end] : []),
        {
          id: 'way',
          title: text.mediaWay,
          sort: ({ media }) => media,
          cell: ({ media }) => text.mediaWays[media],
        },
        { id: 'sound', title: text.quality, cell: (call) => <Sound call={call} /> },
      ]}
    />
  );
}

/** A desk, a user or a number outside. */
function Party({ of }: { of: string | undefined }) {
  const { items: users } = useItems('users');
  if (of === undefined) return <>–</>;
  if (/^HD\d+$/.test(of)) return <a href={toHash('devices', of)}>{of}</a>;
  const name = users.find(({ extension }) => extension === of)?.name;
  if (name === undefined) return <Name>{of}</Name>;
  return (
    <a href={toHash('users', of)}>
      <Name>{name}</Name> <span class="number">{of}</span>
    </a>
  );
}

/** From the share of packets lost on, when people begin to notice. */
const worse = (lostPercent: number): Tone => (lostPercent < 1 ? 'good' : lostPercent < 5 ? 'warn' : 'bad');

function Sound({ call: { streams } }: { call: Call }) {
  const text = useText();
  const counted = streams.filter(({ packets, lost }) => packets + lost > 0);
  if (counted.length === 0) return <>–</>;
  const lost = Math.max(...counted.map((each) => (100 * each.lost) / (each.packets + each.lost)));
  const jitter = Math.max(...counted.map(({ jitterMs }) => jitterMs));
  return <Badge tone={worse(lost)}>{text.lostJitter(lost, jitter)}</Badge>;
}

const helpTones: Record<EmergencyCall['state'], Tone> = {
  calling: 'busy',
  answered: 'good',
  failed: 'bad',
  cancelled: 'warn',
};

function Emergencies({ calls }: { calls: readonly EmergencyCall[] }) {
  const text = useText();
  return (
    <section aria-labelledby="help">
      <h2 id="help">{text.emergencyCalls}</h2>
      <Table
        caption={text.emergencyCalls}
        rows={calls}
        idOf={({ id }) => id}
        empty={<p>{text.noEmergencyCalls}</p>}
        columns={[
          { id: 'at', title: text.when, sort: ({ at }) => at, cell: ({ at }) => <Since at={at} /> },
          {
            id: 'device',
            title: text.phone,
            sort: ({ device }) => device,
            cell: ({ device }) => <a href={toHash('devices', device)}>{device}</a>,
          },
          { id: 'user', title: text.user, cell: ({ extension }) => <Party of={extension} /> },
          { id: 'number', title: text.number, sort: ({ number }) => number, cell: ({ number }) => number },
          {
            id: 'state',
            title: text.state,
            sort: ({ state }) => state,
            cell: ({ state, route, status }) => (
              <>
                <Badge tone={helpTones[state]}>{text.helpStates[state]}</Badge>{' '}
                <span class="hint">{[route, status].filter(Boolean).join(' · ')}</span>
              </>
            ),
          },
          { id: 'place', title: text.place, cell: ({ place }) => <Name>{place || '–'}</Name> },
        ]}
      />
    </section>
  );
}

/** Since the controller's start, of what passes an agent or the controller. */
function Quality({ count }: { count: number }) {
  const text = useText();
  const asked = useAsked(() => askAll<DeskQuality>('/call-quality'), [count]);
  const cell = ({ lostPercent, jitterMs, silences }: DeskQuality['heard']) => (
    <>
      <Badge tone={worse(lostPercent)}>{text.lostJitter(lostPercent, jitterMs)}</Badge>
      {silences > 0 && <span class="hint"> {text.silences(silences)}</span>}
    </>
  );
  return (
    <section aria-labelledby="quality">
      <h2 id="quality">{text.qualityTitle}</h2>
      <p class="hint">{text.qualityHint}</p>
      <Waiting lists={[toLoaded(asked)]}>
        {() => (
          <Table
            caption={text.qualityTitle}
            rows={asked.value ?? []}
            idOf={({ device }) => device}
            empty={<p>{text.noQuality}</p>}
            columns={[
              {
                id: 'device',
                title: text.phone,
                sort: ({ device }) => device,
                cell: ({ device }) => <a href={toHash('devices', device)}>{device}</a>,
              },
              {
                id: 'calls',
                title: text.sectionNames.calls,
                sort: ({ calls }) => calls,
                cell: ({ calls }) => calls,
              },
              {
                id: 'heard',
                title: text.heard,
                sort: ({ heard }) => heard.lostPercent,
                cell: ({ heard }) => cell(heard),
              },
              {
                id: 'sent',
                title: text.sent,
                sort: ({ sent }) => sent.lostPercent,
                cell: ({ sent }) => cell(sent),
              },
            ]}
          />
        )}
      </Waiting>
    </section>
  );
}

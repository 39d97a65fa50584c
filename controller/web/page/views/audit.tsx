/** Who changed what and when, from the log that cannot be changed unnoticed. */

import { useEffect, useState } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { useAsked } from '#controller/web/page/asked.ts';
import { useText } from '#controller/web/page/context.ts';
import { momentsOf } from '#controller/web/page/day.ts';
import { Badge } from '#controller/web/page/parts/badge.tsx';
import { SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { useSubmit } from '#controller/web/page/parts/form.tsx';
import { Name } from '#controller/web/page/parts/name.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import { Table } from '#controller/web/page/parts/table.tsx';
import { View } from '#controller/web/page/parts/view.tsx';
import type { AuditEntry } from '#controller/web/page/shapes.ts';
import { Since } from './cells.tsx';

type Page = { items: AuditEntry[]; next?: string };
type Verdict = { ok: boolean; entries: number; wrong?: { file: string; line: number; why: string } };

/** Typed this long ago, it is asked for: a key is not yet a word. */
const gatherMs = 300;

export function Audit() {
  const text = useText();
  const [wanted, setWanted] = useState('');
  const [typed, setTyped] = useState('');
  const [day, setDay] = useState('');
  const [what, setWhat] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setWanted(typed.trim()), gatherMs);
    return () => clearTimeout(timer);
  }, [typed]);
  const named = Object.entries({ q: wanted, what, ...momentsOf(day) }).filter(([, value]) => value !== '');
  const query = new URLSearchParams(named).toString();
  return (
    <View title={text.audit} actions={<Verify />}>
      <div class="filters">
        <TextField label={text.search} type="search" value={typed} onValue={setTyped} maxLength={128} />
        <TextField label={text.day} type="date" value={day} onValue={setDay} />
        <SelectField
          label={text.kind}
          value={what}
          onValue={setWhat}
          options={[
            ['', text.all],
            ['/devices', text.phones],
            ['/users', text.users],
            ['/sites', text.sites],
            ['/agents', text.agents],
            ['/upstreams', text.upstreams],
            ['/accounts', text.accounts],
            ['/tokens', text.tokens],
            ['/sign-in', text.signIn],
          ]}
        />
      </div>
      <Entries key={query} query={query} />
    </View>
  );
}

function Entries({ query }: { query: string }) {
  const text = useText();
  const more = useSubmit();
  const [older, setOlder] = useState<Page>();
  const first = useAsked(() => ask<Page>('GET', `/audit?${query}`), []);
  const rows = [...(first.value?.items ?? []), ...(older?.items ?? [])];
  const next = older === undefined ? first.value?.next : older.next;
  const none = query === '' ? text.noHistory : text.nothingFound;
  const askMore = async () => {
    const page = await ask<Page>('GET', `/audit?${query}&cursor=${next}`);
    setOlder({ ...page, items: [...(older?.items ?? []), ...page.items] });
  };
  return (
    <>
      <ProblemLine problem={first.problem ?? more.problem} />
      <Table
        caption={text.audit}
        rows={rows}
        idOf={({ sequence }) => String(sequence)}
        empty={<p>{(first.value ?? first.problem) ? none : text.loading}</p>}
        columns={[
          { id: 'at', title: text.when, sort: ({ at }) => at, cell: ({ at }) => <Since at={at} /> },
          {
            id: 'who',
            title: text.whoDid,
            sort: ({ who }) => who,
            cell: ({ who, from }) => (
              <>
                <Name>{who}</Name> <span class="hint">{from === who ? '' : from}</span>
              </>
            ),
          },
          { id: 'what', title: text.what, sort: ({ what }) => what, cell: ({ what }) => <code>{what}</code> },
          { id: 'changes', title: text.changes, cell: (entry) => <Changes entry={entry} /> },
        ]}
      />
      {next !== undefined && (
        <button type="button" disabled={more.isBusy} onClick={() => void more.run(askMore)}>
          {text.showMore}
        </button>
      )}
    </>
  );
}

function Changes({ entry: { changes = [], details } }: { entry: AuditEntry }) {
  const text = useText();
  const { status, ...others } = details ?? {};
  const facts = Object.entries(others).map(([name, value]) => `${name}: ${value}`);
  return (
    <>
      {typeof status === 'number' && status >= 400 && <Badge tone="bad">{text.wasRefused(status)}</Badge>}{' '}
      {facts.length > 0 && <Name>{facts.join(', ')}</Name>}
      {changes.map(({ collection, id, before, after }, nth) => (
        <details key={`${nth} ${collection}/${id}`}>
          <summary>
            {collection} <Name>{id}</Name>
          </summary>
          <pre>
            {before === undefined ? '' : `- ${JSON.stringify(before)}\n`}
            {after === undefined ? '' : `+ ${JSON.stringify(after)}`}
          </pre>
        </details>
      ))}
    </>
  );
}

function Verify() {
  const text = useText();
  const submit = useSubmit();
  const [verdict, setVerdict] = useState<Verdict>();
  return (
    <>
      <ProblemLine problem={submit.problem} />
      <span role="status">
        {verdict?.ok === true && <Badge tone="good">{text.auditWhole(verdict.entries)}</Badge>}
        {verdict?.ok === false && (
          <Badge tone="bad">{text.auditBroken(`${verdict.wrong?.file}:${verdict.wrong?.line}`)}</Badge>
        )}
      </span>
      <button
        type="button"
        disabled={submit.isBusy}
        onClick={() => void submit.run(async () => setVerdict(await ask<Verdict>('GET', '/audit/verify')))}
      >
        {text.verify}
      </button>
    </>
  );
}

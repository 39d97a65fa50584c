/** `hotdesk audit`: who did what; from the controller, or from its data folder when it does not run. */

import { auditFolder, parseHead, readAudit, type Verdict, verify } from '#controller/audit/files.ts';
import { Fault } from '#protocol/fault.ts';
import { field, type Row } from './table.ts';
import { type Call, last, type Noun, type Result, valued } from './verb.ts';

const listFlags = [
  valued('search', 'TEXT', 'part of who, what or what was changed, as HD0001'),
  valued('who', 'NAME', 'of one account, token or extension'),
  valued('what', 'TEXT', 'part of what was done, as /users or sign-in'),
  valued('since', 'TIME', 'from then on, as 2026-11-23 or 2026-11-23T12:00:00Z'),
  valued('until', 'TIME', 'before then'),
  valued('limit', 'N', 'at most so many, the newest; 100 unless set'),
];

const columns = [
  field('sequence', '#'),
  field('at'),
  field('who'),
  field('from'),
  field('what'),
  { title: 'details', of: ({ details }: Row) => details && formatDetails(details as Row) },
  { title: 'changed', of: ({ changes }: Row) => changes && formatChanges(changes as Row[]) },
];

const formatDetails = (details: Row) =>
  Object.entries(details)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');

const formatChanges = (changes: readonly Row[]) =>
  changes.map(({ collection, id }) => `${String(collection)} ${String(id)}`).join(', ');

export const auditNoun: Noun = {
  about: 'who changed what, and when',
  verbs: {
    list: { about: 'the newest first', args: [], flags: listFlags, run: list },
    verify: {
      about: 'whether every line continues the one before; names the first that does not',
      args: [],
      flags: [valued('head', 'NUMBER:HASH', 'that an earlier verify printed: it must still be there')],
      run: check,
    },
  },
};

async function list(call: Call): Promise<Result> {
  const query = {
    q: last(call, 'search'),
    who: last(call, 'who'),
    what: last(call, 'what'),
    since: timeOf(call, 'since'),
    until: timeOf(call, 'until'),
    limit: limitOf(call),
  };
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) asked.set(name, String(value));
  const answer = await orOffline(
    call,
    () => call.client.ask('GET', `/audit?${asked.toString()}`),
    (folder) => readAudit(folder, { ...query, since: millis(query.since), until: millis(query.until) }),
  );
  return { type: 'items', items: (answer as { items: Row[] }).items, columns };
}

async function check(call: Call): Promise<Result> {
  const known = last(call, 'head');
  // The folder itself, where we have it: who runs the controller is not asked about himself.
  const verdict =
    call.data === undefined
      ? ((await call.client.ask(
          'GET',
          `/audit/verify${known === undefined ? '' : `?head=${encodeURIComponent(known)}`}`,
        )) as Verdict)
      : await verify(auditFolder(call.data), known === undefined ? undefined : parseHead(known));
  const { wrong, entries, first, head } = verdict;
  if (wrong !== undefined) {
    throw new Fault('conflict', `${wrong.file}, line ${wrong.line}: ${wrong.why}`, { status: 409 });
  }
  const text = `${entries} lines from number ${first} on fit each other; head ${head.sequence}:${head.hash}`;
  return { type: 'text', text, json: verdict };
}

/** Without a controller the folder is read, where there is one. */
async function orOffline<T>(
  { data }: Call,
  online: () => Promise<T>,
  offline: (folder: string) => Promise<T>,
): Promise<T> {
  try {
    return await online();
  } catch (error) {
    if (data === undefined || !Fault.is(error, 'unavailable') || error.facts.status !== undefined)
      throw error;
    return await offline(auditFolder(data));
  }
}

function timeOf(call: Call, name: string): string | undefined {
  const text = last(call, name);
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw new Fault('input.invalid', `--${name}: "${text}" is no time`, { field: name });
}

const millis = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));

function limitOf(call: Call): number {
  const text = last(call, 'limit') ?? '100';
  if (/^[1-9]\d{0,2}$/.test(text) || text === '1000') return Number(text);
  throw new Fault('input.invalid', '--limit: is 1 to 1000', { field: 'limit' });
}

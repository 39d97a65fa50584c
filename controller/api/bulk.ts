/**
 * /import and /export: devices and users as a table.
 *
 *     POST /import?noun=devices|users[&dry-run=true]   text/csv → {items, created, changed, refused, saved}
 *     GET  /export?noun=devices|users                  → text/csv, which can be imported again
 *
 * An import is one commit: all of its rows are kept, or none when one is
 * refused. An item tells of each row what becomes of it, and which column is
 * wrong.
 */

import { z } from 'zod';
import type { Store } from '#controller/model/ports.ts';
import { Fault } from '#protocol/fault.ts';
import { nearest } from '#protocol/nearest.ts';
import {
  type BulkRow,
  deviceColumns,
  exportDevices,
  exportUsers,
  type Planned,
  planDevices,
  planUsers,
  userColumns,
} from './bulk-rows.ts';
import { type CsvRow, formatCsv, parseCsv } from './csv.ts';
import { wrong } from './read.ts';
import { type Route, route } from './route.ts';
import { inTurn } from './turns.ts';
import type { Pins } from './users.ts';

export type BulkDeps = { store: Store; pins: Pick<Pins, 'hashPin' | 'unlock'> };

const maxBytes = 1024 * 1024;
/** A hash takes tens of milliseconds, and who imports waits for all. */
const maxPins = 250;

const nouns = {
  devices: { columns: deviceColumns, key: 'mac', plan: planDevices, rows: exportDevices },
  users: { columns: userColumns, key: 'extension', plan: planUsers, rows: exportUsers },
} as const;

const noun = z.enum(['devices', 'users'], 'is devices or users');
const isTrue = z.enum(['true', 'false'], 'is true or false').default('false');
const reported = z.strictObject({
  items: z.array(
    z.strictObject({
      line: z.number(),
      column: z.string().optional(),
      action: z.enum(['create', 'change', 'same', 'refused']),
      detail: z.string(),
    }),
  ),
  created: z.number(),
  changed: z.number(),
  refused: z.number(),
  saved: z.boolean(),
});

export function bulkRoutes({ store, pins }: BulkDeps): Route[] {
  async function take(
    text: string,
    { columns, key, plan }: (typeof nouns)[keyof typeof nouns],
    isDry: boolean,
  ) {
    const rows = readRows(parseCsv(text), columns, key);

    // Checked before PINs are hashed, which is slow, and again in its turn: the store went on meanwhile.
    const first = plan(rows, store, new Map());
    if (isDry || isRefused(first)) return report(first, false);
    const typed = pinsOf(rows);
    const hashes = new Map<string, string>();
    for (const [extension, pin] of typed) hashes.set(extension, await pins.hashPin(extension, pin));
    const done = await inTurn(store, async () => {
      const planned = plan(rows, store, hashes);
      if (isRefused(planned)) return report(planned, false);
      const changes = planned.flatMap((each) => each.changes);
      if (changes.length > 0) await store.commit(changes);
      return report(planned, true);
    });
    if (done.saved) for (const extension of typed.keys()) await pins.unlock(extension);
    return done;
  }

  return [
    route(
      {
        method: 'post',
        path: '/import',
        access: 'admin',
        tag: 'import and export',
        summary: 'Import a table, all of its rows or none',
        query: z.strictObject({ noun, 'dry-run': isTrue }),
        raw: { type: 'text/csv', maxBytes },
        answer: reported,
      },
      ({ query, bytes }) => take(textOf(bytes), nouns[query.noun], query['dry-run'] === 'true'),
    ),
    route(
      {
        method: 'get',
        path: '/export',
        access: 'admin',
        isTold: true,
        tag: 'import and export',
        summary: 'Export a table',
        query: z.strictObject({ noun }),
        answer: { type: 'text/csv' },
      },
      ({ c, query }) => {
        const { columns, rows } = nouns[query.noun];
        const names = columns.filter((name) => name !== 'pin');
        const body = formatCsv([names, ...rows(store)]);
        return c.body(body, 200, { 'content-type': 'text/csv; charset=utf-8' });
      },
    ),
  ];
}

function textOf(bytes: Buffer): string {
  // "Unicode text" of a spreadsheet: its letters are valid UTF-8 with a zero beside each.
  if (bytes.includes(0)) throw wrong('body', 'is UTF-16; a spreadsheet saves it as "CSV UTF-8"');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw wrong('body', 'is not UTF-8; a spreadsheet saves it as "CSV UTF-8"');
  }
}

/** A spreadsheet writes columns that were used once, and leaves out the last cells of a row when they are empty. */
function withoutEmptyEnd(cells: readonly string[]): string[] {
  return cells.slice(0, cells.findLastIndex((cell) => cell.trim() !== '') + 1);
}

/** Throws `input.invalid` for the header; what is wrong with a row is told with the others. */
function readRows([header, ...rows]: CsvRow[], columns: readonly string[], key: string): BulkRow[] {
  const names = withoutEmptyEnd(header?.cells ?? []).map((name) => name.trim().toLowerCase());
  for (const [at, name] of names.entries()) {
    if (name === '') throw wrong('line 1', `line 1: column ${at + 1} has no name`);
    if (!columns.includes(name)) {
      const near = nearest(name, columns);
      const hint = near === undefined ? `; one of ${columns.join(', ')}` : `; did you mean "${near}"?`;
      throw wrong(name, `line 1: there is no such column${hint}`);
    }
    if (names.indexOf(name) !== at) throw wrong(name, 'line 1: the column is there twice');
  }
  if (!names.includes(key)) throw wrong(key, 'line 1: this column is needed');
  return rows.map(({ line, cells }) => {
    const filled = cells.map((cell, at) => [names[at] ?? '', cell.trim()] as const);
    const row = { line, cells: new Map(filled.filter(([, cell]) => cell !== '')) };
    const found = withoutEmptyEnd(cells).length;
    if (found <= names.length) return row;
    const why = `the row has ${found} cells, the header ${names.length}`;
    return { ...row, fault: new Fault('input.invalid', why) };
  });
}

function pinsOf(rows: readonly BulkRow[]): Map<string, string> {
  const found = rows.flatMap(({ cells }) => {
    const [extension, pin] = [cells.get('extension'), cells.get('pin')];
    return extension === undefined || pin === undefined ? [] : [[extension, pin] as const];
  });
  if (found.length > maxPins) throw wrong('pin', `an import has at most ${maxPins} PINs`);
  return new Map(found);
}

const isRefused = (plan: readonly Planned[]) => plan.some(({ item }) => item.action === 'refused');

function report(plan: readonly Planned[], saved: boolean) {
  const items = plan.map(({ item }) => item);
  const count = (wanted: string) => items.filter(({ action }) => action === wanted).length;
  return { items, created: count('create'), changed: count('change'), refused: count('refused'), saved };
}

/**
 * What the rows of an import make of devices and users, by the rules of the
 * single routes. A cell that is empty, or whose column is missing, leaves
 * things as they are.
 *
 * Rows are judged against how things are after all of them: two devices of one
 * file may change places.
 */

import type { Device, User } from '#controller/model/model.ts';
import type { Change, Kept, Store } from '#controller/model/ports.ts';
import { checkUser, nextDeviceId, readMac } from '#controller/sessions/rules.ts';
import { refuseWeakPin } from '#controller/sessions/weak-pins.ts';
import { Fault } from '#protocol/fault.ts';
import { given, newDevice } from './devices.ts';
import { changed, placed, unknownSecret } from './new-device.ts';
import { read, wrong } from './read.ts';
import { shownUser } from './users.ts';

/** One row: its cells by column, those that are empty left out; `fault`: what is wrong with it already. */
export type BulkRow = { line: number; cells: ReadonlyMap<string, string>; fault?: Fault };

export type Item = {
  line: number;
  column?: string;
  action: 'create' | 'change' | 'same' | 'refused';
  detail: string;
};

export type Planned = { item: Item; changes: Change[] };

type Reads = Pick<Store, 'get' | 'list'>;

export const deviceColumns = ['device', 'mac', 'model', 'site', 'expansions'] as const;
export const userColumns = ['extension', 'name', 'hotdesk', 'second-device', 'pin'] as const;

export const exportDevices = (store: Reads): string[][] =>
  store
    .list('devices')
    .map(({ id, mac, model, site, expansions = 0 }) => [id, mac, model, site, String(expansions)]);

export const exportUsers = (store: Reads): string[][] =>
  store
    .list('users')
    .map(({ extension, name, hotdesk, secondDevice }) => [
      extension,
      name,
      hotdesk ? 'on' : 'off',
      secondDevice ?? 'default',
    ]);

export function planDevices(rows: readonly BulkRow[], store: Reads): Planned[] {
  const ids = deviceIds(rows, store);
  const macs = new Map(store.list('devices').map(({ id, mac }) => [id, mac]));
  const claimed = new Set<string>();
  for (const [at, { cells }] of rows.entries()) {
    const [id, mac] = [ids[at], macOf(cells)];
    if (id === undefined || mac === undefined || claimed.has(mac)) continue;
    claimed.add(mac);
    macs.set(id, mac);
  }
  const after = [...macs].map(([id, mac]) => ({ id, mac }));
  const afterAll: Reads = {
    get: (collection, id) => store.get(collection, id),
    list: (collection) => (collection === 'devices' ? (after as never) : store.list(collection)),
  };
  const once = createOnce();

  return rows.map((row, at) =>
    judge(row, deviceColumns, () => {
      const { cells, line } = row;
      const id = ids[at] ?? '';
      const mac = cells.get('mac');
      if (mac !== undefined) once('mac', readMac(mac), line);
      once('device', id, line);
      const before = store.get('devices', id);
      needAll(before, cells, ['mac', 'model', 'site']);
      const { id: _, ...wanted } = read(newDevice, {
        ...(before && given(before)),
        ...deviceFields(cells),
        id,
      });
      const known = placed(afterAll, id, wanted);
      if (before === undefined) {
        const value: Device = { id, ...known, ...unknownSecret() };
        return made(id, { type: 'put', collection: 'devices', value, expect: 'absent' });
      }
      const { revision, ...old } = before;
      const { value, ended } = changed(store, old, known);
      const put: Change = { type: 'put', collection: 'devices', value, expect: revision };
      return remade(
        id,
        differences({ expansions: 0, ...old }, { expansions: 0, ...value }, [
          ...(['mac', 'model', 'site', 'expansions'] as const),
        ]),
        [put, ...ended],
      );
    }),
  );
}

/** A count is left as it is when it is no number, so that the schema names the column. */
function deviceFields(cells: BulkRow['cells']): object {
  const { device: _, expansions, ...fields } = Object.fromEntries(cells);
  if (expansions === undefined) return fields;
  return { ...fields, expansions: /^\d{1,3}$/.test(expansions) ? Number(expansions) : expansions };
}

/** As whom each row is meant: by its name, else by its MAC, else the next free name that no row has. */
function deviceIds(rows: readonly BulkRow[], store: Reads): string[] {
  const byMac = new Map(store.list('devices').map(({ id, mac }) => [mac, id]));
  const taken = new Set([...byMac.values(), ...rows.map(({ cells }) => cells.get('device'))]);
  let next = 1;
  return rows.map(({ cells }) => {
    const known = cells.get('device') ?? byMac.get(macOf(cells) ?? '');
    if (known !== undefined) return known;
    const id = nextDeviceId(taken, next);
    next = Number(id.slice(2)) + 1;
    return id;
  });
}

/** Undefined when there is none, or what is there is no MAC: its row is refused for that. */
function macOf(cells: BulkRow['cells']): string | undefined {
  try {
    return readMac(cells.get('mac') ?? '');
  } catch (error) {
    if (Fault.is(error)) return undefined;
    throw error;
  }
}

/** `hashes`: of the PINs, by extension, as far as they have been hashed. */
export function planUsers(
  rows: readonly BulkRow[],
  store: Reads,
  hashes: ReadonlyMap<string, string>,
): Planned[] {
  const once = createOnce();
  return rows.map((row) =>
    judge(row, userColumns, () => {
      const { cells, line } = row;
      const extension = cells.get('extension') ?? '';
      once('extension', extension, line);
      const before = store.get('users', extension);
      needAll(before, cells, ['extension', 'name']);
      const { revision = 0, pinHash, upstream, ...old } = before ?? ({} as Partial<Kept<User>>);
      const wanted = read(shownUser, { ...old, ...userFields(cells), extension });
      checkUser(wanted, store);
      const pin = cells.get('pin');
      if (pin !== undefined) refuseWeakPin(pin, extension);
      const value = kept(wanted, hashes.get(extension) ?? pinHash, upstream);
      const put = (expect: number | 'absent'): Change => ({
        type: 'put',
        collection: 'users',
        value,
        expect,
      });
      if (before === undefined) return made(extension, put('absent'));
      const what = differences(before, wanted, ['name', 'hotdesk', 'secondDevice']);
      return remade(extension, pin === undefined ? what : [...what, 'pin'], [put(revision)]);
    }),
  );
}

function kept(
  fields: Omit<User, 'pinHash' | 'upstream'>,
  pinHash: User['pinHash'],
  upstream: User['upstream'],
): User {
  return {
    ...fields,
    ...(pinHash !== undefined && { pinHash }),
    ...(upstream !== undefined && { upstream }),
  };
}

function userFields(cells: BulkRow['cells']): object {
  const [name, policy] = [cells.get('name'), cells.get('second-device')];
  const hotdesk = cells.get('hotdesk')?.toLowerCase();
  if (hotdesk !== undefined && hotdesk !== 'on' && hotdesk !== 'off') {
    throw wrong('hotdesk', `"${hotdesk}" is neither on nor off`);
  }
  return {
    ...(name !== undefined && { name }),
    ...(hotdesk !== undefined && { hotdesk: hotdesk === 'on' }),
    ...(policy !== undefined && { secondDevice: policy === 'default' ? undefined : policy }),
  };
}

type Judged = { action: Item['action']; detail: string; changes: Change[] };

function judge(row: BulkRow, columns: readonly string[], run: () => Judged): Planned {
  const { line } = row;
  try {
    if (row.fault !== undefined) throw row.fault;
    const { action, detail, changes } = run();
    return { item: { line, action, detail }, changes };
  } catch (error) {
    if (!Fault.is(error)) throw error;
    const { field } = error.facts;
    const column = field === 'id' ? 'device' : field === 'secondDevice' ? 'second-device' : String(field);
    const where = columns.includes(column) ? { column } : {};
    return { item: { line, ...where, action: 'refused', detail: error.message }, changes: [] };
  }
}

const made = (detail: string, change: Change): Judged => ({ action: 'create', detail, changes: [change] });

const remade = (id: string, what: readonly string[], changes: Change[]): Judged =>
  what.length === 0
    ? { action: 'same', detail: id, changes: [] }
    : { action: 'change', detail: `${id}: ${what.join(', ')}`, changes };

/** As `site berlin → paris`. */
function differences<T extends object>(before: T, after: T, fields: readonly (keyof T & string)[]): string[] {
  const text = (value: unknown) =>
    value === true ? 'on' : value === false ? 'off' : String(value ?? 'default');
  return fields
    .filter((field) => before[field] !== after[field])
    .map((field) => `${field} ${text(before[field])} → ${text(after[field])}`);
}

function needAll(before: object | undefined, cells: BulkRow['cells'], columns: readonly string[]): void {
  const absent = columns.find((column) => !cells.has(column));
  if (before === undefined && absent !== undefined) throw wrong(absent, 'what is new needs one');
}

/** Two rows about one thing contradict each other. */
function createOnce(): (column: string, value: string, line: number) => void {
  const seen = new Map<string, number>();
  return (column, value, line) => {
    const key = `${column} ${value}`;
    const first = seen.get(key);
    if (value !== '' && first !== undefined) throw wrong(column, `${value} is in line ${first} already`);
    seen.set(key, line);
  };
}

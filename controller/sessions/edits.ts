/**
 * Edits of what a phone shows, while nobody logs in or out: the user's keys and
 * name, the device's model, the site's language. The phones whose config has
 * become another are named, one by one:
 *
 *     one edit or many      each phone once, a second after the first of them
 *     of a whole site       20 phones a second: not all of an office fetch in one moment
 *     edited back, or of    nobody: the ETag before is the ETag now
 *       what no phone shows
 *     the phone fetched it  not that one
 *     the phone is away     when it registers again, unless it has fetched by then
 *     this program was      a phone whose last config is not what it would get now, when its agent is
 *       ended meanwhile       back or it registers
 */

import type { Device, Site, User } from '#controller/model/model.ts';
import type { Changed, ConfigBefore, ConfigEtag, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';

export type EditsOptions = {
  store: Pick<Store, 'get' | 'list' | 'note' | 'watch'>;
  clock: Clock;
  configEtag: ConfigEtag;
  /** A change-over is under way: whether it brings the edit is seen when it is over. */
  isChanging(device: string): boolean;
  /** Its phone shows what was. */
  onEdited(device: string): void;
};

export type Edits = {
  /** The phone has the config as it is now, or is about to. */
  forget(device: string): void;
  fetched(device: string, etag: string): void;
  /** The phone could not be told. */
  left(device: string): void;
  registered(device: string): void;
  /** An agent of the site is up. */
  reached(site: string): void;
  close(): void;
};

const delayMs = 1_000;
const everyMs = 50;
/** To compare two configs takes a moment in which no SIP is heard. */
const maxCompared = 4;

/** `before`: undefined when the phone is to be told in any case, `delivered` when what it has had says so. */
type Edit = { before: ConfigBefore | 'delivered' | undefined; dueAt: number };

export function createEdits({ store, clock, configEtag, isChanging, onEdited }: EditsOptions): Edits {
  /** The first due first. */
  const edits = new Map<string, Edit>();
  const away = new Set<string>();
  /** Nobody knows what was edited before this program began. */
  const unchecked = new Set(store.list('deliveries').map(({ device }) => device));
  let nextAt = 0;
  let cancel: (() => void) | undefined;

  function add(device: string, before: Edit['before']): void {
    const known = edits.get(device);
    if (known === undefined) edits.set(device, { before, dueAt: clock.now() + delayMs });
    else known.before = firstOf(known.before, before);
    wait();
  }

  /** Whether its phone shows something else; undefined: no config can be made yet. */
  function isOther(device: string, { before }: Edit): boolean | undefined {
    if (before === undefined) return true;
    const etag = configEtag(device);
    if (before !== 'delivered') return configEtag(device, before) !== etag;
    return etag === undefined ? undefined : store.get('deliveries', device)?.etag !== etag;
  }

  function wait(): void {
    const [first] = edits.values();
    if (first === undefined || cancel !== undefined) return;
    cancel = clock.after(Math.max(first.dueAt, nextAt) - clock.now(), next);
  }

  function next(): void {
    cancel = undefined;
    const now = clock.now();
    nextAt = now + everyMs;
    for (const [device, edit] of [...edits].slice(0, maxCompared)) {
      if (edit.dueAt > now) break;
      edits.delete(device);
      if (isChanging(device)) {
        edits.set(device, { ...edit, dueAt: now + delayMs });
        continue;
      }
      const other = isOther(device, edit);
      if (other === undefined) unchecked.add(device);
      if (other !== true) continue;
      onEdited(device);
      break;
    }
    wait();
  }

  function check(device: string): void {
    if (unchecked.delete(device)) add(device, 'delivered');
  }

  /** Noted and not committed: a phone that is asked once too often loses nothing. */
  function note(change: Parameters<Store['note']>[0][number]): void {
    try {
      store.note([change]);
    } catch (error) {
      if (!Fault.is(error)) throw error; // a disk that is full keeps no phone from its config
    }
  }

  function forget(device: string): void {
    away.delete(device);
    unchecked.delete(device);
    edits.delete(device);
    if (edits.size > 0) return;
    cancel?.();
    cancel = undefined;
  }

  function changed(changes: readonly Changed[]): void {
    for (const { collection, id, after } of changes) {
      if (collection !== 'devices' || after !== undefined) continue;
      if (store.get('deliveries', id) !== undefined) note({ type: 'delete', collection: 'deliveries', id });
    }
    addUsers(editedOf<User>(changes, 'users'));
    addSites(editedOf<Site>(changes, 'sites'));
    for (const [id, device] of editedOf<Device>(changes, 'devices', isEdit)) add(id, { device });
  }

  function addUsers(users: ReadonlyMap<string, User>): void {
    if (users.size === 0) return;
    for (const { device, extension } of store.list('sessions')) {
      const user = users.get(extension);
      if (user !== undefined) add(device, { user });
    }
  }

  function addSites(sites: ReadonlyMap<string, Site>): void {
    if (sites.size === 0) return;
    for (const device of store.list('devices')) {
      const site = sites.get(device.site);
      if (site !== undefined) add(device.id, { site });
    }
  }

  const stopWatching = store.watch(changed);

  return {
    forget,
    fetched(device, etag) {
      if (store.get('deliveries', device)?.etag !== etag)
        note({ type: 'put', collection: 'deliveries', value: { device, etag } });
      const isWanted = [edits, away, unchecked].some((each) => each.has(device));
      if (isWanted && etag === configEtag(device)) forget(device);
    },
    left: (device) => void away.add(device),
    registered(device) {
      if (away.delete(device)) add(device, undefined);
      check(device);
    },
    reached(site) {
      for (const device of [...unchecked]) if (store.get('devices', device)?.site === site) check(device);
    },
    close() {
      stopWatching();
      cancel?.();
      edits.clear();
    },
  };
}

/** What was first is what the phone shows. */
function firstOf(known: Edit['before'], next: Edit['before']): Edit['before'] {
  if (known === undefined || next === undefined) return undefined;
  if (known === 'delivered' || next === 'delivered') return 'delivered';
  return { ...next, ...known };
}

/** By id, as they were. */
function editedOf<T>(
  changes: readonly Changed[],
  wanted: Changed['collection'],
  isWanted: (before: T, after: T) => boolean = () => true,
): Map<string, T> {
  const edited = new Map<string, T>();
  for (const { collection, id, before, after } of changes) {
    if (collection !== wanted || before === undefined || after === undefined) continue;
    if (isWanted(before as T, after as T)) edited.set(id, before as T);
  }
  return edited;
}

/** No change-over, no proof of one, and the same phone at the same place: others are set up anew. */
const isEdit = (before: Device, after: Device) =>
  before.generation === after.generation &&
  before.confirmedGeneration === after.confirmedGeneration &&
  before.mac === after.mac &&
  before.site === after.site;

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
 */

import type { Device, Site, User } from '#controller/model/model.ts';
import type { Changed, ConfigBefore, ConfigEtag, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';

export type EditsOptions = {
  store: Pick<Store, 'list' | 'watch'>;
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
  close(): void;
};

const delayMs = 1_000;
const everyMs = 50;
/** To compare two configs takes a moment in which no SIP is heard. */
const maxCompared = 4;

/** `before`: undefined when the phone is to be told in any case. */
type Edit = { before: ConfigBefore | undefined; dueAt: number };

export function createEdits({ store, clock, configEtag, isChanging, onEdited }: EditsOptions): Edits {
  /** The first due first. */
  const edits = new Map<string, Edit>();
  const away = new Set<string>();
  let nextAt = 0;
  let cancel: (() => void) | undefined;

  function add(device: string, before: ConfigBefore | undefined): void {
    const known = edits.get(device);
    if (known === undefined) edits.set(device, { before, dueAt: clock.now() + delayMs });
    // What was first is what the phone shows.
    else known.before = known.before && before && { ...before, ...known.before };
    wait();
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
      if (isChanging(device)) edits.set(device, { ...edit, dueAt: now + delayMs });
      else if (edit.before === undefined || configEtag(device, edit.before) !== configEtag(device)) {
        onEdited(device);
        break;
      }
    }
    wait();
  }

  function forget(device: string): void {
    away.delete(device);
    edits.delete(device);
    if (edits.size > 0) return;
    cancel?.();
    cancel = undefined;
  }

  function changed(changes: readonly Changed[]): void {
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
      if ((edits.has(device) || away.has(device)) && etag === configEtag(device)) forget(device);
    },
    left: (device) => void away.add(device),
    registered(device) {
      if (away.delete(device)) add(device, undefined);
    },
    close() {
      stopWatching();
      cancel?.();
      edits.clear();
    },
  };
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

/**
 * What a call has to look up, without a search: the devices of a user, the
 * binding of a device, the device at an address. Kept true by watching the store.
 */

import type { Binding, CollectionName, Device, Flow, Session, User } from '#controller/model/model.ts';
import type { Changed, Kept, Store } from '#controller/model/ports.ts';
import { formatHostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import type { Bindings } from './bindings.ts';

export type Directory = {
  /** Devices that the user is logged in at. */
  devicesOf(extension: string): readonly string[];
  /** The user whose session the device has, from the moment it is committed. */
  userAt(device: string): Kept<User> | undefined;
  /** Where the device is registered now. */
  bindingOf(device: string): Kept<Binding> | undefined;
  /** The device that is, or was, registered from there: that very port before another of the same address. */
  deviceAt(flow: Flow): Kept<Device> | undefined;
  close(): void;
};

export type DirectoryOptions = { store: Store; bindings: Bindings; clock: Clock };

export function createDirectory({ store, bindings, clock }: DirectoryOptions): Directory {
  const byExtension = new Index();
  const byPlace = new Index();

  function learn({ collection, id, before, after }: Changed): void {
    const index = { sessions: byExtension, bindings: byPlace }[collection as string];
    const [old, now] = [keysOf(collection, before), keysOf(collection, after)];
    for (const key of old) if (!now.includes(key)) index?.remove(key, id);
    for (const key of now) index?.add(key, id);
  }

  for (const after of store.list('sessions')) learn({ collection: 'sessions', id: after.device, after });
  for (const after of store.list('bindings')) learn({ collection: 'bindings', id: after.device, after });
  const unwatch = store.watch((changes) => changes.forEach(learn));

  return {
    devicesOf: (extension) =>
      byExtension.get(extension).filter((id) => store.get('devices', id) !== undefined),
    userAt(device) {
      const session = store.get('sessions', device);
      return session === undefined ? undefined : store.get('users', session.extension);
    },
    bindingOf(device) {
      const binding = bindings.get(device);
      return binding !== undefined && binding.expiresAt > clock.wall() ? binding : undefined;
    },
    deviceAt(flow) {
      for (const place of placesAt(flow)) {
        for (const id of byPlace.get(place)) {
          const device = store.get('devices', id);
          if (device?.site === flow.site) return device;
        }
      }
      return undefined;
    },
    close: unwatch,
  };
}

const placesAt = ({ agent, remote }: Flow) =>
  [`${agent} ${formatHostPort(remote)}`, `${agent} ${remote.address}`] as const;

function keysOf(collection: CollectionName, document: Changed['after']): readonly string[] {
  if (document === undefined) return [];
  if (collection === 'sessions') return [(document as Kept<Session>).extension];
  return collection === 'bindings' ? placesAt((document as Kept<Binding>).flow) : [];
}

/** Key → ids, the latest first. */
class Index {
  readonly #rows = new Map<string, string[]>();

  get = (key: string): readonly string[] => this.#rows.get(key) ?? [];

  add(key: string, id: string): void {
    const row = this.get(key);
    // A refresh, mostly: nothing changes.
    if (row[0] !== id) this.#rows.set(key, [id, ...row.filter((other) => other !== id)]);
  }

  remove(key: string, id: string): void {
    const left = this.get(key).filter((other) => other !== id);
    if (left.length > 0) this.#rows.set(key, left);
    else this.#rows.delete(key);
  }
}

/**
 * What a call has to look up, without a search: the devices of a user, the
 * binding of a device, the device at an address. Kept true by watching the store.
 */

import { formatHostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import type { Binding, Device, Flow, Session, User } from '#controller/model/model.ts';
import type { Changed, Kept, Store } from '#controller/model/ports.ts';

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

export function createDirectory({ store, clock }: { store: Store; clock: Clock }): Directory {
  const byExtension = new Index();
  const byPlace = new Index();

  function learn({ collection, id, before, after }: Changed): void {
    if (collection === 'sessions') {
      if (before !== undefined) byExtension.remove((before as Kept<Session>).extension, id);
      if (after !== undefined) byExtension.add((after as Kept<Session>).extension, id);
    } else if (collection === 'bindings') {
      for (const place of placesOf(before as Kept<Binding> | undefined)) byPlace.remove(place, id);
      for (const place of placesOf(after as Kept<Binding> | undefined)) byPlace.add(place, id);
    }
  }

  for (const after of store.list('sessions')) learn({ collection: 'sessions', id: after.device, after });
  for (const after of store.list('bindings')) learn({ collection: 'bindings', id: after.device, after });
  const unwatch = store.watch((changes) => changes.forEach(learn));

  return {
    devicesOf: (extension) => byExtension.get(extension).filter((id) => store.get('devices', id) !== undefined),
    userAt(device) {
      const session = store.get('sessions', device);
      return session === undefined ? undefined : store.get('users', session.extension);
    },
    bindingOf(device) {
      const binding = store.get('bindings', device);
      return binding !== undefined && binding.expiresAt > clock.wall() ? binding : undefined;
    },
    deviceAt(flow) {
      const [port, address] = placesAt(flow);
      const ids = [...byPlace.get(port), ...byPlace.get(address)];
      return ids.map((id) => store.get('devices', id)).find((device) => device?.site === flow.site);
    },
    close: unwatch,
  };
}

const placesAt = ({ agent, remote }: Flow) =>
  [`${agent} ${formatHostPort(remote)}`, `${agent} ${remote.address}`] as const;

const placesOf = (binding: Binding | undefined) => (binding === undefined ? [] : placesAt(binding.flow));

/** Key → ids, the latest first. */
class Index {
  readonly #rows = new Map<string, string[]>();

  get = (key: string): readonly string[] => this.#rows.get(key) ?? [];

  add(key: string, id: string): void {
    this.#rows.set(key, [id, ...this.get(key).filter((other) => other !== id)]);
  }

  remove(key: string, id: string): void {
    const left = this.get(key).filter((other) => other !== id);
    if (left.length > 0) this.#rows.set(key, left);
    else this.#rows.delete(key);
  }
}

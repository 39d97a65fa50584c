/**
 * What the redirection services are to have, as the store says it, against what
 * they have as far as we know: the difference is changes to the queue.
 */

import { createHash } from 'node:crypto';
import type { Device } from '#controller/model/model.ts';
import type { Change, Kept, Store } from '#controller/model/ports.ts';
import type { Redirection, RedirectionServiceId } from '#controller/model/redirection.ts';
import { kindIds, kinds } from './kinds.ts';

export type Wish = {
  store: Pick<Store, 'get' | 'list'>;
  /** What would be registered; undefined while it is not known. */
  urlFor(service: RedirectionServiceId, device: Device): string | undefined;
  now: number;
};

export const redirectionId = (service: RedirectionServiceId, mac: string) => `${service} ${mac}`;

export const hashOf = (url: string) => createHash('sha256').update(url).digest('hex');

export function fresh(service: RedirectionServiceId, mac: string, now: number): Redirection {
  const id = redirectionId(service, mac);
  return { id, service, mac, wanted: 'registered', state: 'waiting', byAdmin: false, tries: 0, at: now };
}

/** From the first try. */
export function again(row: Kept<Redirection>, wanted: Redirection['wanted'], now: number): Change {
  const { revision, reason: _, ...rest } = row;
  const value = { ...rest, wanted, state: 'waiting', tries: 0, at: now } as const;
  return { type: 'put', collection: 'redirections', value, expect: revision };
}

/** The service that registers devices like this one by itself. */
function automaticFor({ store }: Wish, { vendor }: Device): RedirectionServiceId | undefined {
  return kindIds.find(
    (id) => kinds[id].vendors.includes(vendor) && store.get('redirectionServices', id)?.automatic === true,
  );
}

export function reconcile(wish: Wish): Change[] {
  const { store, now } = wish;
  const byMac = new Map(store.list('devices').map((device) => [device.mac, device]));
  const missing = [...byMac.values()].flatMap((device): Change[] => {
    const id = automaticFor(wish, device);
    if (id === undefined || store.get('redirections', redirectionId(id, device.mac))) return [];
    const value = fresh(id, device.mac, now);
    return [{ type: 'put', collection: 'redirections', value, expect: 'absent' }];
  });
  const others = store.list('redirections').flatMap((row) => reconciled(wish, row, byMac.get(row.mac)) ?? []);
  return [...missing, ...others];
}

function reconciled(wish: Wish, row: Kept<Redirection>, device: Device | undefined): Change | undefined {
  const { store, urlFor, now } = wish;
  const { id, service, revision } = row;
  const drop = { type: 'delete', collection: 'redirections', id, expect: revision } as const;
  if (store.get('redirectionServices', service) === undefined) return drop;
  const owner = device !== undefined && kinds[service].vendors.includes(device.vendor) ? device : undefined;
  const wanted = wantedOf(wish, row, owner);
  if (wanted !== row.wanted) return again(row, wanted, now);
  if (row.state !== 'done') return undefined;
  // That an admin took it out is remembered, for else it would be registered again.
  if (wanted === 'removed') return row.byAdmin && owner !== undefined ? undefined : drop;
  const url = owner && urlFor(service, owner);
  return url === undefined || hashOf(url) === row.urlHash ? undefined : again(row, wanted, now);
}

function wantedOf(wish: Wish, row: Redirection, owner: Device | undefined): Redirection['wanted'] {
  if (owner === undefined) return 'removed';
  const automatic = row.byAdmin ? undefined : automaticFor(wish, owner);
  if (automatic === undefined) return row.wanted;
  return automatic === row.service ? 'registered' : 'removed';
}

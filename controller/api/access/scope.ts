/**
 * The store as one request sees it.
 *
 *     a site admin   documents of his sites and of none are there, others are not;
 *                    he changes those of his sites only, before and after
 *     everybody      what he commits is written down, for the audit log
 *
 * It is between the routes and the store, so no route can forget it.
 */

import { sharesTurns } from '#controller/api/turns.ts';
import type { AuditChange } from '#controller/audit/chain.ts';
import { recordChange } from '#controller/audit/record.ts';
import { type CollectionName, collections, type Documents } from '#controller/model/model.ts';
import type { Change, Store } from '#controller/model/ports.ts';
import { Fault } from '#protocol/fault.ts';
import { reachesSite, type Who } from './who.ts';

type SiteOf<T> = (document: T, store: Pick<Store, 'get' | 'list'>) => string | undefined;

const ofDevice: SiteOf<{ device: string }> = ({ device }, store) => store.get('devices', device)?.site;

/** Where a document belongs; `company`: to all sites, and a site admin does not change it. */
const siteOf: { readonly [C in CollectionName]: SiteOf<Documents[C]> | 'company' } = {
  sites: ({ id }) => id,
  agents: ({ site }) => site,
  devices: ({ site }) => site,
  users: 'company',
  sessions: ofDevice,
  bindings: ofDevice,
  subscriptions: ofDevice,
  enrolTokens: ({ site }) => site,
  apiTokens: 'company',
  accounts: 'company',
  setupLinks: 'company',
  signIns: 'company',
  passwordLocks: 'company',
  pinLocks: 'company',
  upstreams: 'company',
  emergencyCalls: ({ site }) => site,
  deskEvents: ofDevice,
  deliveries: ofDevice,
  // By the routes of its site or device, which look at who asks.
  adoptionWindows: 'company',
  policies: 'company',
  webhooks: 'company',
  redirectionServices: 'company',
  redirections: ({ mac }, store) => store.list('devices').find((device) => device.mac === mac)?.site,
};

function reaches(who: Who, collection: CollectionName, document: object, store: Store): boolean {
  const of = siteOf[collection];
  return of === 'company' || reachesSite(who, of(document as never, store));
}

/** What one request changed, in order. */
export type Act = { readonly who: Who | undefined; readonly changes: AuditChange[] };

export function scopedStore(store: Store, act: Act, { isRead }: { isRead: boolean }): Store {
  const { who } = act;
  const isBound = who?.role === 'siteAdmin';
  const view: Store = {
    get(collection, id) {
      const found = store.get(collection, id);
      if (!isBound || found === undefined || reaches(who, collection, found, store)) return found;
      return undefined;
    },
    // Whether a MAC or a number is taken is asked of all that there is.
    list(collection) {
      const all = store.list(collection);
      return isBound && isRead ? all.filter((each) => reaches(who, collection, each, store)) : all;
    },
    async commit(changes) {
      if (isBound) for (const change of changes) checkChange(who, change, store);
      await recording(store, act, changes.map(placeOf), () => store.commit(changes));
    },
    note: () => {
      throw new Fault('forbidden', 'a request commits what it changes');
    },
    watch: (listener) => store.watch(listener),
    close: async () => {},
  };
  sharesTurns(view, store);
  return view;
}

type Place = { collection: CollectionName; id: string };

function placeOf(change: Change): Place {
  const { collection } = change;
  if (change.type === 'delete') return { collection, id: change.id };
  return { collection, id: String(Reflect.get(change.value, collections[collection].id)) };
}

/** Throws `not.found` for what he cannot see, `forbidden` for what he can. */
function checkChange(who: Who, change: Change, store: Store): void {
  const { collection, id } = placeOf(change);
  const of = siteOf[collection];
  if (collection === 'accounts' && id === who.account) return; // his password, say
  if (of === 'company') throw new Fault('forbidden', `${who.name} may not change ${collection}`, { id });
  const before = store.get(collection, id);
  if (before !== undefined && !reaches(who, collection, before, store)) {
    throw new Fault('not.found', `there is no ${id} in ${collection}`, { id });
  }
  if (change.type === 'put' && !reaches(who, collection, change.value, store)) {
    throw new Fault('forbidden', 'site: is none of yours', { field: 'site', id });
  }
}

/** Runs what changes those documents, and writes down what became of them. */
export async function recording<T>(
  store: Store,
  { changes }: Act,
  places: readonly Place[],
  run: () => Promise<T>,
): Promise<T> {
  const before = places.map(({ collection, id }) => store.get(collection, id));
  const result = await run();
  for (const [index, { collection, id }] of places.entries()) {
    const change = recordChange(collection, id, before[index], store.get(collection, id));
    if (change !== undefined) changes.push(change);
  }
  return result;
}

/** For what another room changes when it is asked to. Throws `not.found`. */
export function checkReach({ who }: Act, store: Store, collection: CollectionName, id: string): void {
  const found = store.get(collection, id);
  if (who === undefined || found === undefined || reaches(who, collection, found, store)) return;
  throw new Fault('not.found', `there is no ${id} in ${collection}`, { id });
}

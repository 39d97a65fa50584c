/**
 * The table of subscriptions: in memory to be found by what they watch and by
 * the device that watches, in the store to be there after a restart.
 *
 * `sequence` numbers the NOTIFYs of one subscription, in CSeq and in bodies that
 * have a version. It is not written for each NOTIFY: after a restart it goes on
 * with as many as could have been sent since it was noted, as there is at most
 * one in `paceMs`.
 */

import type { Subscription } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';

/** Between two NOTIFYs of one subscription. */
export const paceMs = 100;

export type End = 'timeout' | 'rejected' | 'noresource';

/** A subscription as it lives. */
export type Live = {
  kept: Subscription;
  /** Of the last NOTIFY. */
  sequence: number;
  /** There is something to tell. */
  isDirty: boolean;
  /** Its NOTIFY is not answered yet. */
  isSending: boolean;
  lastSentAt: number;
  /** Only the last NOTIFY is still to be sent. */
  ending: End | undefined;
  cancelExpiry(): void;
};

export type Subscriptions = {
  get(id: string): Live | undefined;
  of(event: string, resource: string): Iterable<Live>;
  isWatched(event: string, resource: string): boolean;
  ofResource(resource: string): readonly Live[];
  ofDevice(device: string): readonly Live[];
  all(): readonly Live[];
  /** New, or changed by a refresh. */
  put(kept: Subscription): Live;
  delete(live: Live): void;
  readonly size: number;
  close(): void;
};

export type SubscriptionsOptions = {
  store: Store;
  clock: Clock;
  onExpired(live: Live): void;
};

const watchedKey = (event: string, resource: string) => `${event} ${resource}`;

export function createSubscriptions({ store, clock, onExpired }: SubscriptionsOptions): Subscriptions {
  const lives = new Map<string, Live>();
  const byWatched = new Map<string, Set<Live>>();
  const byResource = new Map<string, Set<Live>>();
  const byDevice = new Map<string, Set<Live>>();

  const indexes = (live: Live) =>
    [
      [byWatched, watchedKey(live.kept.event, live.kept.resource)],
      [byResource, live.kept.resource],
      [byDevice, live.kept.device],
    ] as const;

  function watchExpiry(live: Live): void {
    live.cancelExpiry();
    const leftMs = Math.max(0, live.kept.expiresAt - clock.wall());
    live.cancelExpiry = clock.after(leftMs, () => onExpired(live));
  }

  function add(kept: Subscription, sequence: number): Live {
    const live: Live = {
      kept,
      sequence,
      isDirty: true,
      isSending: false,
      lastSentAt: Number.NEGATIVE_INFINITY,
      ending: undefined,
      cancelExpiry() {},
    };
    lives.set(kept.id, live);
    for (const [index, key] of indexes(live)) {
      const row = index.get(key) ?? new Set();
      index.set(key, row.add(live));
    }
    watchExpiry(live);
    return live;
  }

  for (const { revision: _, ...kept } of store.list('subscriptions')) {
    const sinceMs = Math.max(0, clock.wall() - kept.notedAt);
    add(kept, kept.sequence + Math.ceil(sinceMs / paceMs) + 1);
  }

  return {
    get: (id) => lives.get(id),
    of: (event, resource) => byWatched.get(watchedKey(event, resource)) ?? [],
    isWatched: (event, resource) => byWatched.has(watchedKey(event, resource)),
    ofResource: (resource) => [...(byResource.get(resource) ?? [])],
    ofDevice: (device) => [...(byDevice.get(device) ?? [])],
    all: () => [...lives.values()],
    put(kept) {
      store.note([{ type: 'put', collection: 'subscriptions', value: kept }]);
      const live = lives.get(kept.id);
      if (live === undefined) return add(kept, kept.sequence);
      live.kept = kept;
      watchExpiry(live);
      return live;
    },
    delete(live) {
      if (!lives.delete(live.kept.id)) return;
      live.cancelExpiry();
      for (const [index, key] of indexes(live)) {
        const row = index.get(key);
        row?.delete(live);
        if (row?.size === 0) index.delete(key);
      }
      store.note([{ type: 'delete', collection: 'subscriptions', id: live.kept.id }]);
    },
    get size() {
      return lives.size;
    },
    close() {
      for (const { cancelExpiry } of lives.values()) cancelExpiry();
      lives.clear();
    },
  };
}

/**
 * Locks: how many wrong PINs somebody gets, across calls and restarts.
 *
 *     counted for          wrong PINs      then locked for
 *     extension@device     5 in 15 min     15 min, doubling up to 8 h
 *     device               10 in 15 min    15 min, doubling up to 1 h
 *     site                 20 in 15 min    15 min
 *
 * The extension alone is never counted: whoever types wrong PINs at one phone
 * must not keep its owner out at another. Each count leaks away at its limit's
 * rate, from the end of a lock on, so a site where somebody mistypes every few
 * minutes is not locked one day. A right PIN forgives its pair only: else an
 * attacker's own PIN would buy him new tries.
 *
 * A try is charged before it is judged, in the same turn of the event loop, so
 * a thousand tries at once are not a thousand tries for nothing.
 */

import { createHmac } from 'node:crypto';
import { extension as extensionSchema, type PinLock } from '#controller/model/model.ts';
import type { Change, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';

const minute = 60_000;

export type Limit = { tries: number; windowMs: number; lockMs: number; maxLockMs: number };
export type Limits = { pair: Limit; device: Limit; site: Limit };

export const defaultLimits: Limits = {
  pair: { tries: 5, windowMs: 15 * minute, lockMs: 15 * minute, maxLockMs: 480 * minute },
  device: { tries: 10, windowMs: 15 * minute, lockMs: 15 * minute, maxLockMs: 60 * minute },
  site: { tries: 20, windowMs: 15 * minute, lockMs: 15 * minute, maxLockMs: 15 * minute },
};

export type Try = { extension: string; device: string; site: string };

export type LocksOptions = {
  store: Store;
  clock: Clock;
  log: { warn(facts: object, message: string): void };
  /** Into every id that nobody is to read. */
  key: Uint8Array;
  limits?: Limits;
  pruneMs?: number;
};

export class Locks {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: LocksOptions['log'];
  readonly #key: Uint8Array;
  readonly #limits: Limits;
  readonly #pruneMs: number;
  #prunedAt: number;

  constructor({ store, clock, log, key, limits = defaultLimits, pruneMs = minute }: LocksOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#key = key;
    this.#limits = limits;
    this.#pruneMs = pruneMs;
    this.#prunedAt = clock.now();
  }

  /** False when this try is one too many: then it counts for nothing. */
  charge(attempt: Try): boolean {
    const now = this.#clock.wall();
    const scopes = this.#scopes(attempt);
    if (scopes.some(({ lock }) => lock.lockedUntil > now)) return false;
    const charged = scopes.map(({ lock, limit }) => addFailure(lock, limit, now));
    this.#store.note([...this.#prunable(now), ...charged.map(put)]);
    return true;
  }

  /** The try was wrong: what it was charged stands. */
  keep(attempt: Try): void {
    for (const { lock } of this.#scopes(attempt)) {
      if (lock.lockedUntil <= this.#clock.wall()) continue;
      this.#log.warn({ lock: lock.id, failures: lock.failures }, 'too many wrong PINs: locked');
    }
  }

  /** The try was right: what it was charged is given back, and what its pair had against it forgotten. */
  refund(attempt: Try): void {
    const [pair, ...others] = this.#scopes(attempt);
    const given = others.map(({ lock, limit }) => put(takeFailure(lock, limit)));
    this.#store.note(pair === undefined ? given : [remove(pair.lock.id), ...given]);
  }

  /** The try was not judged: as if it had not been. */
  giveBack(attempt: Try): void {
    this.#store.note(this.#scopes(attempt).map(({ lock, limit }) => put(takeFailure(lock, limit))));
  }

  /** Deletions that forgive an extension everywhere. */
  forgiving(extension: string): Change[] {
    const locks = this.#store.list('pinLocks').filter(({ id }) => id.startsWith(`${extension}@`));
    return locks.map(({ id }) => remove(id));
  }

  #scopes({ extension, device, site }: Try): { lock: PinLock; limit: Limit }[] {
    const typed = this.#nameOf(extension);
    const { pair, device: ofDevice, site: ofSite } = this.#limits;
    return [
      { lock: this.#lockOf(`${typed}@${device}`), limit: pair },
      { lock: this.#lockOf(device), limit: ofDevice },
      { lock: this.#lockOf(site), limit: ofSite },
    ];
  }

  /**
   * What nobody has as an extension is not ours to keep as it was typed: somebody's PIN, perhaps. Each
   * counts by itself all the same, so that who counts his own tries learns nothing of who is there.
   */
  #nameOf(extension: string): string {
    if (!extensionSchema.safeParse(extension).success) return '?';
    const hash = createHmac('sha256', this.#key).update(`extension ${extension}`).digest('base64url');
    return this.#store.get('users', extension) === undefined ? `?${hash.slice(0, 22)}` : extension;
  }

  #lockOf(id: string): PinLock {
    return this.#store.get('pinLocks', id) ?? { id, failures: 0, lastFailureAt: 0, lockedUntil: 0 };
  }

  /** Bounds the collection: a site's limit bounds what can come in between. */
  #prunable(now: number): Change[] {
    if (this.#clock.now() - this.#prunedAt < this.#pruneMs) return [];
    this.#prunedAt = this.#clock.now();
    const longest = Math.max(...Object.values(this.#limits).map(({ windowMs }) => windowMs));
    return this.#store
      .list('pinLocks')
      .filter(({ lastFailureAt, lockedUntil }) => Math.max(lastFailureAt, lockedUntil) + longest < now)
      .map(({ id }) => remove(id));
  }
}

/** One more wrong PIN: what the leak left of the old ones, plus one, and a lock when that is too many. */
export function addFailure(lock: PinLock, limit: Limit, now: number): PinLock {
  const since = Math.max(0, now - Math.max(lock.lastFailureAt, lock.lockedUntil));
  const leaked = Math.floor(since / (limit.windowMs / limit.tries));
  const failures = Math.max(0, lock.failures - leaked) + 1;
  const over = failures - limit.tries;
  const lockMs = Math.min(limit.maxLockMs, limit.lockMs * 2 ** Math.max(0, over));
  return {
    id: lock.id,
    failures,
    lastFailureAt: now,
    lockedUntil: over >= 0 ? now + lockMs : lock.lockedUntil,
  };
}

/** Takes one charge back. A lock falls with the charge that made it. */
export function takeFailure(lock: PinLock, limit: Limit): PinLock {
  const failures = Math.max(0, lock.failures - 1);
  return { ...lock, failures, lockedUntil: failures < limit.tries ? 0 : lock.lockedUntil };
}

const put = (value: PinLock): Change => ({ type: 'put', collection: 'pinLocks', value });
const remove = (id: string): Change => ({ type: 'delete', collection: 'pinLocks', id });

/**
 * How often somebody may be wrong about a password before the next try is not
 * even looked at: hashing is what an attacker would have us do.
 *
 *     counted for         wrong           then not before
 *     account + address   5 in 15 min     1 min, doubling up to 1 h
 *     address             20 in 15 min    1 min, doubling up to 15 min
 *     account             100 in 15 min   1 min
 *
 * So a stranger keeps nobody out who signs in from elsewhere, and a thousand of
 * them get a few tries a minute. Kept in the store, bounded, over a restart, and
 * under a hash with a key that is not there: what was typed for a name may have
 * been a password.
 */

import { createHmac } from 'node:crypto';
import type { PinLock } from '#controller/model/model.ts';
import type { Change, Store } from '#controller/model/ports.ts';
import { addFailure, type Limit, takeFailure } from '#controller/sessions/locks.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';

const minute = 60_000;
const windowMs = 15 * minute;

const limits: Readonly<Record<'pair' | 'address' | 'account', Limit>> = {
  pair: { tries: 5, windowMs, lockMs: minute, maxLockMs: 60 * minute },
  address: { tries: 20, windowMs, lockMs: minute, maxLockMs: 15 * minute },
  account: { tries: 100, windowMs, lockMs: minute, maxLockMs: minute },
};

const pruneMs = minute;

export type AttemptsOptions = { store: Store; clock: Clock; key: Uint8Array; maxKept?: number };

export class Attempts {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #key: Uint8Array;
  readonly #maxKept: number;
  #prunedAt: number | undefined;

  constructor({ store, clock, key, maxKept = 10_000 }: AttemptsOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#key = key;
    this.#maxKept = maxKept;
  }

  /** Counts it as wrong until `right` says otherwise. Throws `limit.reached`. */
  charge(account: string, address: string): { right(): void } {
    const now = this.#clock.wall();
    const scopes = this.#scopes(account, address).map(({ id, limit }) => ({ limit, count: this.#of(id) }));
    const until = Math.max(...scopes.map(({ count }) => count.lockedUntil));
    if (until > now) {
      const seconds = Math.ceil((until - now) / 1_000);
      throw new Fault('limit.reached', `too many wrong tries; again in ${seconds} s`, { seconds });
    }
    const charged = scopes.map(({ limit, count }) => put(addFailure(count, limit, now)));
    this.#store.note([...this.#prunable(now), ...charged]);
    return {
      right: () => {
        const [pair, ...others] = this.#scopes(account, address);
        const given = others.map(({ id, limit }) => put(takeFailure(this.#of(id), limit)));
        this.#store.note(pair === undefined ? given : [remove(pair), ...given]);
      },
    };
  }

  #scopes(account: string, address: string): { id: string; limit: Limit }[] {
    const hash = (text: string) => createHmac('sha256', this.#key).update(text).digest('base64url');
    return [
      { id: hash(`pair ${account} ${address}`), limit: limits.pair },
      { id: hash(`address ${address}`), limit: limits.address },
      { id: hash(`account ${account}`), limit: limits.account },
    ];
  }

  #of(id: string): PinLock {
    return this.#store.get('passwordLocks', id) ?? { id, failures: 0, lastFailureAt: 0, lockedUntil: 0 };
  }

  /** What has leaked away, now and then; the longest unused, when there are too many. */
  #prunable(now: number): Change[] {
    const kept = this.#store.list('passwordLocks');
    const tooMany = kept.length + scopeCount - this.#maxKept;
    if (tooMany <= 0 && this.#prunedAt !== undefined && now - this.#prunedAt < pruneMs) return [];
    this.#prunedAt = now;
    const oldestFirst = kept.toSorted((a, b) => a.lastFailureAt - b.lastFailureAt);
    return oldestFirst.filter((each, nth) => nth < tooMany || lastOf(each) + windowMs < now).map(remove);
  }
}

const lastOf = ({ lastFailureAt, lockedUntil }: PinLock) => Math.max(lastFailureAt, lockedUntil);
const put = (value: PinLock): Change => ({ type: 'put', collection: 'passwordLocks', value });
const remove = ({ id }: { id: string }): Change => ({ type: 'delete', collection: 'passwordLocks', id });

const scopeCount = 3;

/** One customer of a provider has a /64 (RFC 6177): he is one. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address.replace(/^::ffff:/, '');
  const [before = '', behind] = address.split('::');
  const words = before.split(':').filter((word) => word !== '');
  const rest = (behind ?? '').split(':').filter((word) => word !== '');
  const filled =
    behind === undefined ? words : [...words, ...Array(8 - words.length - rest.length).fill('0'), ...rest];
  return `${filled.slice(0, 4).join(':')}::/64`;
}

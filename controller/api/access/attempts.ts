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
 * them get a few tries a minute. Kept in memory, bounded: a restart forgets.
 */

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

const maxKept = 10_000;

type Count = ReturnType<typeof addFailure>;

export class Attempts {
  readonly #clock: Clock;
  readonly #counts = new Map<string, Count>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts it as wrong until `right` says otherwise. Throws `limit.reached`. */
  charge(account: string, address: string): { right(): void } {
    const now = this.#clock.wall();
    const scopes = scopesOf(account, address).map(([key, limit]) => ({ key, limit, count: this.#of(key) }));
    const until = Math.max(...scopes.map(({ count }) => count.lockedUntil));
    if (until > now) {
      const seconds = Math.ceil((until - now) / 1_000);
      throw new Fault('limit.reached', `too many wrong tries; again in ${seconds} s`, { seconds });
    }
    for (const { key, limit, count } of scopes) this.#keep(key, addFailure(count, limit, now));
    return {
      right: () => {
        for (const { key, limit } of scopes) this.#keep(key, takeFailure(this.#of(key), limit));
        this.#counts.delete(scopes[0]?.key ?? '');
      },
    };
  }

  #of(key: string): Count {
    return this.#counts.get(key) ?? { id: key, failures: 0, lastFailureAt: 0, lockedUntil: 0 };
  }

  /** The longest unused goes first. */
  #keep(key: string, count: Count): void {
    this.#counts.delete(key);
    this.#counts.set(key, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > maxKept && oldest !== undefined) this.#counts.delete(oldest);
  }
}

function scopesOf(account: string, address: string): [key: string, limit: Limit][] {
  return [
    [`${account} ${address}`, limits.pair],
    [`address ${address}`, limits.address],
    [`account ${account}`, limits.account],
  ];
}

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

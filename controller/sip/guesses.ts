/**
 * Wrong digests, counted by who guesses for which device: so many within a
 * minute, and for five more even the right answer is not taken from there.
 *
 *     counted     a wrong answer to a nonce that is fresh and was given to that very flow: nobody
 *                 can have somebody else blocked with packets that only claim to be from him
 *     blocked     that device, from that address, with the secret it has now
 *     untouched   other phones behind the same tunnel or the same address, what a dialog sends,
 *                 emergency calls, and the phone once it has been given another secret
 *
 * Who is blocked sees what he saw before: the challenge. A device that does not
 * exist is counted like one that does.
 */

import type { Clock } from '#protocol/clock.ts';

export type Guesses = {
  wrong(key: string): void;
  isBlocked(key: string): boolean;
  readonly size: number;
};

export type GuessesOptions = {
  clock: Clock;
  /** More than a phone with an old secret makes of its own accord. */
  maxWrong?: number;
  withinMs?: number;
  blockMs?: number;
  maxKeys?: number;
};

export function createGuesses({
  clock,
  maxWrong = 20,
  withinMs = 60_000,
  blockMs = 300_000,
  maxKeys = 10_000,
}: GuessesOptions): Guesses {
  /** In order of their last wrong answer, the oldest first. */
  const rows = new Map<string, { count: number; since: number; blockedUntil: number }>();

  return {
    wrong(key) {
      const now = clock.now();
      const kept = rows.get(key);
      rows.delete(key);
      const [oldest] = rows.size >= maxKeys ? rows.keys() : [];
      if (oldest !== undefined) rows.delete(oldest);
      const row =
        kept !== undefined && now - kept.since < withinMs ? kept : { count: 0, since: now, blockedUntil: 0 };
      row.count++;
      // Whoever goes on guessing stays blocked.
      if (row.count >= maxWrong || (kept?.blockedUntil ?? 0) > now) row.blockedUntil = now + blockMs;
      rows.set(key, row);
    },
    isBlocked: (key) => (rows.get(key)?.blockedUntil ?? 0) > clock.now(),
    get size() {
      return rows.size;
    },
  };
}

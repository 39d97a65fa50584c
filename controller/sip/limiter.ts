/**
 * A bucket of tokens a key: each `take` costs one, they come back at a steady
 * rate. The table is bounded: when it is full, the key longest unused goes.
 */

import type { Clock } from '#protocol/clock.ts';

export type LimiterOptions = { clock: Clock; perSecond: number; burst: number; maxKeys?: number };

export type Limiter = {
  /** False: the bucket of `key` is empty. */
  take(key: string): boolean;
  readonly size: number;
};

export function createLimiter({ clock, perSecond, burst, maxKeys = 10_000 }: LimiterOptions): Limiter {
  /** In order of use, the longest unused first. */
  const buckets = new Map<string, { tokens: number; at: number }>();

  return {
    take(key) {
      const now = clock.now();
      const kept = buckets.get(key);
      buckets.delete(key);
      const [oldest] = buckets.size >= maxKeys ? buckets.keys() : [];
      if (oldest !== undefined) buckets.delete(oldest);
      const { tokens, at } = kept ?? { tokens: burst, at: now };
      const filled = Math.min(burst, tokens + ((now - at) * perSecond) / 1_000);
      const isLeft = filled >= 1;
      buckets.set(key, { tokens: isLeft ? filled - 1 : filled, at: now });
      return isLeft;
    },
    get size() {
      return buckets.size;
    },
  };
}

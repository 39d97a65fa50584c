/**
 * Token buckets by source address: each source may do `burst` things at once
 * and `perSecond` of them for ever after. At most `maxSources` are remembered;
 * the one longest unseen is forgotten first, so a flood from many sources costs
 * no memory (and meets the bounds behind this one).
 */

import type { Clock } from '#protocol/clock.ts';

export type BucketOptions = { clock: Clock; burst: number; perSecond: number; maxSources?: number };

export type Buckets = {
  /** Takes one; false when there is none. */
  take(source: string): boolean;
  /** Whether there is one, without taking it. */
  has(source: string): boolean;
};

export function createBuckets({ clock, burst, perSecond, maxSources = 4_096 }: BucketOptions): Buckets {
  const buckets = new Map<string, { tokens: number; at: number }>();

  function refill(source: string) {
    const now = clock.now();
    const bucket = buckets.get(source) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1_000) * perSecond);
    bucket.at = now;
    return bucket;
  }

  return {
    take(source) {
      const bucket = refill(source);
      buckets.delete(source);
      buckets.set(source, bucket);
      if (buckets.size > maxSources) forgetOldest(buckets);
      if (bucket.tokens < 1) return false;
      bucket.tokens--;
      return true;
    },
    has: (source) => !buckets.has(source) || refill(source).tokens >= 1,
  };
}

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

/** So many packets a second, as many again at once after a pause. */

import type { Clock } from '#protocol/clock.ts';

/** Answers whether one more may pass. */
export function createBucket(clock: Clock, perSecond: number): () => boolean {
  let tokens = perSecond;
  let filledAt = clock.now();
  return () => {
    const now = clock.now();
    tokens = Math.min(perSecond, tokens + ((now - filledAt) / 1_000) * perSecond);
    filledAt = now;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
}

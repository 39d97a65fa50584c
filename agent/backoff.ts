/**
 * How long to wait before dialling again: anything up to 0.5 s at first, up to
 * twice that each time, up to 30 s. All of it by chance, so that a hundred
 * agents do not come back in one moment; and from the start again after a
 * connection that held for a minute.
 */

export type BackoffOptions = { random?: () => number; firstMs?: number; maxMs?: number; calmMs?: number };

export type Backoff = {
  /** `upMs`: how long the last connection held, 0 when there was none. */ next(upMs: number): number;
};

export function createBackoff({
  random = Math.random,
  firstMs = 500,
  maxMs = 30_000,
  calmMs = 60_000,
}: BackoffOptions = {}): Backoff {
  let limitMs = firstMs;
  return {
    next(upMs) {
      if (upMs >= calmMs) limitMs = firstMs;
      const waitMs = random() * limitMs;
      limitMs = Math.min(limitMs * 2, maxMs);
      return waitMs;
    },
  };
}

/**
 * Time as a parameter: `now` never jumps and is for durations, `wall` is the
 * calendar and may. Tests pass test/support/clock.ts, which moves when told.
 */

export type Clock = {
  /** Monotonic milliseconds. */
  now(): number;
  /** Milliseconds since the epoch. */
  wall(): number;
  /** Runs `run` once after `ms`; answers with its cancel. */
  after(ms: number, run: () => void): () => void;
};

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

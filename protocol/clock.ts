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

/** The longest that a timer of Node can wait, 24 days; of a longer one it makes 1 ms. */
const longestMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, run) {
    if (ms > longestMs) return afterLong(ms, run);
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

function afterLong(ms: number, run: () => void): () => void {
  let cancel = systemClock.after(longestMs, () => {
    cancel = systemClock.after(ms - longestMs, run);
  });
  return () => cancel();
}

/** For what may be left undone: its timers alone keep no program alive. */
export const idleClock: Pick<Clock, 'after' | 'wall'> = {
  wall: systemClock.wall,
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};

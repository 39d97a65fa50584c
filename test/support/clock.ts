/** A clock that moves when told: `advance` runs what falls due, in order. */

import type { Clock } from '#protocol/clock.ts';

export type FakeClock = Clock & { advance(ms: number): void; pending(): number };

export function createFakeClock(start = 1_000_000): FakeClock {
  let now = start;
  let serial = 0;
  const timers = new Map<number, { at: number; run: () => void }>();

  function next(until: number): [number, { at: number; run: () => void }] | undefined {
    let best: [number, { at: number; run: () => void }] | undefined;
    for (const entry of timers) {
      if (entry[1].at <= until && (best === undefined || entry[1].at < best[1].at)) best = entry;
    }
    return best;
  }

  return {
    now: () => now,
    wall: () => now,
    after(ms, run) {
      const id = ++serial;
      timers.set(id, { at: now + ms, run });
      return () => timers.delete(id);
    },
    advance(ms) {
      const until = now + ms;
      for (let due = next(until); due !== undefined; due = next(until)) {
        timers.delete(due[0]);
        now = due[1].at;
        due[1].run();
      }
      now = until;
    },
    pending: () => timers.size,
  };
}

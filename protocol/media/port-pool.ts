/**
 * RTP ports to lend: even ones, each with the odd one above it for RTCP
 * (RFC 3550 11), taken at random from a wide range so that the next call's port
 * cannot be guessed. A port given back rests, so that a late packet of the last
 * call does not enter the next.
 */

import type { Clock } from '#protocol/clock.ts';

export type PortRange = { readonly first: number; readonly last: number };

export type PortPool = {
  /** Undefined when all are lent or rest. */
  take(): number | undefined;
  giveBack(port: number): void;
  readonly free: number;
};

export type PortPoolOptions = { range: PortRange; clock: Clock; random: () => number; restMs?: number };

export function createPortPool({ range, clock, random, restMs = 5_000 }: PortPoolOptions): PortPool {
  const first = range.first + (range.first % 2);
  const free = Array.from({ length: Math.max(0, (range.last + 1 - first) >> 1) }, (_, at) => first + 2 * at);
  const resting: { port: number; until: number }[] = [];

  function wake(): void {
    const now = clock.now();
    const awake = resting.findIndex(({ until }) => until > now);
    for (const { port } of resting.splice(0, awake < 0 ? resting.length : awake)) free.push(port);
  }

  return {
    get free() {
      wake();
      return free.length;
    },
    take() {
      wake();
      const at = Math.floor(random() * free.length);
      const port = free[at];
      const last = free.pop();
      if (last !== undefined && at < free.length) free[at] = last;
      return port;
    },
    giveBack(port) {
      resting.push({ port, until: clock.now() + restMs });
    },
  };
}

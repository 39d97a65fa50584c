/**
 * Keeps a socket up: `open` knows one connection from the dial to its greeting,
 * this loop only how long it held, and when to try again. A refused key is tried
 * again too: revoking may be taken back, and the waits get long by themselves.
 */

import type { Clock } from '#protocol/clock.ts';
import type { Fault } from '#protocol/fault.ts';
import type { Backoff } from './backoff.ts';

export type KeepUpOptions = {
  /** Resolves with the promise of the connection's end. */
  open(signal: AbortSignal): Promise<{ ended: Promise<void> }>;
  onFailure(fault: Fault | Error, waitMs: number): void;
  backoff: Backoff;
  clock: Clock;
  signal: AbortSignal;
};

export async function keepUp({ open, onFailure, backoff, clock, signal }: KeepUpOptions): Promise<void> {
  while (!signal.aborted) {
    let upMs = 0;
    let failure: Error | undefined;
    try {
      const { ended } = await open(signal);
      const since = clock.now();
      await ended;
      upMs = clock.now() - since;
    } catch (error) {
      failure = error as Error;
    }
    if (signal.aborted) return;
    const waitMs = backoff.next(upMs);
    if (failure !== undefined) onFailure(failure, waitMs);
    await wait(clock, waitMs, signal);
  }
}

function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    if (signal.aborted) done();
    else signal.addEventListener('abort', done, { once: true });
  });
}

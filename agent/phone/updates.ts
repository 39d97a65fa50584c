/**
 * When the phone fetches its files: at power on, and when a check-sync asks for
 * it. Never during a call, never twice at once, and again after 1, 2, 4 … 30 s
 * when it failed. What is asked for meanwhile is done once, afterwards. A call
 * begun while files are on their way goes on: they take effect when it is over.
 */

import type { Clock } from '#protocol/clock.ts';

/** A reboot registers anew whatever the files say. */
export type UpdateKind = 'update' | 'reboot';

/** Puts what was fetched into effect. */
export type Apply = () => Promise<void>;

export type UpdatesOptions = {
  clock: Clock;
  isIdle(): boolean;
  fetch(kind: UpdateKind, signal: AbortSignal): Promise<Apply>;
  onFailure(error: unknown): void;
};

export type Updates = {
  ask(kind: UpdateKind): void;
  /** The phone may have become idle. */
  goOn(): void;
  close(): void;
};

const retrySeconds = [1, 2, 4, 8, 16, 30] as const;

export function createUpdates({ clock, isIdle, fetch, onFailure }: UpdatesOptions): Updates {
  const ending = new AbortController();
  let due: UpdateKind | undefined;
  let isRunning = false;
  let failures = 0;
  let cancelRetry = () => {};
  let onIdle = () => {};

  function ask(kind: UpdateKind): void {
    if (due !== 'reboot') due = kind;
    goOn();
  }

  function goOn(): void {
    if (ending.signal.aborted || !isIdle()) return;
    onIdle();
    if (due === undefined || isRunning) return;
    const kind = due;
    due = undefined;
    isRunning = true;
    cancelRetry();
    void attempt(kind);
  }

  async function attempt(kind: UpdateKind): Promise<void> {
    try {
      const apply = await fetch(kind, ending.signal);
      if (!isIdle()) await new Promise<void>((resolve) => (onIdle = resolve));
      await apply();
      failures = 0;
    } catch (error) {
      if (!ending.signal.aborted) {
        onFailure(error);
        const seconds = retrySeconds[Math.min(failures++, retrySeconds.length - 1)] ?? 30;
        cancelRetry = clock.after(seconds * 1_000, () => ask(kind));
      }
    }
    isRunning = false;
    goOn();
  }

  return {
    ask,
    goOn,
    close() {
      ending.abort();
      cancelRetry();
    },
  };
}

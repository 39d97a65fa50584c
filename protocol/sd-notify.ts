/**
 * Tells the service manager how a program is (sd_notify(3)), where it asks. Node
 * has no datagrams of the local kind, so the program that the caller starts,
 * `systemd-notify`, carries them.
 */

import type { Clock } from './clock.ts';

export type SdNotify = {
  /** As `READY=1`, `STATUS=…`. */
  tell(...lines: string[]): void;
  /** While `isWell`, says so at a third of the time after which we would be taken for dead. */
  keepWatch(isWell: () => boolean): void;
  close(): void;
};

export type SdNotifyOptions = {
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  /** Runs it. Where it cannot be run nothing is told, and the service manager says so itself. */
  run: (program: 'systemd-notify', lines: readonly string[]) => void;
};

export function createSdNotify({ env, clock, run }: SdNotifyOptions): SdNotify {
  const isAsked = env.NOTIFY_SOCKET !== undefined;
  const watchdogMs = Number(env.WATCHDOG_USEC ?? 0) / 1_000;
  let cancel = () => {};

  function tell(...lines: string[]): void {
    if (isAsked) run('systemd-notify', lines);
  }

  return {
    tell,
    keepWatch(isWell) {
      if (!isAsked || !(watchdogMs > 0)) return;
      const next = () => {
        cancel = clock.after(watchdogMs / 3, () => {
          if (isWell()) tell('WATCHDOG=1');
          next();
        });
      };
      next();
    },
    close: () => cancel(),
  };
}

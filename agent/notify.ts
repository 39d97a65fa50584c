/**
 * Tells the service manager how we are (sd_notify(3)), where it asks: Node has no
 * datagrams of the local kind, so `systemd-notify` carries them.
 */

import { spawn } from 'node:child_process';
import type { Clock } from '#protocol/clock.ts';

export type Notify = {
  /** As `READY=1`, `STATUS=…`. */
  tell(...lines: string[]): void;
  /** While `isWell`, says so at a third of the time after which we would be taken for dead. */
  keepWatch(isWell: () => boolean): void;
  close(): void;
};

export function createNotify({ env, clock }: { env: NodeJS.ProcessEnv; clock: Clock }): Notify {
  const isAsked = env.NOTIFY_SOCKET !== undefined;
  const watchdogMs = Number(env.WATCHDOG_USEC ?? 0) / 1_000;
  let cancel = () => {};

  function tell(...lines: string[]): void {
    if (!isAsked) return;
    // Without it nothing is told, and the service manager says so itself.
    spawn('systemd-notify', lines, { stdio: 'ignore', env }).on('error', () => {});
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

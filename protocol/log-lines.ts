/**
 * Where the lines of a log go: written as they come, so that the last ones before an
 * end are there. The program never waits for who reads them:
 *
 *     he stands still, his disk is full    they are held, up to a bound, and tried again;
 *                                          what is over it is dropped, and counted in a line
 *     he is gone (EPIPE)                   nothing more is written
 */

import type { Clock } from './clock.ts';

export type LogLines = {
  write(line: string): void;
  /** Tries what is held once more: pino asks for it after `fatal`, as the program may end. */
  flushSync(): void;
  /** Lines that nobody will read. */
  readonly dropped: number;
};

export type LogLinesOptions = {
  /** As `fs.writeSync`: how many bytes were taken; throws the system's error. */
  write(bytes: Uint8Array): number;
  /** Its timers must not keep a program alive that has nothing else to do. */
  clock: Pick<Clock, 'after' | 'wall'>;
  maxBytes?: number;
};

const againMs = 100;

export function createLogLines({ write, clock, maxBytes = 1 << 20 }: LogLinesOptions): LogLines {
  const held: Uint8Array[] = [];
  let bytes = 0;
  let dropped = 0;
  let untold = 0;
  let isGone = false;
  let isDue = false;

  function hold(line: string): void {
    const added = Buffer.from(line);
    held.push(added);
    bytes += added.length;
  }

  /** True when nothing is held any more. */
  function flush(): boolean {
    for (let [first] = held; first !== undefined; [first] = held) {
      const taken = write(first);
      bytes -= taken;
      if (taken < first.length) held[0] = first.subarray(taken);
      else held.shift();
    }
    return true;
  }

  function tryFlush(): boolean {
    try {
      return flush();
    } catch (error) {
      isGone = (error as NodeJS.ErrnoException).code === 'EPIPE';
      if (isGone) held.length = bytes = 0;
      else later();
      return isGone;
    }
  }

  function later(): void {
    if (isDue) return;
    isDue = true;
    clock.after(againMs, () => {
      isDue = false;
      if (tryFlush()) tell();
    });
  }

  function tell(): void {
    if (untold === 0 || isGone) return;
    hold(
      `${JSON.stringify({ level: 40, time: clock.wall(), dropped: untold, msg: 'lines of this log are lost' })}\n`,
    );
    untold = 0;
    tryFlush();
  }

  return {
    write(line) {
      if (isGone || bytes + line.length > maxBytes) {
        dropped++;
        untold++;
        return;
      }
      hold(line);
      // While somebody stands still, the clock asks again: not each line.
      if (!isDue) tryFlush();
    },
    flushSync() {
      tryFlush();
    },
    get dropped() {
      return dropped;
    },
  };
}

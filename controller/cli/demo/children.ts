/**
 * The programs of the demo, as children of it: the operator's own programs.
 *
 * None of them outlives the demo. They are told to stop when it ends, killed
 * when it falls, and should it be killed itself, a program finds its channel
 * closed and a phone the end of its input.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Fault } from '#protocol/fault.ts';

export type Child = {
  readonly name: string;
  /** A line to its standard input. */
  say(line: string): void;
  /** Its process is over when this resolves. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  readonly exited: Promise<number | null>;
};

export type ChildOptions = {
  name: string;
  file: string;
  args: readonly string[];
  /** Gets its standard error. */
  logFile: string;
  /** A line of its standard output. */
  onLine?: (line: string) => void;
};

export interface Children {
  start(options: ChildOptions): Child;
  /** Starts it, and waits for its line of JSON that says `"ready":true`. */
  startReady(
    options: Omit<ChildOptions, 'onLine'>,
  ): Promise<{ child: Child; ready: Record<string, unknown> }>;
  /** Runs it to its end; throws when that was no good one. */
  run(options: Omit<ChildOptions, 'onLine'>): Promise<void>;
  /** None is alive when this resolves, and none is started any more. */
  close(): Promise<void>;
}

const readyMs = 60_000;
const stopMs = 5_000;

export function createChildren(): Children {
  const alive = new Set<ChildProcess>();
  let isOpen = true;
  const killAll = () => {
    for (const child of alive) child.kill('SIGKILL');
  };
  process.once('exit', killAll);

  function start({ name, file, args, logFile, onLine }: ChildOptions): Child {
    if (!isOpen) throw new Fault('unavailable', `${name} is not started: the demo is stopping`);
    const log: WriteStream = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
    const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'pipe', 'ipc'] });
    alive.add(child);
    child.stderr?.pipe(log);
    child.stdin?.on('error', () => {}); // it ended first; `exited` tells
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => onLine?.(line));
    const exited = new Promise<number | null>((resolve) => {
      child.once('error', () => resolve(null));
      child.once('exit', (code) => resolve(code));
    }).finally(() => alive.delete(child));

    return {
      name,
      exited,
      say: (line) => void child.stdin?.write(`${line}\n`),
      async stop(signal = 'SIGTERM') {
        child.kill(signal);
        const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
        await exited;
        clearTimeout(timer);
      },
    };
  }

  return {
    start,

    async startReady(options) {
      let onReady: (json: Record<string, unknown>) => void = () => {};
      const ready = new Promise<Record<string, unknown>>((resolve) => {
        onReady = resolve;
      });
      const child = start({
        ...options,
        onLine(line) {
          const json = parse(line);
          if (json?.ready === true) onReady(json);
        },
      });
      const { promise: late, cancel } = after(readyMs);
      const first = await Promise.race([ready, late, child.exited.then((code) => ({ code }))]);
      cancel();
      if (first !== undefined && 'ready' in first) return { child, ready: first };
      await child.stop('SIGKILL');
      const how = first === undefined ? `was not ready within ${readyMs / 1000} s` : 'ended at once';
      throw new Fault('unavailable', `${options.name} ${how}; its log: ${options.logFile}`);
    },

    async run(options) {
      const code = await start(options).exited;
      if (code !== 0)
        throw new Fault('unavailable', `${options.name} ended with ${code}; its log: ${options.logFile}`);
    },

    async close() {
      isOpen = false;
      process.off('exit', killAll);
      const ended = [...alive].map((child) => new Promise((resolve) => child.once('exit', resolve)));
      for (const child of alive) child.kill('SIGTERM');
      const { promise: late, cancel } = after(stopMs);
      await Promise.race([Promise.all(ended), late]);
      cancel();
      killAll();
      await Promise.all(ended);
    },
  };
}

function after(ms: number): { promise: Promise<undefined>; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return { promise, cancel: () => clearTimeout(timer) };
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined; // not for us
  }
}

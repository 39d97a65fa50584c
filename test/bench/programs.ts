/**
 * The programs a measurement runs, and what the kernel says of them: CPU time
 * and memory of a process and all its children. Whatever was started ends with
 * its owner's `close`, or with this process.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export type Program = {
  readonly pid: number;
  /** The first line of its standard output that is JSON with `ready`. */
  ready(): Promise<Record<string, unknown>>;
  readonly ended: Promise<{ code: number | null; output: string; said: string }>;
  /** CPU seconds so far, user and system. */
  cpu(): number;
  /** Resident memory now, in MB. */
  memory(): number;
  close(): Promise<void>;
};

export type ProgramOptions = { cwd?: string; env?: NodeJS.ProcessEnv; limitMs?: number };

const ticksPerSecond = 100; // USER_HZ, which is 100 wherever Linux is (proc(5))
const keptChars = 8_000;
const alive = new Set<ChildProcess>();
process.once('exit', () => {
  // Not killed: Kamailio's own children end only when it tells them.
  for (const child of alive) child.kill('SIGTERM');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

export function startProgram(
  file: string,
  args: readonly string[],
  { limitMs = 60_000, ...options }: ProgramOptions = {},
): Program {
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  alive.add(child);
  const limit = setTimeout(() => child.kill('SIGTERM'), limitMs);
  let output = '';
  let said = '';
  let isReady: (line: Record<string, unknown>) => void = () => {};
  const firstLine = new Promise<Record<string, unknown>>((resolve) => {
    isReady = resolve;
  });
  createInterface(child.stdout).on('line', (line) => {
    output = `${output}${line}\n`.slice(-keptChars);
    if (line.startsWith('{"ready"')) isReady(JSON.parse(line) as Record<string, unknown>);
  });
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-keptChars);
  });
  const ended = once(child, 'close').then(([code]) => {
    clearTimeout(limit);
    alive.delete(child);
    return { code: code as number | null, output, said };
  });
  const pid = child.pid ?? 0;

  return {
    pid,
    ended,
    ready: () =>
      Promise.race([
        firstLine,
        ended.then(({ code }) => {
          throw new Error(`${file} ended with ${code} before it was ready:\n${said}`);
        }),
      ]),
    cpu: () => familyOf(pid).reduce((sum, each) => sum + cpuOf(each), 0),
    memory: () => familyOf(pid).reduce((sum, each) => sum + memoryOf(each), 0),
    async close() {
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(patience);
    },
  };
}

/** Runs it to its end; throws with what it said when that was no good one. */
export async function runProgram(
  file: string,
  args: readonly string[],
  options?: ProgramOptions,
): Promise<string> {
  const { code, output, said } = await startProgram(file, args, options).ended;
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}:\n${said}`);
  return output;
}

function familyOf(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .filter((name) => statOf(Number(name))?.[1] === String(pid))
    .map(Number);
  return [pid, ...children.flatMap((child) => (child === pid ? [] : familyOf(child)))];
}

function cpuOf(pid: number): number {
  const stat = statOf(pid);
  return (Number(stat?.[11] ?? 0) + Number(stat?.[12] ?? 0)) / ticksPerSecond;
}

/** The fields of /proc/PID/stat behind the name, which may hold anything: state, ppid, ... utime is the twelfth. */
function statOf(pid: number): string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+([0-9]+)/.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) / 1_024;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // it ended meanwhile
  }
}

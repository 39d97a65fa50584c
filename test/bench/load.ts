/** The load generator: load.c, compiled with the machine's `cc` for as long as a measurement lasts. */

import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostPort } from '#protocol/address.ts';
import { runProgram } from './programs.ts';

export type Phone = { user: string; secret: string; address: string };

export type Run = {
  mode: 'register' | 'once' | 'flood';
  seconds: number;
  /** So many registrations under way at once. */
  crowd?: number;
  /** Or so many begun a second. */
  rate?: number;
};

export type Load = {
  done: number;
  failed: number;
  /** Of the last that failed; 0: it never was answered. */
  lastStatus: number;
  repeated: number;
  challenged: number;
  sent: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
};

export type Crowd = (target: HostPort, run: Run) => Promise<Load>;

const source = fileURLToPath(new URL('load.c', import.meta.url));

export const hasCompiler = () => spawnSync('sh', ['-c', 'command -v cc']).status === 0;

/** `folder` is the measurement's own and goes with it; `name` tells its crowds apart. */
export async function openCrowd(folder: string, name: string, phones: readonly Phone[]): Promise<Crowd> {
  const program = join(folder, `load-${name}`);
  const list = join(folder, `phones-${name}`);
  await runProgram('cc', ['-O2', '-o', program, source, '-lm']);
  await writeFile(list, phones.map((phone) => `${Object.values(phone).join(' ')}\n`).join(''), {
    mode: 0o600,
  });
  return async ({ address, port }, { mode, seconds, crowd = 64, rate = 0 }) => {
    const args = [list, address, String(port), mode, String(seconds), String(crowd), String(rate)];
    return JSON.parse(await runProgram(program, args)) as Load;
  };
}

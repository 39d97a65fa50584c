/** sipp at both ends of a call: one that answers, and a crowd that calls it, each from an address of its own. */

import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import { type Program, startProgram } from './programs.ts';

export type Caller = { address: string; user: string; secret: string; number: string };

/** At a fixed rate, or so many calls at once. */
export type Pace = { rate: number } | { crowd: number };

export type Calls = { done: number; failed: number; seconds: number; p50Ms: number; p99Ms: number };

const scenario = (name: string) => fileURLToPath(new URL(`sipp/${name}.xml`, import.meta.url));
const limitMs = 30_000;
/** More than any program here can do, so that only the crowd's size holds it back. */
const fastest = 5_000;
/** sipp refuses to start where it is more than the shell's limit. */
const maxSocket = ['-max_socket', '1000'];

export function answerCalls(at: HostPort, folder: string): Program {
  const args = [...maxSocket, '-sf', scenario('callee'), '-i', at.address, '-p', String(at.port), '-nostdin'];
  return startProgram('sipp', args, { cwd: folder, limitMs: 180_000 });
}

/** Setup time is from the first INVITE, which is challenged, to the 200 of the second. */
export async function makeCalls(
  target: HostPort,
  callers: readonly Caller[],
  { pace, count, port, folder }: { pace: Pace; count: number; port: number; folder: string },
): Promise<Calls> {
  const list = join(folder, 'callers.csv');
  const rows = callers.map(({ address, user, secret, number }) => {
    const credentials = `[authentication username=${user} password=${secret}]`;
    return `${[address, user, credentials, number].join(';')}\n`;
  });
  await writeFile(list, `SEQUENTIAL\n${rows.join('')}`, { mode: 0o600 });
  const args = [
    ...maxSocket,
    '-sf',
    scenario('caller'),
    '-inf',
    list,
    '-t',
    'ui',
    '-ip_field',
    '0',
    '-p',
    String(port),
  ];
  args.push(
    '-m',
    String(count),
    '-nostdin',
    '-timeout',
    `${limitMs / 1_000}s`,
    '-trace_rtt',
    '-rtt_freq',
    '1',
  );
  args.push(
    '-trace_stat',
    '-fd',
    '60',
    '-stf',
    join(folder, 'calls.csv'),
    '-deadcall_wait',
    '0',
    '-timer_resol',
    '1',
  );
  if ('rate' in pace) args.push('-r', String(pace.rate), '-l', String(pace.rate * 5));
  else args.push('-r', String(fastest), '-l', String(pace.crowd));
  args.push(formatHostPort(target));

  const start = performance.now();
  const { said } = await startProgram('sipp', args, { cwd: folder, limitMs: limitMs + 5_000 }).ended;
  const seconds = (performance.now() - start) / 1_000;
  const totals = await readTotals(join(folder, 'calls.csv'), said);
  return { ...totals, seconds, ...(await readTimes(folder)) };
}

/** The last line of sipp's statistics, by the names in the first. */
async function readTotals(file: string, said: string): Promise<Pick<Calls, 'done' | 'failed'>> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).trim().split('\n');
  const [names = [], values = []] = [lines[0], lines.at(-1)].map((line) => line?.split(';'));
  const read = (name: string) => values[names.indexOf(name)] ?? '';
  if (lines.length < 2) throw new Error(`sipp wrote no statistics:\n${said}`);
  await rm(file);
  return { done: Number(read('SuccessfulCall(C)')), failed: Number(read('FailedCall(C)')) };
}

async function readTimes(folder: string): Promise<Pick<Calls, 'p50Ms' | 'p99Ms'>> {
  const times: number[] = [];
  for (const name of (await readdir(folder)).filter((each) => each.endsWith('_rtt.csv'))) {
    const text = await readFile(join(folder, name), 'utf8');
    for (const line of text.trim().split('\n').slice(1)) times.push(Number(line.split(';')[1]));
    await rm(join(folder, name));
  }
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.floor(times.length * part)] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

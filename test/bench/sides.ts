/**
 * Two sides that do the same work, ours and the peer's, in turns: what else the
 * machine does meets both. A side's CPU is that of all its programs.
 */

import type { Program } from './programs.ts';
import { median, type Row } from './row.ts';

/** What one run of the work came to. */
export type Result = { done: number; failed: number; seconds: number; p50Ms: number; p99Ms: number };

export type Side = {
  programs: readonly Program[];
  /** At full speed for so long, or at the row's fixed rate. */
  work(pace: 'full' | 'fixed'): Promise<Result>;
};

export type SidesOptions = {
  row: string;
  /** One piece of work, and many. */
  one: string;
  many: string;
  fixedRate: number;
  ours: Side;
  peer: Side | undefined;
  say(text: string): void;
};

type Measured = Result & { cpuUs: number };

const rounds = 3;
/** Runs until what is compiled at run time is compiled: programs that stay up for months are slow for seconds. */
const warmRounds = 3;

export async function compareSides(options: SidesOptions): Promise<Row[]> {
  const { row, one, many, fixedRate, ours, peer, say } = options;
  const sides = peer === undefined ? [ours] : [ours, peer];

  async function run(side: Side, pace: 'full' | 'fixed'): Promise<Measured> {
    const cpu = () => side.programs.reduce((sum, program) => sum + program.cpu(), 0);
    const before = cpu();
    const result = await side.work(pace);
    if (result.failed > 0) say(`${row}: ${side === ours ? 'ours' : 'peer'}: ${result.failed} ${many} failed`);
    return { ...result, cpuUs: ((cpu() - before) * 1e6) / Math.max(1, result.done) };
  }

  for (let round = 0; round < warmRounds; round++) for (const side of sides) await run(side, 'full');
  const full = new Map<Side, Measured[]>(sides.map((side) => [side, []]));
  for (let round = 0; round < rounds; round++) {
    for (const side of sides) full.get(side)?.push(await run(side, 'full'));
  }
  const fixed = new Map<Side, Measured>();
  for (const side of sides) fixed.set(side, await run(side, 'fixed'));

  const atFull = (name: string, read: (each: Measured) => number): Row => {
    const of = (side: Side) => median((full.get(side) ?? []).map(read));
    return { name: `${row}: ${name}`, ours: of(ours), peer: peer && of(peer) };
  };
  const atFixed = (name: string, read: (each: Measured) => number): Row => {
    const of = (side: Side) => read(fixed.get(side) as Measured);
    return { name: `${row}: ${name} at ${fixedRate} a second`, ours: of(ours), peer: peer && of(peer) };
  };
  return [
    { ...atFull(`${many} a second`, ({ done, seconds }) => done / seconds), goal: { least: 1 } },
    { ...atFull(`us of CPU for one ${one}`, ({ cpuUs }) => cpuUs), goal: { most: 1 } },
    atFixed('p50 ms', ({ p50Ms }) => p50Ms),
    atFixed('p99 ms', ({ p99Ms }) => p99Ms),
    atFixed(`us of CPU for one ${one}`, ({ cpuUs }) => cpuUs),
  ];
}

/**
 * `hotdesk demo`: the whole story with the operator's own programs.
 *
 *     hotdesk demo           the story for people; then it stays up
 *     hotdesk demo --once    ends after the story; 0 only if every step held
 *     hotdesk demo --idle    the same world without phones: one line of JSON, then it waits
 */

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type FlagShape, readArgv } from '#protocol/argv.ts';
import { Fault } from '#protocol/fault.ts';
import { createChildren } from './children.ts';
import { jsonReport, peopleReport, type Report } from './report.ts';
import { restart } from './restart.ts';
import { type Stage, type Step, story } from './story.ts';
import { openWorld, type Ports, type World } from './world.ts';

export const demoFlags: readonly (FlagShape & { about: string })[] = [
  { name: 'once', takesValue: false, about: 'end after the story; exit 0 only if every step held' },
  { name: 'idle', takesValue: false, about: 'no phones: one line of JSON says where all is; then it waits' },
  { name: 'json', takesValue: false, about: 'one JSON object a line' },
  { name: 'listen', takesValue: true, about: 'address of SIP, HTTP and RTP (default: 127.0.0.1)' },
  { name: 'data', takesValue: true, about: 'folder that keeps the world (default: one that goes with it)' },
  { name: 'sip-port', takesValue: true, about: 'of the agent (default: a free one)' },
  { name: 'http-port', takesValue: true, about: 'of the agent (default: a free one)' },
  { name: 'rtp-ports', takesValue: true, about: 'of the agent, A-B (default: free ones)' },
  { name: 'api-port', takesValue: true, about: 'of the controller (default: a free one)' },
  { name: 'tunnel-port', takesValue: true, about: 'of the controller (default: a free one)' },
];

export type DemoOptions = {
  argv: readonly string[];
  programs: { controller: string; agent: string };
  out(text: string): void;
  err(text: string): void;
};

/** Answers the exit code. */
export async function runDemo({ argv, programs, out, err }: DemoOptions): Promise<number> {
  const { isOnce, isIdle, isJson, listen, data, ports } = readFlags(argv);
  for (const file of Object.values(programs)) {
    if (!existsSync(file)) throw new Fault('unavailable', `${file} is not there: npm run build makes it`);
  }
  const folder = data ?? (await mkdtemp(join(tmpdir(), 'hotdesk-demo-')));
  const children = createChildren();
  const stopped = untilStopped();
  let isStopping = false;
  const report = isJson || isIdle ? jsonReport({ out }) : peopleReport({ out }, listen);
  const open = () => openWorld({ children, data: folder, listen, programs, ports });

  async function play(): Promise<Outcome> {
    const quiet = quietOnce(report, () => isStopping);
    const told = isIdle ? { world: await open(), hasHeld: true } : await tell(open, quiet);
    if (told.world !== undefined && !isOnce && !isStopping) await report.ready(told.world, told.hasHeld);
    return told;
  }

  const playing = play();
  let outcome: Outcome | 'stopped' | undefined;
  try {
    outcome = await Promise.race([playing, stopped]);
    if (outcome !== 'stopped' && outcome.world !== undefined && !isOnce) await stopped;
  } finally {
    isStopping = true;
    await children.close();
    // What it throws the race has told, or nobody asks for any more.
    await playing.then(({ world }) => world?.close()).catch(() => {});
  }
  const hasHeld = outcome === 'stopped' ? !isOnce : outcome.hasHeld;
  if (!hasHeld && outcome !== 'stopped') err(`hotdesk: what the programs said is in ${folder}`);
  else if (data === undefined) await rm(folder, { recursive: true, force: true });
  return hasHeld ? 0 : 1;
}

/** No world: step 1 failed, and there is nothing that could stay up. */
type Outcome = { world: World | undefined; hasHeld: boolean };

/** Steps that fail because the demo is ending are not told. */
const quietOnce = (report: Report, isOver: () => boolean): Report => ({
  ...report,
  step: (result) => void (isOver() || report.step(result)),
});

/** Tells the story. After a step that failed the rest is not tried. */
async function tell(open: () => Promise<World>, report: Report): Promise<Outcome> {
  const stage: { world?: World; phones: Stage['phones'] } = { phones: [] };
  const start: Step = {
    title: 'controller, site, users and devices are there; the agent enrols and connects',
    async run() {
      stage.world = await open();
      return `agent at ${stage.world.sip} (SIP) and ${stage.world.http} (HTTP), API at ${stage.world.api}`;
    },
  };
  let failed: number | undefined;
  for (const [index, { title, run }] of [start, ...story, restart].entries()) {
    const step = index + 1;
    const begun = performance.now();
    let detail: string;
    try {
      detail = failed === undefined ? await run(stage as Stage) : `not tried: step ${failed} failed`;
    } catch (error) {
      failed = step;
      detail = error instanceof Error ? error.message : String(error);
    }
    report.step({ step, title, ok: failed === undefined, ms: Math.round(performance.now() - begun), detail });
  }
  return { world: stage.world, hasHeld: failed === undefined };
}

type Flags = {
  isOnce: boolean;
  isIdle: boolean;
  isJson: boolean;
  listen: string;
  data: string | undefined;
  ports: Partial<Ports>;
};

/** Throws `input.invalid` that names the flag. */
function readFlags(argv: readonly string[]): Flags {
  const { flags, words } = readArgv(argv, demoFlags);
  if (words[0] !== undefined) throw wrong(words[0], `demo: what is "${words[0]}"?`);
  const last = (name: string) => flags.get(name)?.at(-1);
  const listen = last('listen') ?? '127.0.0.1';
  if (isIP(listen) === 0) throw wrong('listen', `--listen: "${listen}" is not an IP address`);
  const [isOnce, isIdle] = [flags.has('once'), flags.has('idle')];
  if (isOnce && isIdle) throw wrong('once', '--once tells the story and --idle has none');

  const ports: Partial<Ports> = {};
  for (const name of ['sip', 'http', 'api', 'tunnel'] as const) {
    const text = last(`${name}-port`);
    if (text === undefined) continue;
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
      throw wrong(`${name}-port`, `--${name}-port: "${text}" is not a port`);
    }
    ports[name] = Number(text);
  }
  const rtp = last('rtp-ports');
  if (rtp !== undefined) ports.rtp = rtp;
  const data = last('data');
  return { isOnce, isIdle, isJson: flags.has('json'), listen, data: data && resolve(data), ports };
}

/** Ctrl-C, a kill, or nobody left who reads what we say. */
function untilStopped(): Promise<'stopped'> {
  return new Promise((resolve) => {
    const stop = () => resolve('stopped');
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
    process.stdout.on('error', stop);
  });
}

const wrong = (field: string, message: string) => new Fault('input.invalid', message, { field });

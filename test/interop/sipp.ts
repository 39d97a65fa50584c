/**
 * sipp as a phone: one scenario a run, on a port of its own so that its flow is
 * the same from one run to the next. Words in [brackets] of a scenario that sipp
 * does not know are filled in here.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { patience } from '#test/support/patience.ts';
import { freePort } from '#test/support/ports.ts';
import { until } from '#test/support/until.ts';
import type { Account, World } from './world.ts';

export type SippPhone = { readonly sipPort: number; readonly mediaPort: number };

export type SippRun = {
  /** Resolves with sipp's exit code and what it said; 0: the scenario held to its end. */
  readonly ended: Promise<{ code: number; said: string }>;
  stop(): void;
};

const folder = fileURLToPath(new URL('sipp/', import.meta.url));

export async function openSippPhone(): Promise<SippPhone> {
  return { sipPort: await freePort(), mediaPort: await freePort() };
}

/** Runs `scenario` once against the world's agent, as `phone`, with `account`'s credential. */
export async function runSipp(
  world: World,
  phone: SippPhone,
  account: Account,
  scenario: string,
  words: Record<string, string> = {},
  more: readonly string[] = [],
): Promise<SippRun> {
  const { server } = account;
  const args = [
    ...more,
    '-i',
    world.host,
    '-p',
    `${phone.sipPort}`,
    '-mi',
    world.host,
    '-mp',
    `${phone.mediaPort}`,
  ];
  args.push('-au', account.authUser, '-ap', account.secret);
  if (server.transport === 'tcp') args.push('-t', 't1', `${server.address}:${server.port}`);
  else args.push(`${world.host}:${world.port}`);
  return start(args, scenario, { aor: account.user, ...words });
}

/** Runs `scenario` once on the far side of a PBX at `pbx`. */
export function runFarEnd(
  { sipPort, mediaPort }: SippPhone,
  pbx: number,
  scenario: string,
  words: Record<string, string> = {},
): Promise<SippRun> {
  const here = '127.0.0.1';
  const args = [
    '-i',
    here,
    '-p',
    `${sipPort}`,
    '-mi',
    here,
    '-mp',
    `${mediaPort}`,
    '-rtp_echo',
    `${here}:${pbx}`,
  ];
  return start(args, scenario, { aor: 'far', ...words });
}

/** Runs `scenario` once as a gateway on the site's LAN, which waits to be called. */
export function runGateway(
  { sipPort, mediaPort }: SippPhone,
  scenario: string,
  words: Record<string, string> = {},
): Promise<SippRun> {
  const here = '127.0.0.1';
  return start(['-i', here, '-p', `${sipPort}`, '-mi', here, '-mp', `${mediaPort}`], scenario, words);
}

async function start(
  more: readonly string[],
  scenario: string,
  words: Record<string, string>,
): Promise<SippRun> {
  const scratch = await mkdtemp(join(tmpdir(), 'hotdesk-sipp-'));
  const file = join(scratch, 'scenario.xml');
  await writeFile(file, await fill(scenario, words));
  const args = [
    '-sf',
    file,
    '-m',
    '1',
    '-nostdin',
    '-timeout',
    `${40 * patience}s`,
    '-timeout_error',
    '-trace_err',
  ];
  const child = spawn('sipp', [...args, ...more], { cwd: scratch, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said = (said + chunk).slice(-4_000);
    });
  }
  const ended = once(child, 'exit').then(async ([code]) => {
    await rm(scratch, { recursive: true, force: true });
    return { code: Number(code ?? 255), said };
  });
  const port = Number(more[more.indexOf('-p') + 1]);
  // Who calls it calls when it listens.
  await until('sipp listens', async () => child.exitCode !== null || (await isBound(port)));
  return { ended, stop: () => child.kill('SIGKILL') };
}

/** Linux's own list: to try whether it can be bound would take it from who is about to. */
async function isBound(port: number): Promise<boolean> {
  const lists = await Promise.all(['udp', 'tcp'].map((name) => readFile(`/proc/net/${name}`, 'latin1')));
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  return lists.some((list) => list.includes(local));
}

async function fill(scenario: string, words: Record<string, string>): Promise<string> {
  let text = await readFile(join(folder, `${scenario}.xml`), 'utf8');
  for (const place of ['after', 'talk']) {
    const part = words[place];
    text = text.replace(
      `[${place}]`,
      part === undefined ? '' : await readFile(join(folder, `${part}.xml`), 'utf8'),
    );
  }
  if (words.infos !== undefined) text = text.replace('[infos]', await infosOf(words.infos));
  for (const [word, value] of Object.entries({ isAckOptional: 'false', ...words }))
    text = text.replaceAll(`[${word}]`, value);
  return text;
}

/** An INFO for each digit, counted on from the INVITE that was let in. */
async function infosOf(digits: string): Promise<string> {
  const info = await readFile(join(folder, 'info.xml'), 'utf8');
  return [...digits]
    .map((digit, index) => info.replace('[digit]', digit).replaceAll('[cseq]', String(index + 3)))
    .join('');
}

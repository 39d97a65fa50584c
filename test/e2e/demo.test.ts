/** The demo as an operator starts it: the built programs, their own processes, real sockets. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { yealink } from '#agent/phone/yealink.ts';
import { describe } from '#test/support/describe.ts';
import { readConfig } from '#test/support/read-config.ts';
import { until } from '#test/support/until.ts';

const program = fileURLToPath(new URL('../../dist/hotdesk.mjs', import.meta.url));

describe('demo', (test) => {
  test(
    '--once --json: every step holds, and nothing is left',
    () =>
      inFolder(async (data) => {
        const { child, lines, exited } = start(['demo', '--once', '--json', '--data', data]);
        assert.is(await exited, 0, lines.join('\n'));
        const steps = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
        assert.equal(
          steps.map(({ step, ok }) => [step, ok]),
          [1, 2, 3, 4, 5, 6, 7, 8].map((step) => [step, true]),
        );
        for (const step of steps) assert.equal(Object.keys(step), ['step', 'ok', 'ms', 'detail']);
        assert.equal(processesOf(data), []);
        assert.is(child.exitCode, 0);
        await nothingLeaked(data);
      }),
    90_000,
  );

  test(
    '--idle: says all a phone and an admin need',
    () =>
      inFolder(async (data) => {
        const { child, lines, exited } = start(['demo', '--idle', '--data', data]);
        await until('the world is ready', () => lines.length > 0, 30_000);
        const { devices, users, api, token, emergency } = JSON.parse(lines[0] ?? '') as Ready;
        assert.is(emergency, '112');
        assert.equal(
          users.map(({ extension, pin }) => `${extension} ${pin}`),
          ['100 482915', '101 630174'],
        );
        for (const { device, mac, provisioningUrl } of devices) {
          const config = readConfig(yealink, await (await fetch(`${provisioningUrl}${mac}.cfg`)).text());
          assert.is(config.settings.get('account.1.user_name'), device);
          assert.is(config.settings.get('static.auto_provision.server.url'), provisioningUrl);
        }
        await refusesAlike(devices);
        const headers = { authorization: `Bearer ${token}` };
        const { items } = (await (await fetch(`${api}/devices`, { headers })).json()) as { items: unknown[] };
        assert.is(items.length, 2);
        assert.is((await fetch(`${api}/devices`)).status, 401);
        assert.is(await run(['site', 'list', '--data', join(data, 'controller')]), 0);

        child.kill('SIGTERM');
        assert.is(await exited, 0);
        assert.is(lines.length, 1);
        assert.equal(processesOf(data), []);
      }),
    60_000,
  );

  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    test(
      `${signal} before it is ready: no program outlives it`,
      () =>
        inFolder(async (data) => {
          const { child, exited } = start(['demo', '--data', data]);
          await until('a program of it runs', () => processesOf(data).length > 2, 30_000);
          child.kill(signal);
          await exited;
          await until('no program of it runs', () => processesOf(data).length === 0, 10_000);
        }),
      60_000,
    );
  }

  // biome-ignore format: a table
  const misused: { line: string; exit: number; says: RegExp }[] = [
    { line: 'demo --onse',          exit: 2, says: /did you mean "--once"/ },
    { line: 'demo --once --idle',   exit: 2, says: /--once tells the story/ },
    { line: 'demo --listen here',   exit: 2, says: /not an IP address/ },
    { line: 'serve --api-port x',   exit: 2, says: /--api-port/ },
    { line: 'demoo',                exit: 2, says: /did you mean "demo"/ },
    { line: 'serve --data /dev/null/x', exit: 1, says: /\/dev\/null\/x/ },
  ];
  for (const { line, exit, says } of misused) {
    test(`${line}: exit ${exit}`, async () => {
      const errors: string[] = [];
      assert.is(await run(line.split(' '), errors), exit);
      assert.match(errors.join(''), says);
      assert.not.match(errors.join(''), /\n +at /);
    }, 15_000);
  }
});

type Ready = {
  api: string;
  token: string;
  devices: { device: string; mac: string; provisioningUrl: string }[];
  users: { extension: string; pin: string }[];
  emergency: string;
};

/** What a stranger may ask of an agent, and that all of it is answered with the same bytes. */
async function refusesAlike([one, two]: Ready['devices']): Promise<void> {
  const url = new URL(one?.provisioningUrl ?? '');
  const other = new URL(two?.provisioningUrl ?? '');
  const wrongToken = `/p/${'A'.repeat(22)}/${one?.mac}.cfg`;
  const paths = [
    wrongToken,
    '/',
    `${other.pathname}${one?.mac}.cfg`,
    `${url.pathname}${two?.mac}.cfg`,
    `${url.pathname}../../etc/passwd`,
    `${url.pathname}%2e%2e/${one?.mac}.cfg`,
    `${url.pathname}y000000000108.cfg`,
    url.pathname,
  ];
  const answers = await Promise.all(paths.map((path) => ask(url, path)));
  for (const [index, answer] of answers.entries()) assert.is(answer, answers[0], paths[index]);
  assert.match(answers[0] ?? '', /^404 /);
}

/** As sent: a URL object would tidy up the path. */
async function ask({ hostname, port }: URL, path: string): Promise<string> {
  const asked = request({ hostname, port, path }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const { date: _, ...headers } = answer.headers;
  return `${answer.statusCode} ${JSON.stringify(headers)} ${await text(answer)}`;
}

function start(args: string[]): { child: ChildProcess; lines: string[]; exited: Promise<number | null> } {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return { child, lines, exited: once(child, 'close').then(([code]) => code as number | null) };
}

async function run(args: string[], errors: string[] = []): Promise<number | null> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr.on('data', (chunk) => errors.push(String(chunk)));
  const [code] = await once(child, 'close');
  return code as number | null;
}

/** Command lines that name the folder, phones by the world's own token URLs left out: they end with their input. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return []; // ended meanwhile
      }
    })
    .filter((line) => line.includes(folder));
}

/** No PIN and no phone's secret in what the programs said or in the store. */
async function nothingLeaked(data: string): Promise<void> {
  const files = (await readdir(data, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  for (const file of files) {
    const text = await readFile(file, 'latin1');
    assert.not.match(text, /482915|630174/, file);
    assert.not.match(text, /\/p\/[\w-]{22}\//, file);
  }
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-e2e-'));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

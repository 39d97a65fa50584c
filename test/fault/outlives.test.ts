/** The two programs without anybody who reads what they say; and what they say when they end of themselves. */

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as assert from 'uvu/assert';
import { keepIdentity } from '#agent/identity.ts';
import { createClient } from '#controller/cli/client.ts';
import type { DescribedError } from '#protocol/last-words.ts';
import { hotdesk, hotdeskAgent } from '#test/e2e/programs.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

const deadlineMs = 60_000;
const secret = 'canary-739216';

/** Throws it at SIGUSR2, in the program's own process. */
const failing = (how: 'throw' | 'reject') => {
  // In two parts: the code is a URL, and as such in the stack.
  const pin = `'${secret.slice(0, 6)}' + '${secret.slice(6)}'`;
  const error = `Object.assign(new Error('boom', { cause: new TypeError('because') }), { pin: ${pin} })`;
  const run = how === 'throw' ? `throw ${error}` : `Promise.reject(${error})`;
  const code = `process.on('SIGUSR2', () => { ${run} })`;
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
};

type Started = { child: ChildProcess; isReady(): Promise<boolean> };
type Start = (folder: string, stdio: StdioOptions, node?: string[]) => Promise<Started>;

async function startController(folder: string, stdio: StdioOptions, node: string[] = []): Promise<Started> {
  const args = ['serve', '--data', folder, '--listen', '127.0.0.1', '--tunnel-port', '0', '--api-port', '0'];
  const child = spawn(process.execPath, [...node, hotdesk, ...args, '--json-ready'], { stdio });
  return {
    child,
    async isReady() {
      if (!existsSync(join(folder, 'control.sock'))) return false;
      const client = createClient({ type: 'socket', data: folder });
      try {
        await client.ask('GET', '/agents');
        return true;
      } catch {
        return false; // it does not listen yet
      } finally {
        await client.close();
      }
    },
  };
}

/** Its controller is nowhere: it says so again and again. */
async function startAgent(folder: string, stdio: StdioOptions, node: string[] = []): Promise<Started> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const controller = new URL('wss://127.0.0.1:1');
  const privateKey = createPrivateKey(pem);
  await keepIdentity(folder, { agent: '0123456789abcdef', site: 'berlin', controller, pins: [], privateKey });
  const ports = ['--sip-port', '0', '--http-port', '0', '--rtp-ports', '0', '--pnp', 'false'];
  const args = ['run', '--data', folder, '--listen', '127.0.0.1', ...ports, '--log-level', 'debug'];
  const child = spawn(process.execPath, [...node, hotdeskAgent, ...args], { stdio });
  return { child, isReady: async () => existsSync(join(folder, 'state.json')) };
}

async function endOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

const programs: Readonly<Record<string, Start>> = { controller: startController, agent: startAgent };

async function inFolder(story: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-outlives-'));
  try {
    await story(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('output that goes nowhere', (test) => {
  for (const [name, start] of Object.entries(programs)) {
    test(
      `the ${name} runs on, and stops when it is told`,
      async () => {
        const full = openSync('/dev/full', 'w');
        await Promise.all(
          [['ignore', 'pipe', 'pipe'] as const, ['ignore', full, full] as const].map((stdio) =>
            inFolder(async (folder) => {
              const { child, isReady } = await start(folder, [...stdio]);
              // Long before it has anything to say.
              child.stdout?.destroy();
              child.stderr?.destroy();
              await until('it works', async () => child.exitCode !== null || (await isReady()), 20_000);
              child.kill('SIGHUP');
              child.kill('SIGHUP');
              child.kill('SIGTERM');
              assert.is(await endOf(child), 0);
            }),
          ),
        );
      },
      deadlineMs,
    );
  }
});

describe('an error that nobody caught', (test) => {
  const rows = [
    { name: 'controller', how: 'throw', origin: 'uncaughtException' },
    { name: 'agent', how: 'reject', origin: 'unhandledRejection' },
  ] as const;
  for (const { name, how, origin } of rows) {
    test(
      `ends the ${name} with one line of JSON that tells why, and no secret`,
      () =>
        inFolder(async (folder) => {
          const start = programs[name] ?? startAgent;
          const { child, isReady } = await start(folder, ['ignore', 'ignore', 'pipe'], failing(how));
          const said = child.stderr ? text(child.stderr) : '';
          await until('it works', async () => child.exitCode !== null || (await isReady()), 20_000);
          child.kill('SIGUSR2');
          assert.is(await endOf(child), 1);
          const last = (await said).trimEnd().split('\n').at(-1) ?? '';
          const {
            level,
            origin: by,
            error,
          } = JSON.parse(last) as {
            level: number;
            origin: string;
            error: DescribedError;
          };
          assert.equal([level, by], [60, origin]);
          assert.equal([error.type, error.message], ['Error', 'boom']);
          assert.equal([error.cause?.type, error.cause?.message], ['TypeError', 'because']);
          assert.not.match(await said, secret);
        }),
      deadlineMs,
    );
  }
});

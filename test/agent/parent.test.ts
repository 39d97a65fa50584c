/** The parent with children that say their part of the protocol, or do not. */

import cluster from 'node:cluster';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { readRefusal } from '#agent/bundles.ts';
import { startParent } from '#agent/parent.ts';
import { type Clock, systemClock } from '#protocol/clock.ts';
import { silent } from '#test/agent/fake-tunnel.ts';
import { describe } from '#test/support/describe.ts';
import { freePort } from '#test/support/ports.ts';
import { until } from '#test/support/until.ts';

const offer = { version: '0.2.0', manifest: '{}', signature: `${'k'.repeat(43)} ${'s'.repeat(86)}` };

/** Answers each datagram with its name; says what a version says, but for `lacks`. */
const childOf = (name: string, port: number, lacks: string, extra = '') => `
import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
const tell = (message) => process.send(message);
if ('${lacks}' === 'start') throw new Error('it does not start');
const socket = createSocket('udp4').on('message', (_, from) => socket.send('${name}', from.port, from.address));
process.on('message', ({ type }) => {
  // What it read it answers first.
  if (type === 'stop') setTimeout(() => socket.close(() => process.exit(0)), 100);
  if (type === 'dial' && '${lacks}' === 'dial') process.exit(7);
  if (type === 'dial' && '${lacks}' !== 'up') tell({ type: 'up' });
  ${extra}
});
process.on('SIGTERM', () => process.exit(0));
socket.bind(${port}, '127.0.0.1', () => '${lacks}' === 'listening' || tell({ type: 'listening' }));
`;

type World = {
  folder: string;
  /** Who answers now; `nobody` within that. */
  ask(withinMs?: number): Promise<string>;
};

const patienceMs = 20_000;
/** For what the new one never says, which of the parent's waits for it is over at once: its first or its second. */
const overdue: Readonly<Record<string, number>> = { listening: 1, up: 2 };

/** An old version that asks for the new one as soon as it is up. */
async function inWorld(
  lacks: string,
  story: (world: World) => Promise<void>,
  prepare: (folder: string) => Promise<unknown> = async () => {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-parent-'));
  const port = await freePort();
  const next = join(folder, 'bundles/0.2.0.mjs');
  const told: string[] = [];
  const asking = createSocket('udp4');
  let waits = 0;
  const clock: Clock = {
    ...systemClock,
    after(ms, run) {
      const isOver = ms === patienceMs && ++waits === overdue[lacks];
      return systemClock.after(isOver ? 0 : ms, run);
    },
  };
  const upgrade = `if (type === 'dial' && !existsSync('${folder}/bundles/refused.json')) tell(${JSON.stringify({ type: 'upgrade', offer, file: next })});`;
  try {
    await mkdir(join(folder, 'bundles'));
    await writeFile(join(folder, 'old.mjs'), childOf('old', port, '', upgrade));
    await writeFile(next, childOf('new', port, lacks));
    await prepare(folder);
    const parent = startParent({
      data: folder,
      program: join(folder, 'old.mjs'),
      argv: [],
      patienceMs,
      clock,
      notify: { tell: (...lines) => told.push(...lines), keepWatch() {}, close() {} },
      log: silent,
    });
    await until('it runs', () => told.includes('READY=1'));
    await story({
      folder,
      async ask(withinMs = 10_000) {
        const answered = once(asking, 'message', { signal: AbortSignal.timeout(withinMs) });
        asking.send('who', port, '127.0.0.1');
        const [answer] = (await answered.catch(() => ['nobody'])) as [Buffer | string];
        return answer.toString();
      },
    });
    parent.stop();
    assert.is(await parent.ended, 0);
  } finally {
    asking.close();
    await rm(folder, { recursive: true });
  }
}

describe('the parent of an agent', (test) => {
  test('hands the sockets over: each datagram is answered, by the old one and then by the new one', () =>
    inWorld('', async ({ folder, ask }) => {
      const answers: string[] = [];
      while (answers.filter((each) => each === 'new').length < 50) answers.push(await ask());
      assert.not.ok(answers.includes('nobody'));
      await until('it is kept', () => existsSync(join(folder, 'bundles/current.json')));
      assert.equal(JSON.parse(await readFile(join(folder, 'bundles/current.json'), 'utf8')), offer);
      assert.is(await readRefusal(folder), undefined);
      assert.is(await ask(), 'new');
    }));

  // biome-ignore format: a table
  const rows: { name: string; lacks: string; reason: string }[] = [
    { name: 'ends as it starts',              lacks: 'start',     reason: 'it did not start' },
    { name: 'never says that it listens',     lacks: 'listening', reason: 'it did not start' },
    { name: 'ends as it dials',               lacks: 'dial',      reason: 'it did not reach the controller in time' },
    { name: 'never has a tunnel',             lacks: 'up',        reason: 'it did not reach the controller in time' },
  ];
  for (const { name, lacks, reason } of rows) {
    test(`goes on with the old one when the new one ${name}`, () =>
      inWorld(lacks, async ({ folder, ask }) => {
        const refused = await until('it is refused', () => readRefusal(folder));
        assert.equal(refused, { version: '0.2.0', signature: offer.signature, reason });
        // What is asked while none of the two has the socket is lost.
        await until('the old one answers', async () => (await ask(500)) === 'old');
        assert.not.ok(existsSync(join(folder, 'bundles/current.json')));
      }));
  }

  test('stops without a fault when it is told to while the old one starts again', () =>
    inWorld('up', async ({ folder }) => {
      await until('the new one is refused', () => readRefusal(folder));
      await until('the old one starts', () => Object.keys(cluster.workers ?? {}).length > 1);
    }));

  test('goes on when a word of the cluster’s does not reach the agent', () =>
    inWorld('start', async ({ folder, ask }) => {
      await until('only the old one runs', () => readRefusal(folder));
      for (const worker of Object.values(cluster.workers ?? {}))
        worker?.process.emit('error', new Error('EPIPE'));
      assert.is(await ask(), 'old');
    }));

  test('stops when the agent has died and nobody has heard of it yet', () =>
    inWorld('start', async ({ folder }) => {
      await until('only the old one runs', () => readRefusal(folder));
      const [{ pid = 0 }] = Object.values(cluster.workers ?? {}).map((worker) => worker?.process ?? {}) as [
        { pid?: number },
      ];
      process.kill(pid, 'SIGKILL');
      // Without a turn of the loop: its end is told after `stop`. Its files are closed by the last of its threads.
      while (
        readdirSync(`/proc/${pid}/task`).length > 1 ||
        !/ Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
      ) {}
    }));

  test('goes on with the new one when the disk does not take that it is kept', () =>
    inWorld(
      '',
      async ({ folder, ask }) => {
        await until('the new one answers', async () => (await ask()) === 'new');
        assert.not.ok(existsSync(join(folder, 'bundles/current.json')));
      },
      (folder) => mkdir(join(folder, 'bundles/current.json.new')),
    ));

  test('called to read its configuration again before the agent hears of it: it does, once it can', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hotdesk-parent-'));
    try {
      const program = join(folder, 'agent.mjs');
      await writeFile(
        program,
        `import { writeFileSync } from 'node:fs';
        process.on('SIGHUP', () => writeFileSync('${folder}/reloaded', ''));
        process.on('message', ({ type }) => type === 'stop' && process.exit(0));
        process.send({ type: 'listening' });`,
      );
      const notify = { tell() {}, keepWatch() {}, close() {} };
      const parent = startParent({
        ...{ data: folder, program, argv: [], patienceMs: 1_500, clock: systemClock, notify, log: silent },
      });
      parent.reload();
      await until('it has read it', () => existsSync(join(folder, 'reloaded')));
      parent.stop();
      assert.is(await parent.ended, 0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

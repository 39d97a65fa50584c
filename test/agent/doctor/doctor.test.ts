/** The doctor in an office that is well, and in five that are not; what it says, and what it must not. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { runAgent } from '#agent/agent.ts';
import { loadConfig } from '#agent/config.ts';
import { runDoctor } from '#agent/doctor/command.ts';
import { checkClock, checkPacketSize, judge } from '#agent/doctor/way.ts';
import { enrol } from '#agent/enrol.ts';
import { keepIdentity, readIdentity } from '#agent/identity.ts';
import { createStateFile } from '#agent/state.ts';
import type { Check } from '#protocol/check.ts';
import { systemClock } from '#protocol/clock.ts';
import { inWorld, silent, type World } from '#test/controller/tunnel/world.ts';
import { openConnectProxy } from '#test/support/connect-proxy.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

const quiet = { listen: '127.0.0.1', 'sip-port': '0', 'http-port': '0', 'rtp-ports': '0', pnp: 'false' };

type Office = {
  world: World;
  folder: string;
  agent: string;
  /** Answers the exit code, the checks by name, and every text that left. */
  ask(
    env?: Record<string, string>,
    flags?: Record<string, string>,
  ): Promise<{
    exitCode: number;
    checks: Record<string, Check>;
    texts: string;
  }>;
};

async function inOffice(story: (office: Office) => Promise<void>, host = '127.0.0.1'): Promise<void> {
  await inWorld(async (world) => {
    const folder = await mkdtemp(join(tmpdir(), 'hotdesk-doctor-'));
    const identity = await enrol({
      controller: world.url,
      token: await world.hub.createEnrolToken('berlin'),
    });
    const controller = new URL(`wss://${host}:${world.url.port}`);
    await keepIdentity(folder, { ...identity, controller });
    const ask: Office['ask'] = async (env = {}, flags = {}) => {
      const given = new Map(Object.entries({ ...quiet, ...flags }).map(([name, value]) => [name, [value]]));
      let out = '';
      const report = join(folder, 'report.txt');
      const exitCode = await runDoctor({
        folder,
        loadConfig: () => loadConfig({ flags: given, env }),
        env,
        flags: new Map([...given, ['json', ['true']], ['report', [report]]]),
        readLine: () => Promise.resolve(''),
        now: Date.now,
        out: (text) => {
          out += text;
        },
      });
      const { checks } = JSON.parse(out) as { checks: Check[] };
      return {
        exitCode,
        checks: Object.fromEntries(checks.map((check) => [check.name, check])),
        texts: out + (await readFile(report, 'utf8')),
      };
    };
    try {
      await story({ world, folder, agent: identity.agent, ask });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}

describe('doctor of an agent', (test) => {
  test(
    'an office that is well, before the agent runs and while it does',
    () =>
      inOffice(async ({ world, folder, ask }) => {
        const before = await ask();
        assert.equal(Object.keys(before.checks), [
          'configuration',
          'identity',
          'proxy',
          'dns',
          'tls',
          'clock',
          'packets',
          'tunnel',
          'line',
          'ports',
          'multicast',
          'codec',
          'neighbours',
        ]);
        const bad = Object.values(before.checks).filter(
          ({ result, name }) => result === 'fail' && name !== 'line',
        );
        assert.equal(bad, []);
        assert.match(before.checks.tls?.says ?? '', /the key is the one that was enrolled with/);
        assert.match(before.checks.tunnel?.says ?? '', /takes this agent/);
        assert.match(
          before.checks.line?.says ?? '',
          /median of 20 pings through the tunnel\), jitter .* ms, 0 lost/,
        );
        await until('the doctor’s tunnel to be gone', () => world.hub.agents().every(({ isUp }) => !isUp));

        const state = createStateFile(folder, Date.now, (error) => assert.unreachable(String(error)));
        const identity = JSON.parse(await readFile(join(folder, 'identity.json'), 'utf8')) as {
          privateKey: string;
        };
        const running = await runAgent({
          config: loadConfig({
            flags: new Map(Object.entries(quiet).map(([name, value]) => [name, [value]])),
          }),
          identity: await readIdentity(folder),
          clock: systemClock,
          log: silent,
        });
        await until('the agent is up', () => running.isUp);
        state.keep({ tunnel: 'up' });
        await state.close();
        const beside = await ask();
        assert.match(beside.checks.tunnel?.says ?? '', /the agent that runs has it up/);
        assert.match(beside.checks.line?.says ?? '', /connections beside the tunnel/);
        assert.ok(running.isUp, 'it was left alone');
        assert.ok(world.hub.agents().some(({ isUp }) => isUp));
        await running.close();

        const [, secret = 'none'] = identity.privateKey.split('\n');
        assert.not.match(before.texts + beside.texts, secret);
      }),
    30_000,
  );

  test('broken: the controller has another key', () =>
    inOffice(async ({ folder, ask }) => {
      const file = join(folder, 'identity.json');
      const kept = JSON.parse(await readFile(file, 'utf8')) as object;
      await writeFile(file, JSON.stringify({ ...kept, pins: ['A'.repeat(43)] }));
      const { exitCode, checks } = await ask();
      assert.is(exitCode, 2);
      assert.is(checks.tls?.result, 'fail');
      assert.match(checks.tls?.says ?? '', /has another key than the one this agent was enrolled with/);
      assert.match(checks.tls?.advice ?? '', /enrol again, if not someone is between/);
      assert.match(checks.tunnel?.says ?? '', /not looked at: the controller is not reached/);
    }));

  test('broken: the agent was revoked', () =>
    inOffice(async ({ world, agent, ask }) => {
      const found = world.store.get('agents', agent);
      assert.ok(found);
      const { revision, ...value } = found;
      await world.store.commit([
        { type: 'put', collection: 'agents', value: { ...value, revokedAt: Date.now() }, expect: revision },
      ]);
      const { exitCode, checks } = await ask();
      assert.is(exitCode, 2);
      assert.is(checks.tls?.result, 'ok');
      assert.match(checks.tunnel?.says ?? '', /does not take this agent/);
      assert.match(checks.tunnel?.advice ?? '', /whether this agent was revoked; if so enrol again/);
      assert.match(checks.line?.says ?? '', /not looked at/);
    }));

  test('broken: another program has the port', () =>
    inOffice(async ({ ask }) => {
      const other = createSocket('udp4');
      other.bind(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address();
      const { exitCode, checks } = await ask({}, { 'sip-port': String(port) });
      assert.is(exitCode, 2);
      assert.is(checks.ports?.says, `SIP udp 127.0.0.1:${port}: the port is taken by another program`);
      assert.match(checks.ports?.advice ?? '', /ss -lptun/);
      other.close();
    }));

  test(
    'broken: nobody knows the controller’s name',
    () =>
      inOffice(async ({ ask }) => {
        const { exitCode, checks } = await ask();
        assert.is(exitCode, 2);
        assert.match(checks.dns?.says ?? '', /DNS does not know controller\.invalid \(E/);
        assert.match(checks.dns?.advice ?? '', /check the name for a slip/);
        assert.is(checks.tls, undefined);
      }, 'controller.invalid'),
    30_000,
  );

  test(
    'broken: the proxy refuses; its password is in no text',
    () =>
      inOffice(async ({ ask }) => {
        const proxy = await openConnectProxy({ credentials: 'office:right' });
        const { exitCode, checks, texts } = await ask({
          HTTPS_PROXY: `http://office:CANARY-9@${proxy.url.host}`,
        });
        assert.is(exitCode, 2);
        assert.match(checks.dns?.says ?? '', /looked up by the proxy/);
        assert.match(checks.tls?.says ?? '', /answers 407; it wants another name and password/);
        assert.match(checks.tls?.advice ?? '', /HTTPS_PROXY/);
        assert.not.match(texts, 'CANARY-9');
        assert.not.match(texts, btoa('office:CANARY-9'));
        const through = await ask({ HTTPS_PROXY: `http://office:right@${proxy.url.host}` });
        assert.is(through.checks.tunnel?.result, 'ok', 'and with the right one the tunnel is up');
        await proxy.close();
      }, 'controller.test'),
    30_000,
  );

  test('a folder without an agent, and a configuration with a slip', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hotdesk-doctor-'));
    await mkdir(folder, { recursive: true });
    let out = '';
    const exitCode = await runDoctor({
      folder,
      loadConfig: () => loadConfig({ file: '{"sipprt": 1}' }),
      env: {},
      flags: new Map(),
      readLine: () => Promise.resolve(''),
      now: Date.now,
      out: (text) => {
        out += text;
      },
    });
    assert.is(exitCode, 2);
    assert.match(out, /fail {2}configuration .*did you mean "sipPort"/);
    assert.match(out, /→ enrol this agent: hotdesk-agent enrol/);
    await rm(folder, { recursive: true });
  });

  test('a clock that is wrong, by the controller’s', () =>
    inOffice(async ({ world, folder }) => {
      const { pins } = JSON.parse(await readFile(join(folder, 'identity.json'), 'utf8')) as {
        pins: string[];
      };
      const way = { controller: world.url, pins };
      assert.is((await checkClock(way, Date.now)).result, 'ok');
      const ahead = await checkClock(way, () => Date.now() + 3_600_000);
      assert.is(ahead.result, 'fail');
      assert.match(ahead.says, /^3[56]\d\d s ahead of the controller \(limit 300 s\)/);
      assert.is((await checkClock(way, () => Date.now() - 100_000)).result, 'warn');
      assert.match((await checkPacketSize(way)).says, /3500 bytes at once come through/);
    }));

  // biome-ignore format: a table
  const lines: [what: string, timesMs: number[], result: string, says: RegExp][] = [
    ['a good line',        [20, 22, 20, 21],    'ok',   /^21\.0 ms \(median of 4 pings\), jitter 1\.7 ms, 0 lost/],
    ['a lossy line',       [20, 20, 20],        'warn', /1 lost/],
    ['a trembling line',   [20, 200, 20, 200],  'warn', /jitter 180\.0 ms/],
    ['a far line',         [400, 400, 400, 400], 'warn', /^400\.0 ms/],
    ['a dead line',        [],                  'fail', /none of 4 pings came back/],
  ];
  for (const [what, timesMs, result, says] of lines) {
    test(what, () => {
      const found = judge({ sent: 4, timesMs }, 'pings');
      assert.is(found.result, result);
      assert.match(found.says, says);
    });
  }
});

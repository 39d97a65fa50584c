/** An agent that is told of releases: which it takes, which it refuses, and that it says so. */

import { createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { findKept, keepAgent, keepCurrent, keepRefusal, type Offer, readRefusal } from '#agent/bundles.ts';
import { createUpgrades, type UpgradeOptions } from '#agent/upgrade.ts';
import { Fault } from '#protocol/fault.ts';
import { formatManifest, keyOf, signManifest } from '#protocol/tunnel/release.ts';
import { silent } from '#test/agent/fake-tunnel.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519').privateKey;
const content = Buffer.from('// an agent');
const key = keyOf(signManifest('', privateKey));

function offerOf(version: string, signer = privateKey, of: Buffer = content): Offer {
  const sha256 = createHash('sha256').update(of).digest('hex');
  const files = [{ path: 'agent.mjs', sha256, size: of.length }];
  const manifest = formatManifest({ name: 'hotdesk-agent', version, files });
  return { version, manifest, signature: signManifest(manifest, signer) };
}

async function inFolder(story: (data: string) => Promise<void>) {
  const data = await mkdtemp(join(tmpdir(), 'hotdesk-upgrade-'));
  try {
    await story(data);
  } finally {
    await rm(data, { recursive: true });
  }
}

function take(data: string, offer: Offer, options: Partial<UpgradeOptions> = {}) {
  const clock = createFakeClock();
  const fetched: string[] = [];
  const called: string[] = [];
  const keys: string[] = [];
  const upgrades = createUpgrades(
    {
      data,
      version: '0.1.0',
      releaseKey: key,
      refused: undefined,
      async fetch(path) {
        fetched.push(path);
        return content;
      },
      onKey: (told) => keys.push(told),
      onUpgrade: (_, file) => called.push(file),
      clock,
      log: silent,
      ...options,
    },
    () => {},
  );
  const { version, ...told } = offer;
  upgrades.take({ type: 'release', ...told });
  return { upgrades, clock, fetched, called, keys, version };
}

describe('an agent that is told of a release', (test) => {
  test('fetches it, says that it has it, and goes when it is called', () =>
    inFolder(async (data) => {
      const { upgrades, called, fetched } = take(data, offerOf('0.2.0'));
      await until('it has it', () => upgrades.status().upgrade?.state === 'ready');
      assert.equal(upgrades.status(), { upgrades: true, upgrade: { version: '0.2.0', state: 'ready' } });
      assert.equal(fetched, ['/bundle/agent.mjs']);
      upgrades.take({ type: 'upgrade', version: '0.3.0' });
      assert.equal(called, [], 'that is another one');
      upgrades.take({ type: 'upgrade', version: '0.2.0' });
      assert.equal(called, [join(data, 'bundles/0.2.0.mjs')]);
      assert.equal(await readFile(called[0] ?? ''), content);
      assert.is((await stat(called[0] ?? '')).mode & 0o777, 0o600);
      upgrades.refused('it did not start');
      assert.equal(upgrades.status().upgrade, {
        version: '0.2.0',
        state: 'rolledBack',
        reason: 'it did not start',
      });
    }));

  // biome-ignore format: a table
  const refused: { name: string; offer: Offer; options?: Partial<UpgradeOptions>; said: RegExp }[] = [
    { name: 'of another key',    offer: offerOf('0.2.0', other),                           said: /another key than the one told at enrolment/ },
    { name: 'with a manifest that was changed', offer: { ...offerOf('0.2.0'), manifest: offerOf('0.3.0').manifest }, said: /signature of the release is wrong/ },
    { name: 'whose file is another', offer: offerOf('0.2.0', privateKey, Buffer.from('// another')), said: /not what the manifest names/ },
  ];
  for (const { name, offer, options, said } of refused) {
    test(`refuses one ${name}`, () =>
      inFolder(async (data) => {
        const { upgrades, called } = take(data, offer, options);
        await until('it is refused', () => upgrades.status().upgrade?.state === 'refused');
        assert.match(upgrades.status().upgrade?.reason ?? '', said);
        upgrades.take({ type: 'upgrade', version: '0.2.0' });
        assert.equal(called, []);
        assert.not.ok(existsSync(join(data, 'bundles/0.2.0.mjs')));
      }));
  }

  test('takes none that is not newer, and none again that did not come up', () =>
    inFolder(async (data) => {
      const bad = offerOf('0.3.0');
      const failed = { version: '0.3.0', signature: bad.signature, reason: 'x' };
      const { upgrades, fetched } = take(data, offerOf('0.1.0'), { refused: failed });
      upgrades.take({ type: 'release', manifest: bad.manifest, signature: bad.signature });
      const good = offerOf('0.4.0');
      upgrades.take({ type: 'release', manifest: good.manifest, signature: good.signature });
      await until('it has the third', () => upgrades.status().upgrade?.state === 'ready');
      assert.equal(fetched.length, 1);
    }));

  test('fetches again when the line fell', () =>
    inFolder(async (data) => {
      let tries = 0;
      const fetch = async () => {
        if (++tries === 1) throw new Fault('unavailable', 'the line fell');
        return content;
      };
      const { upgrades, clock } = take(data, offerOf('0.2.0'), { fetch });
      await until('it failed', () => upgrades.status().upgrade?.reason === 'the line fell');
      assert.is(upgrades.status().upgrade?.state, 'fetching');
      clock.advance(60_000);
      await until('it has it', () => upgrades.status().upgrade?.state === 'ready');
    }));

  test('that was enrolled before there were any keeps the first key it is told', () =>
    inFolder(async (data) => {
      const { upgrades, keys } = take(data, offerOf('0.2.0'), { releaseKey: undefined });
      await until('it has it', () => upgrades.status().upgrade?.state === 'ready');
      assert.equal(keys, [key]);
      const next = offerOf('0.3.0', other);
      upgrades.take({ type: 'release', manifest: next.manifest, signature: next.signature });
      await until('another is refused', () => upgrades.status().upgrade?.state === 'refused');
    }));
});

describe('releases in the folder of an agent', (test) => {
  test('run only newer than what was installed, signed, and as they were', () =>
    inFolder(async (data) => {
      assert.is(await findKept(data, '0.1.0', key), undefined);
      const offer = offerOf('0.2.0');
      const file = await keepAgent(data, '0.2.0', content);
      await keepAgent(data, '0.1.9', content);
      await keepCurrent(data, offer);
      assert.not.ok(existsSync(join(data, 'bundles/0.1.9.mjs')), 'no other is kept');
      assert.equal(await findKept(data, '0.1.0', key), { file, version: '0.2.0' });
      assert.is(await findKept(data, '0.2.0', key), undefined, 'what was installed is as new');
      assert.is(await findKept(data, '0.1.0', undefined), undefined, 'nobody is trusted');

      const stranger = keyOf(signManifest('', other));
      for (const [what, change] of [
        ['of another key', () => findKept(data, '0.1.0', stranger)],
        ['changed', async () => writeFile(file, '// evil').then(() => findKept(data, '0.1.0', key))],
      ] as const) {
        const error = await change().catch((caught: unknown) => caught);
        assert.ok(Fault.is(error, 'auth.refused'), what);
      }
    }));

  test('are forgotten when they did not come up', () =>
    inFolder(async (data) => {
      const { version, signature } = offerOf('0.2.0');
      const file = await keepAgent(data, version, content);
      await keepRefusal(data, { version, signature, reason: 'it did not start' });
      assert.equal(await readRefusal(data), { version, signature, reason: 'it did not start' });
      assert.not.ok(existsSync(file));
    }));
});

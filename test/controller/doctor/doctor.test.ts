/** The doctor at a controller that stands and one that runs; and at set-ups that are broken. */

import { createPrivateKey } from 'node:crypto';
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import * as assert from 'uvu/assert';
import { createClient } from '#controller/cli/client.ts';
import { openController } from '#controller/controller.ts';
import { runDoctor } from '#controller/doctor/command.ts';
import type { DoctorOptions } from '#controller/doctor/doctor.ts';
import type { Disk } from '#controller/doctor/files.ts';
import { openMasterKey } from '#controller/master-key.ts';
import { site } from '#controller/model/model.ts';
import { openStore } from '#controller/store/store.ts';
import { openIdentity, selfSign } from '#controller/tunnel/certificate.ts';
import type { Check } from '#protocol/check.ts';
import { describe } from '#test/support/describe.ts';

const log = pino({ level: 'silent' });
const well: Disk = { freeBytes: () => Promise.resolve(10 ** 12), write: () => Promise.resolve() };

/** A folder as a controller leaves it, with a site that has a way out. */
async function inFolder(
  story: (
    data: string,
    ask: (
      more?: Partial<DoctorOptions>,
    ) => Promise<{ exitCode: number; checks: Record<string, Check>; texts: string }>,
  ) => Promise<void>,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'hotdesk-doctor-'));
  const data = join(root, 'data');
  await openMasterKey(data, true);
  await openIdentity(data);
  const store = await openStore({ folder: join(data, 'store'), log });
  const emergencyGateway = { address: '192.0.2.9', port: 5_060 };
  await store.commit([
    { type: 'put', collection: 'sites', value: site.parse({ id: 'berlin', emergencyGateway }) },
  ]);
  await store.close();
  try {
    await story(data, async (more = {}) => {
      let out = '';
      const report = join(root, 'report.txt');
      const exitCode = await runDoctor({
        data,
        now: Date.now,
        disk: well,
        asJson: true,
        report,
        out: (text) => {
          out += text;
        },
        ...more,
      });
      const { checks } = JSON.parse(out) as { checks: Check[] };
      return {
        exitCode,
        checks: Object.fromEntries(checks.map((check) => [check.name, check])),
        texts: out + (await readFile(report, 'utf8')),
      };
    });
  } finally {
    await rm(root, { recursive: true });
  }
}

describe('doctor of a controller', (test) => {
  test('one that stands is well as far as files tell', () =>
    inFolder(async (data, ask) => {
      const { exitCode, checks, texts } = await ask();
      assert.equal(Object.keys(checks), [
        'disk',
        'modes',
        'store',
        'master key',
        'certificates',
        'clock',
        'prompts',
        'api',
        'emergency',
        'agents',
        'webhooks',
      ]);
      assert.equal(
        Object.values(checks).filter(({ result }) => result === 'fail'),
        [],
      );
      assert.is(exitCode, 1);
      assert.match(checks.api?.says ?? '', /no controller answers/);
      assert.match(checks.emergency?.says ?? '', /each of 1 sites has a way out/);
      for (const file of ['master.key', 'tls.key']) {
        const secret =
          (await readFile(join(data, file), 'utf8')).split('\n')[file === 'tls.key' ? 1 : 0] ?? '';
        assert.ok(secret.length > 20);
        assert.not.match(texts, secret);
      }
    }));

  test(
    'one that runs is asked',
    () =>
      inFolder(async (data, ask) => {
        const any = { address: '127.0.0.1', port: 0 };
        const controller = await openController({ data, listen: any, apiListen: any, log });
        const client = createClient({ type: 'socket', data });
        try {
          const { checks } = await ask();
          assert.match(checks.api?.says ?? '', /runs and answers/);
          assert.is(checks.store?.result, 'ok');
          assert.match(checks.agents?.says ?? '', /0 of 0 are up/);
          assert.match(checks.webhooks?.says ?? '', /none failed/);
          // Its gateway is behind an agent that is not there.
          assert.is(checks.emergency?.result, 'fail');
          await client.ask('POST', '/webhooks', { url: 'http://127.0.0.1:1/', events: ['login'] });
          const [made] = ((await client.ask('GET', '/webhooks')) as { items: { id: string }[] }).items;
          await client.ask('POST', `/webhooks/${made?.id}/test`);
          const after = await ask();
          assert.is(after.checks.webhooks?.result, 'warn');
          assert.match(after.checks.webhooks?.advice ?? '', /hotdesk webhook test/);
        } finally {
          await client.close();
          await controller.close();
        }
      }),
    30_000,
  );

  test('broken: a disk that is full, or read-only', () =>
    inFolder(async (_, ask) => {
      const full = await ask({ disk: { ...well, freeBytes: () => Promise.resolve(1_000) } });
      assert.is(full.exitCode, 2);
      assert.match(full.checks.disk?.says ?? '', /the disk is full: 0 MiB are free/);
      assert.match(full.checks.disk?.advice ?? '', /make room/);
      const refusal = Object.assign(new Error('EROFS'), { code: 'EROFS' });
      const fixed = await ask({ disk: { ...well, write: () => Promise.reject(refusal) } });
      assert.match(fixed.checks.disk?.says ?? '', /the disk is read-only/);
      assert.match(fixed.checks.disk?.advice ?? '', /logins and changes are refused, calls go on/);
    }));

  test('broken: a certificate that expired', () =>
    inFolder(async (data, ask) => {
      const key = createPrivateKey(await readFile(join(data, 'tls.key'), 'utf8'));
      const notAfter = new Date(Date.now() - 3_600_000);
      await writeFile(join(data, 'api.crt'), await selfSign(key, { name: 'CN=page', notAfter }), {
        mode: 0o600,
      });
      const { exitCode, checks } = await ask();
      assert.is(exitCode, 2);
      assert.match(checks.certificates?.says ?? '', /api\.crt expired \d{4}-/);
      assert.match(checks.certificates?.advice ?? '', /restart the controller/);
      const given = await ask({ certificates: [join(data, 'nowhere.pem')] });
      assert.is(given.checks.certificates?.result, 'fail', 'one that is not there');
    }));

  test('broken: a site without a way out for emergency calls', () =>
    inFolder(async (data, ask) => {
      const store = await openStore({ folder: join(data, 'store'), log });
      await store.commit([{ type: 'put', collection: 'sites', value: site.parse({ id: 'wien' }) }]);
      await store.close();
      const { exitCode, checks } = await ask();
      assert.is(exitCode, 2);
      assert.is(checks.emergency?.says, 'wien: emergency route gateway: the site has none');
      assert.match(checks.emergency?.advice ?? '', /hotdesk site set ID --gateway/);
    }));

  test('broken: others may read a key; a key that is gone; a store that was cut', () =>
    inFolder(async (data, ask) => {
      await chmod(join(data, 'tls.key'), 0o644);
      const open = await ask();
      assert.match(open.checks.modes?.says ?? '', /others may read .*tls\.key/);
      assert.match(open.checks.modes?.advice ?? '', /chmod -R go=/);
      await rm(join(data, 'master.key'));
      await writeFile(join(data, 'store/snapshot-00000001.db'), 'x');
      const { checks } = await ask();
      assert.match(checks['master key']?.says ?? '', /is missing: bring it back from a backup/);
      assert.match(checks.store?.says ?? '', /no snapshot of the store is good/);
      assert.match(checks.store?.advice ?? '', /hotdesk restore/);
    }));

  if (process.getuid?.() === 0) {
    test('broken: a file that root left in the folder of a service', () =>
      inFolder(async (data, ask) => {
        await chown(join(data, 'tls.key'), 65_534, 65_534);
        const { checks } = await ask();
        assert.match(checks.modes?.says ?? '', /tls\.key is not its folder’s owner’s/);
        assert.is(checks.modes?.advice, `chown -R --reference=${data} ${data}`);
      }));
  } else test.skip('broken: a file that root left in the folder of a service', 'it needs root');

  test('broken: the clock went back', () =>
    inFolder(async (_, ask) => {
      const { checks } = await ask({ now: () => Date.now() - 86_400_000 });
      assert.match(checks.clock?.says ?? '', /the store was written at/);
    }));
});

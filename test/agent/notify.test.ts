/** What the service manager is told, by a program of that name that notes it down. */

import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { createNotify } from '#agent/notify.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

async function inFolder(story: (told: () => Promise<string[]>, env: NodeJS.ProcessEnv) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-notify-'));
  const notes = join(folder, 'notes');
  try {
    await writeFile(notes, '');
    await writeFile(join(folder, 'systemd-notify'), `#!/bin/sh\necho "$@" >>${notes}\n`);
    await chmod(join(folder, 'systemd-notify'), 0o755);
    const told = async () => (await readFile(notes, 'utf8')).split('\n').filter(Boolean);
    await story(told, {
      PATH: `${folder}:/usr/bin:/bin`,
      NOTIFY_SOCKET: '/run/x',
      WATCHDOG_USEC: '60000000',
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('the service manager', (test) => {
  test('is told what there is to tell', () =>
    inFolder(async (told, env) => {
      createNotify({ env, clock: createFakeClock() }).tell('READY=1', 'STATUS=the tunnel is up');
      await until('it is told', async () => (await told()).length === 1);
      assert.equal(await told(), ['READY=1 STATUS=the tunnel is up']);
    }));

  test('hears three times in its time that all is well, and nothing when it is not', () =>
    inFolder(async (told, env) => {
      const clock = createFakeClock();
      let isWell = true;
      const notify = createNotify({ env, clock });
      notify.keepWatch(() => isWell);
      clock.advance(60_000);
      await until('three times', async () => (await told()).length === 3);
      isWell = false;
      clock.advance(60_000);
      isWell = true;
      clock.advance(20_000);
      await until('once more', async () => (await told()).length === 4);
      notify.close();
      assert.is(clock.pending(), 0);
      assert.equal(new Set(await told()), new Set(['WATCHDOG=1']));
    }));

  test('that asks for nothing is told nothing', () =>
    inFolder(async (told, { PATH }) => {
      const clock = createFakeClock();
      const notify = createNotify({ env: { PATH }, clock });
      notify.tell('READY=1');
      notify.keepWatch(() => true);
      assert.is(clock.pending(), 0);
      assert.equal(await told(), []);
    }));
});

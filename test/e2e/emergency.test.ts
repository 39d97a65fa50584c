/**
 * The emergency number works from every state a phone can be in: idle, logged
 * in, locked out, logged out, with a secret that is long dead, and when the
 * store can keep nothing any more.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { openConfigCache } from '#test/support/config-cache.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { anna, type Desk, inWorld, logIn, macOf, openDesk, type World } from './world.ts';

const deadlineMs = 60_000;
const isRoot = process.getuid?.() === 0;

/** Calls 112 and is answered by the site's gateway, as the device and nobody else. */
async function callForHelp({ gateway }: World, desk: Desk, device: string, when: string): Promise<void> {
  const [mark, gatewayMark] = [desk.mark(), gateway.mark()];
  desk.phone.call('112');
  await desk.saw('answered', {}, mark).catch((cause: Error) => {
    throw new Error(`112 ${when}: ${cause.message}`, { cause });
  });
  const { from, asserted } = await gateway.saw('incoming', {}, gatewayMark);
  assert.equal([from, asserted ?? device], [device, device], when);
  desk.phone.hangUp();
  await desk.saw('ended', { by: 'us' }, mark);
  await gateway.saw('ended', { by: 'them' }, gatewayMark);
}

describe('112', (test) => {
  test(
    'is answered while idle, locked out, logged in and logged out',
    async () => {
      const lockedUntil = Date.now() + 600_000;
      const lock = { id: 'HD0001', failures: 10, lastFailureAt: Date.now(), lockedUntil };
      await inWorld(
        async (world) => {
          const desk = await world.desk('HD0001');
          await callForHelp(world, desk, 'HD0001', 'while idle and locked');
          const mark = desk.mark();
          desk.phone.call(anna.extension);
          await desk.saw('ended', { status: 403 }, mark);

          const second = await world.desk('HD0002');
          await logIn(second, anna, world.ear);
          await callForHelp(world, second, 'HD0002', 'right after the commit');
          await second.saw('registered', { aor: anna.extension });
          await world.changedOver('HD0002');
          await callForHelp(world, second, 'HD0002', 'logged in');
          const out = second.mark();
          second.phone.press(1);
          await second.saw('calling', { number: '*77*5*' }, out);
          await until('no session', async () => {
            const { items } = (await world.ask('GET', '/sessions')) as { items: unknown[] };
            return items.length === 0;
          });
          await second.saw('registered', { aor: 'HD0002' }, out);
          await callForHelp(world, second, 'HD0002', 'logged out');
          assert.is(await world.counter('sip.emergencyFailed'), 0);
        },
        { desks: 2, seed: [{ type: 'put', collection: 'pinLocks', value: lock }] },
      );
    },
    deadlineMs,
  );

  test(
    'is answered with a secret that is generations old',
    async () => {
      await inWorld(async (world) => {
        const cache = await openConfigCache(await world.url('HD0001'));
        world.defer(() => cache.close());
        const desk = await openDesk({ provisioning: { url: cache.url, mac: macOf('HD0001') } });
        world.defer(() => desk.phone.close());
        await desk.saw('registered', { aor: 'HD0001' });
        cache.isStale = true;
        // The phone proves the first generation only; of what follows four at most are good.
        for (let times = 0; times < 3; times++) {
          await world.ask('POST', '/sessions', { device: 'HD0001', extension: anna.extension });
          await world.ask('DELETE', '/sessions/HD0001');
        }
        await desk.saw('check-sync');
        const mark = desk.mark();
        desk.phone.call(anna.extension);
        await desk.saw('ended', {}, mark);
        assert.ok((await world.counter('sip.wrongCredentials')) > 0, 'its secret is dead');
        await callForHelp(world, desk, 'HD0001', 'with a stale secret');
      });
    },
    deadlineMs,
  );

  if (!isRoot) test.skip('is answered while the disk is full', 'needs root, to mount a small disk');
  else {
    test(
      'is answered while the disk is full, and a login is told "not possible now"',
      async () => {
        const disk = mkdtempSync(join(tmpdir(), 'hotdesk-disk-'));
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=700', 'tmpfs', disk]);
        try {
          await inWorld((world) => onFullDisk(world, disk), { folder: disk, desks: 2 });
        } finally {
          execFileSync('umount', [disk]);
          await rm(disk, { recursive: true });
        }
      },
      deadlineMs,
    );
  }
});

async function onFullDisk(world: World, disk: string): Promise<void> {
  const [desk, other] = [await world.desk('HD0001'), await world.desk('HD0002')];
  await fill(join(disk, 'filler'));

  const mark = desk.mark();
  desk.phone.call(`*77*${anna.extension}*`);
  const { remoteMedia } = await desk.saw('answered', {}, mark);
  desk.phone.dtmf(`${anna.pin}#`);
  await desk.saw('ended', { by: 'them' }, mark);
  const said = world.ear.heard(remoteMedia).map(({ prompt }) => prompt);
  assert.equal(said.slice(-2), ['unavailable', 'goodbye']);
  assert.equal(await world.ask('GET', '/sessions'), { items: [] }, 'half a login is none');

  await callForHelp(world, desk, 'HD0001', 'on a full disk');
  await callForHelp(world, other, 'HD0002', 'on a full disk');

  await rm(join(disk, 'filler'));
  await logIn(desk, anna, world.ear);
  await desk.saw('registered', { aor: anna.extension });
}

/** To the last byte. */
async function fill(file: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    for (let size = 65_536; size >= 1; ) {
      const isWritten = await handle.write(Buffer.alloc(size)).then(
        ({ bytesWritten }) => bytesWritten === size,
        () => false,
      );
      if (!isWritten) size >>= 1;
    }
  } finally {
    await handle.close();
  }
}

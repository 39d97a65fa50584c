/** Phones that do not follow: every change-over ends with a phone that shows its session. */

import * as assert from 'uvu/assert';
import { dialTunnel } from '#agent/tunnel.ts';
import {
  anna,
  ben,
  type Desk,
  dialLogin,
  inWorld,
  logIn,
  macOf,
  openDesk,
  type World,
} from '#test/e2e/world.ts';
import { openConfigCache } from '#test/support/config-cache.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

const deadlineMs = 60_000;

const sessionsOf = async ({ ask }: World) =>
  ((await ask('GET', '/sessions')) as { items: { device: string; extension: string }[] }).items.map(
    ({ device, extension }) => `${device} ${extension}`,
  );

/** It proved what its session says. */
async function converges(world: World, device: string, desk: Desk, aor: string): Promise<void> {
  await world.changedOver(device);
  await desk.saw('registered', { aor });
  const { registered } = (await world.device(device)) as { registered: { aor: string } };
  assert.is(registered.aor, aor);
}

describe('a phone in its change-over', (test) => {
  test(
    'that is rebooted comes back as whom its session says',
    async () => {
      await inWorld(
        async (world) => {
          const desk = await world.desk('HD0001');
          await dialLogin(desk, anna);
          desk.phone.dtmf(`${anna.pin}#`);
          await until('the session', async () => (await sessionsOf(world)).length === 1);
          await desk.phone.close(); // in the middle of the confirmation
          const again = await world.desk('HD0001');
          await converges(world, 'HD0001', again, anna.extension);
        },
        { desks: ['D785'] },
      );
    },
    deadlineMs,
  );

  test(
    'that misses the NOTIFY hears the next one',
    async () => {
      let lost = 0;
      const toLose = 2;
      await inWorld(
        async (world) => {
          const desk = await world.desk('HD0001');
          await world.ask('POST', '/sessions', { device: 'HD0001', extension: anna.extension });
          await converges(world, 'HD0001', desk, anna.extension);
          assert.is(lost, toLose);
        },
        {
          desks: ['GRP2614'],
          agent: {
            // Between the tunnel and the phone's own LAN.
            dial: (options) =>
              dialTunnel({
                ...options,
                onSip(flow, bytes) {
                  if (lost < toLose && Buffer.from(bytes).toString('latin1').startsWith('NOTIFY ')) lost++;
                  else options.onSip(flow, bytes);
                },
              }),
          },
        },
      );
    },
    deadlineMs,
  );

  test(
    'that is given an old file by a cache is asked again, until it has the new one',
    async () => {
      await inWorld(
        async (world) => {
          const cache = await openConfigCache(await world.url('HD0001'));
          world.defer(() => cache.close());
          const desk = await openDesk({
            provisioning: { url: cache.url, mac: macOf('HD0001'), model: 'UC926' },
          });
          world.defer(() => desk.phone.close());
          await desk.saw('registered', { aor: 'HD0001' });
          cache.isStale = true;
          const from = desk.mark();
          await world.ask('POST', '/sessions', { device: 'HD0001', extension: anna.extension });
          await desk.saw('check-sync', {}, from);
          await desk.saw('provisioned', { account: 'HD0001' }, from); // its own file was old, and not its model's alone
          assert.ok(cache.staleAnswers > 0);
          const { changeOver } = (await world.device('HD0001')) as { changeOver: { state: string } };
          assert.not.equal(changeOver.state, 'active');
          cache.isStale = false;
          await converges(world, 'HD0001', desk, anna.extension);
          assert.ok(desk.count('check-sync') >= 2);
        },
        { desks: ['UC926'] },
      );
    },
    deadlineMs,
  );

  test(
    'of two that log in at once, as one user and as two, each has its own',
    async () => {
      await inWorld(
        async (world) => {
          const desks = [await world.desk('HD0001'), await world.desk('HD0002'), await world.desk('HD0003')];
          const [first, second, third] = desks as [Desk, Desk, Desk];
          await Promise.all([
            logIn(first, anna, world.ear),
            logIn(second, anna, world.ear),
            logIn(third, ben, world.ear),
          ]);
          assert.equal((await sessionsOf(world)).sort(), ['HD0001 100', 'HD0002 100', 'HD0003 101']);
          await Promise.all([
            converges(world, 'HD0001', first, anna.extension),
            converges(world, 'HD0002', second, anna.extension),
            converges(world, 'HD0003', third, ben.extension),
          ]);
          const marks = [first.mark(), second.mark()] as const;
          third.phone.call(anna.extension);
          await Promise.all([first.saw('incoming', {}, marks[0]), second.saw('incoming', {}, marks[1])]);
          first.phone.answer();
          await second.saw('ended', {}, marks[1]);
          third.phone.hangUp();
        },
        { desks: 3 },
      );
    },
    deadlineMs,
  );
});

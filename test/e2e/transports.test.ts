/** Phones by TCP and TLS: provisioned so, logged in, changed over, called; and changed from one to the other. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { anna, ben, inWorld, logIn, type World } from './world.ts';

const deadlineMs = 40_000;

const transportOf = async (world: World, id: string) =>
  ((await world.device(id)).registered as { transport: string } | null)?.transport;

describe('transport', (test) => {
  for (const transport of ['tcp', 'tls'] as const) {
    test(
      `${transport}: a login, a change-over, a call`,
      async () => {
        await inWorld(
          async (world) => {
            const [first, second] = [await world.desk('HD0001'), await world.desk('HD0002')];
            // The voice over the one, as it takes its time.
            if (transport === 'tls') await logIn(first, anna, world.ear);
            else await world.ask('POST', '/sessions', { device: 'HD0001', extension: anna.extension });
            await first.saw('check-sync');
            await first.saw('registered', { aor: anna.extension });
            await world.changedOver('HD0001');
            await world.ask('POST', '/sessions', { device: 'HD0002', extension: ben.extension });
            await second.saw('registered', { aor: ben.extension });
            for (const id of ['HD0001', 'HD0002']) assert.is(await transportOf(world, id), transport);

            first.phone.autoAnswer(true);
            second.phone.call(anna.extension);
            await second.saw('answered');
            await first.saw('incoming', { from: ben.extension });
            const from = first.mark();
            second.phone.hangUp();
            await first.saw('ended', { by: 'them' }, from);
            assert.is(world.agent.counters.sip.streamsBroken, 0);
          },
          { desks: 2, site: { transport } },
        );
      },
      deadlineMs,
    );
  }

  test(
    'a site goes from UDP to TLS and back: its phones follow with their next config',
    async () => {
      await inWorld(async (world) => {
        const desk = await world.desk('HD0001');
        assert.is(await transportOf(world, 'HD0001'), 'udp');
        for (const [transport, aor] of [
          ['tls', anna.extension],
          ['tcp', 'HD0001'],
          ['udp', anna.extension],
        ] as const) {
          await world.ask('PATCH', '/sites/berlin', { transport });
          const from = desk.mark();
          if (aor === 'HD0001') await world.ask('DELETE', '/sessions/HD0001');
          else await world.ask('POST', '/sessions', { device: 'HD0001', extension: aor });
          await desk.saw('registered', { aor }, from);
          await world.changedOver('HD0001');
          assert.is(await transportOf(world, 'HD0001'), transport);
        }
      });
    },
    deadlineMs,
  );
});

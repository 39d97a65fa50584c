/** Who may not register what: devices nobody knows, wrong secrets, and other people's addresses. */

import * as assert from 'uvu/assert';
import type { SipMessage } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { openRawPhone, statusOf } from './raw-phone.ts';
import { anna, inWorld, type World } from './world.ts';

const deadlineMs = 30_000;
const secret = '0123456789abcdef0123456789abcdef';

/** What a stranger learns: all of the answer but what is random in every answer. */
function learned(answer: SipMessage): string {
  const challenge = (answer.get('WWW-Authenticate') ?? '').replace(/nonce="[^"]*"/, '');
  return `${statusOf(answer)} ${answer.names().join()} ${challenge}`;
}

async function refusedAsStranger(world: World, username: string): Promise<string> {
  const phone = await openRawPhone(world.sip);
  world.defer(phone.close);
  const before = await world.counter('sip.wrongCredentials');
  const answer = await phone.register({ username, password: secret });
  assert.is(statusOf(answer), 401);
  assert.is(await world.counter('sip.wrongCredentials'), before + 1);
  return learned(answer);
}

describe('registration', (test) => {
  test(
    'of a device that is not in the store, or with a wrong digest: one answer, counted, no binding',
    async () => {
      await inWorld(async (world) => {
        const unknown = await refusedAsStranger(world, 'HD0999');
        const wrong = await refusedAsStranger(world, 'HD0001');
        assert.is(unknown, wrong);
        assert.is((await world.device('HD0001')).registered, null);
        assert.not(world.log.join('').includes(secret));
      });
    },
    deadlineMs,
  );

  test(
    'of somebody else’s address: 403, counted, and everybody stays where they are',
    async () => {
      await inWorld(
        async (world) => {
          // What it sends again, as on a machine that takes its time, would be counted again.
          const timers = { t1: 60_000, t2: 60_000, t4: 5_000 };
          const [first, second] = [await world.desk('HD0001', { timers }), await world.desk('HD0002')];
          await world.ask('POST', '/sessions', { device: 'HD0002', extension: anna.extension });
          await second.saw('registered', { aor: anna.extension });
          await world.changedOver('HD0002');
          const before = await world.counter('sip.foreignAor');
          for (const aor of [anna.extension, 'HD0002', '112', 'nobody']) {
            first.phone.register(aor);
            await first.saw('registration-failed', { aor, status: 403 });
          }
          assert.is(await world.counter('sip.foreignAor'), before + 4);
          const aorOf = async (id: string) => ((await world.device(id)).registered as { aor: string }).aor;
          assert.equal([await aorOf('HD0001'), await aorOf('HD0002')], ['HD0001', anna.extension]);
        },
        { desks: 2 },
      );
    },
    deadlineMs,
  );

  test(
    'by a phone that was removed or replaced, under a name that was given again: 401',
    async () => {
      await inWorld(async (world) => {
        const first = await world.desk('HD0001');
        const known = () => first.phone.memory.get('account.1.password') ?? '';
        const thief = await openRawPhone(world.sip);
        world.defer(thief.close);
        const password = known();
        assert.is(statusOf(await thief.register({ username: 'HD0001', password })), 200);

        await world.ask('PATCH', '/devices/HD0001', { mac: '001565d000aa' });
        assert.is(statusOf(await thief.register({ username: 'HD0001', password })), 401, 'replaced');
        await world.ask('DELETE', '/devices/HD0001');
        const another = { mac: '001565d000bb', model: 'T46S', site: 'berlin' };
        assert.is(((await world.ask('POST', '/devices', another)) as { id: string }).id, 'HD0001');
        assert.is(statusOf(await thief.register({ username: 'HD0001', password })), 401, 'removed');
      });
    },
    deadlineMs,
  );
});

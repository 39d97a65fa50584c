/** Busy lamps and pickup, with three phones, the real agent and the real controller. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { anna, ben, inWorld, type World } from './world.ts';

const carla = { extension: '102', name: 'Carla "C" <Conrad> & Co', pin: '7412' };
const blf = (value: string) => ({ type: 'blf', value, label: value });

async function seat(world: World, id: string, { extension }: { extension: string }) {
  const desk = await world.desk(id);
  await world.ask('POST', '/sessions', { device: id, extension });
  await desk.saw('registered', { aor: extension });
  await world.changedOver(id);
  return desk;
}

describe('busy lamps', (test) => {
  test('show who rings and who talks, and the key that blinks takes the call', async () => {
    await inWorld(
      async (world) => {
        await world.ask('PATCH', `/users/${anna.extension}`, { keys: [blf(ben.extension), blf('999')] });
        const [first, second, third] = [
          await seat(world, 'HD0001', anna),
          await seat(world, 'HD0002', ben),
          await seat(world, 'HD0003', carla),
        ];
        const lamp = (state: 'idle' | 'ringing' | 'busy', from = 0) =>
          first.saw('lamp', { position: 2, state }, from);
        await lamp('idle');
        assert.is(first.phone.memory.get('linekey.2.extension'), '**');

        // A call to Ben: his key blinks, is lit, goes dark.
        let from = first.mark();
        third.phone.call(ben.extension);
        await lamp('ringing', from);
        await second.saw('incoming');
        second.phone.answer();
        await lamp('busy', from);
        second.phone.hangUp();
        await lamp('idle', from);

        // A call of his own.
        from = first.mark();
        second.phone.call(carla.extension);
        await lamp('busy', from);
        await third.saw('incoming');
        second.phone.hangUp();
        await lamp('idle', from);

        // Anna takes the next one.
        const marks = [first.mark(), second.mark(), third.mark()];
        third.phone.call(ben.extension);
        await lamp('ringing', marks[0]);
        await second.saw('incoming', {}, marks[1]);
        first.phone.call(`**${ben.extension}`);
        const { call } = await third.saw('answered', {}, marks[2]);
        await first.saw('answered', {}, marks[0]);
        await second.saw('ended', {}, marks[1]);
        await lamp('idle', marks[0]);
        assert.is(await world.counter('sip.pickups'), 1);
        first.phone.hangUp();
        await third.saw('ended', { call, by: 'them' }, marks[2]);

        // Who may not watch may not take.
        const before = await world.counter('sip.refusedWatch');
        second.phone.call(`**${anna.extension}`);
        await until('a refusal', async () => (await world.counter('sip.refusedWatch')) === before + 1);
      },
      { desks: 3, people: [anna, ben, carla] },
    );
  }, 60_000);

  test('end with the session, and follow the keys of the user at once', async () => {
    await inWorld(
      async (world) => {
        await world.ask('PATCH', `/users/${anna.extension}`, { keys: [blf(ben.extension)] });
        const desk = await seat(world, 'HD0001', anna);
        await desk.saw('lamp', { position: 2, state: 'idle' });
        const from = desk.mark();
        await world.ask('DELETE', '/sessions/HD0001');
        await desk.saw('provisioned', { account: 'HD0001' }, from);
        await world.changedOver('HD0001');
        const refused = await world.counter('sip.refusedWatch');
        const notified = 2; // the first, and that it is over, which may wait for its turn
        await until('the last word', async () => (await world.counter('sip.notified')) === notified);
        await world.ask('PATCH', `/users/${ben.extension}`, { name: 'Ben K.' });
        assert.is(await world.counter('sip.notified'), notified);
        assert.is(await world.counter('sip.refusedWatch'), refused);
      },
      { desks: 1 },
    );
  }, 40_000);
});

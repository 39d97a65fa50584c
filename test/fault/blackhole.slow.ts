/** Nothing gets through for ten seconds, in a call: with the intervals as they are in an office. */

import * as assert from 'uvu/assert';
import { anna, ben, inWorld } from '#test/e2e/world.ts';
import { describe } from '#test/support/describe.ts';
import { type Forwarder, openForwarder } from '#test/support/forwarder.ts';
import { until } from '#test/support/until.ts';

const darkMs = 10_000;

describe('a blackhole of 10 s', (test) => {
  test('in a call: it goes on, its BYE arrives afterwards, no phone registers again', async () => {
    let way: Forwarder | undefined;
    const options = {
      desks: 2,
      async way(port: number) {
        way = await openForwarder(port);
        return way.port;
      },
    };
    await inWorld(async (world) => {
      assert.ok(way);
      world.defer(way.close);
      const [caller, called] = [await world.desk('HD0001'), await world.desk('HD0002')];
      await world.ask('POST', '/sessions', { device: 'HD0001', extension: anna.extension });
      await world.ask('POST', '/sessions', { device: 'HD0002', extension: ben.extension });
      await world.changedOver('HD0001');
      await world.changedOver('HD0002');
      called.phone.autoAnswer(true);
      caller.phone.call(ben.extension);
      await Promise.all([caller.saw('answered'), called.saw('answered')]);
      const marks = [caller.mark(), called.mark()] as const;
      const begun = performance.now();
      way.isDark = true;
      caller.phone.tone(697);
      await called.saw('tone', { hz: 697 }, marks[1]);
      await until('ten seconds', () => performance.now() - begun > darkMs, 2 * darkMs);
      caller.phone.hangUp();
      way.isDark = false;
      await called.saw('ended', { by: 'them' }, marks[1], 30_000);
      await until('the agent is back', () => world.agent.isUp, 30_000);
      const again = called.mark();
      caller.phone.call(ben.extension);
      await called.saw('incoming', {}, again, 20_000);
      assert.equal([caller.count('registered', marks[0]), called.count('registered', marks[1])], [0, 0]);
    }, options);
  }, 120_000);
});

/**
 * The way between agent and controller breaks: phones notice nothing that they
 * could be spared, and what was said meanwhile is said afterwards.
 */

import * as assert from 'uvu/assert';
import { anna, ben, type Desk, dialLogin, inWorld, type World } from '#test/e2e/world.ts';
import { describe } from '#test/support/describe.ts';
import { type Forwarder, openForwarder } from '#test/support/forwarder.ts';
import { until } from '#test/support/until.ts';

const deadlineMs = 60_000;

type Call = { world: World; way: Forwarder; caller: Desk; called: Desk; marks: readonly [number, number] };

/** 100 and 101 talk, and the agent reaches the controller over `way`. */
async function inCall(run: (call: Call) => Promise<void>): Promise<void> {
  let way: Forwarder | undefined;
  await inWorld(
    async (world) => {
      assert.ok(way);
      world.defer(way.close);
      const [caller, called] = [await world.desk('HD0001'), await world.desk('HD0002')];
      for (const [device, { extension }] of [
        ['HD0001', anna],
        ['HD0002', ben],
      ] as const) {
        await world.ask('POST', '/sessions', { device, extension });
        await world.changedOver(device);
      }
      called.phone.autoAnswer(true);
      caller.phone.call(ben.extension);
      await Promise.all([caller.saw('answered'), called.saw('answered')]);
      const marks = [caller.mark(), called.mark()] as const;
      await run({ world, way, caller, called, marks });
      assert.equal([caller.count('registered', marks[0]), called.count('registered', marks[1])], [0, 0]);
      assert.is(called.count('registration-failed', marks[1]), 0);
    },
    {
      desks: 2,
      // Half of what is usual on the agent's side: the test waits less, and the two ends need not agree.
      agent: { intervals: { pingMs: 500, deadMs: 2_000 } },
      async way(port) {
        way = await openForwarder(port);
        return way.port;
      },
    },
  );
}

async function hears(from: Desk, to: Desk, hz: number): Promise<void> {
  const mark = to.mark();
  from.phone.tone(hz);
  await to.saw('tone', { hz }, mark);
  from.phone.tone(undefined);
}

const isUp = async ({ ask }: World) =>
  ((await ask('GET', '/agents')) as { items: { isUp: boolean }[] }).items.some((agent) => agent.isUp);

describe('a tunnel that breaks in a call', (test) => {
  test(
    'by a reset: the call goes on, its BYE arrives, no phone registers again',
    async () => {
      await inCall(async ({ world, way, caller, called, marks }) => {
        const before = way.connections;
        way.cut();
        await until('the agent dialled again', () => way.connections >= before + 2 && world.agent.isUp);
        await hears(caller, called, 697);
        way.cut();
        caller.phone.hangUp(); // into the gap: it is kept, and sent when there is a way again
        await called.saw('ended', { by: 'them' }, marks[1]);
        await caller.saw('ended', { by: 'us' }, marks[0]);

        const again = [caller.mark(), called.mark()] as const;
        called.phone.call(anna.extension);
        caller.phone.autoAnswer(true);
        await Promise.all([caller.saw('answered', {}, again[0]), called.saw('answered', {}, again[1])]);
        called.phone.hangUp();
        await caller.saw('ended', { by: 'them' }, again[0]);
      });
    },
    deadlineMs,
  );

  test(
    'by a silence: it is noticed, dialled anew, and the call goes on meanwhile',
    async () => {
      await inCall(async ({ world, way, caller, called, marks }) => {
        way.isDark = true;
        await until('the agent has noticed', () => !world.agent.isUp, 15_000);
        await hears(called, caller, 1209); // their sound goes from phone to phone
        caller.phone.hangUp();
        await caller.saw('ended', { by: 'us' }, marks[0]);
        way.isDark = false;
        await until('the agent is back', () => isUp(world), 30_000);
        await called.saw('ended', { by: 'them' }, marks[1], 20_000);
      });
    },
    deadlineMs,
  );
});

describe('a tunnel that stands still while a PIN is typed', (test) => {
  test(
    'loses none of its digits',
    async () => {
      let way: Forwarder | undefined;
      await inWorld(
        async (world) => {
          assert.ok(way);
          world.defer(way.close);
          const desk = await world.desk('HD0001');
          const from = await dialLogin(desk, anna);
          await desk.saw('audio', {}, from);
          const begun = performance.now();
          way.isStill = true;
          desk.phone.dtmf(`${anna.pin}#`);
          await until('most of them are overdue', () => performance.now() - begun > 1_000);
          way.isStill = false;
          await desk.saw('ended', { by: 'them' }, from);
          await desk.saw('registered', { aor: anna.extension }, from);
        },
        {
          desks: 1,
          async way(port) {
            way = await openForwarder(port);
            return way.port;
          },
        },
      );
    },
    deadlineMs,
  );
});

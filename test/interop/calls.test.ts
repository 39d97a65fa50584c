/**
 * sipp from Debian as three desks: what phones do with calls, over the real
 * agent and controller. 100 is at one desk, 101 at two, until a test says else.
 */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { openSippPhone, runSipp, type SippPhone, type SippRun } from './sipp.ts';
import { device, openWorld, type World } from './world.ts';

const why = hasProgram('sipp') ? '' : 'sipp is not installed';

type Words = Record<string, string>;

describe('sipp calls', (test) => {
  let world: World;
  const desks: SippPhone[] = [];
  const it = why === '' ? test : (name: string) => test.skip(name, why);

  const run = async (desk: number, scenario: string, words: Words = {}, more: readonly string[] = []) =>
    runSipp(world, desks[desk] as SippPhone, await world.account(desk), scenario, words, more);
  /** The first that does not hold is told at once, and the others end: their ports are wanted again. */
  const holds = async (...runs: SippRun[]) => {
    const verdicts = runs.map(async ({ ended }) => {
      const { code, said } = await ended;
      assert.is(code, 0, said);
    });
    try {
      await Promise.all(verdicts);
    } finally {
      for (const each of runs) each.stop();
      await Promise.allSettled(verdicts);
    }
  };
  /** The callees first: they must listen when the call comes. */
  const story = async (callees: [number, string, Words?][], caller: [string, Words]) => {
    const runs = [];
    for (const [desk, scenario, words] of callees) runs.push(await run(desk, scenario, words));
    await holds(await run(0, ...caller), ...runs);
  };
  /** Before the phone registers, so that nothing is to be told to it. */
  const sit = async (desk: number, extension: string) => {
    const { device: id } = device(world, desk);
    const { status } = await world.call('POST', '/sessions', { device: id, extension });
    assert.is(status, 201);
    await holds(await run(desk, 'register', { aor: extension, expect: '200' }));
  };

  it('a world opens: three desks, two users', async () => {
    world = await openWorld();
    await world.addDesk('001565d00003');
    for (let desk = 0; desk < 3; desk++) desks.push(await openSippPhone());
    await sit(0, '100');
    await sit(1, '101');
    await sit(2, '101');
  }, 40_000);

  it(
    'fork: one desk answers, the other is told that the call was completed elsewhere',
    () =>
      story(
        [
          [1, 'answer'],
          [2, 'cancelled', { reason: 'cause=200;text="Call completed elsewhere"' }],
        ],
        ['call', { number: '101', after: 'then-hang-up' }],
      ),
    30_000,
  );

  it(
    'CANCEL reaches all desks',
    () =>
      story(
        [
          [1, 'cancelled', { reason: 'CANCEL' }],
          [2, 'cancelled', { reason: 'CANCEL' }],
        ],
        ['cancel', { number: '101' }],
      ),
    30_000,
  );

  it('the other desk is somebody else’s now', async () => {
    await world.call('POST', '/users', { extension: '102', name: 'Carla Dietz' });
    const { device: id } = device(world, 2);
    await world.call('DELETE', `/sessions/${id}`);
    // A phone of another address: at the one before nobody answers who asks it to follow, for half a minute.
    desks[2] = await openSippPhone();
    await sit(2, '102');
  }, 30_000);

  it(
    'hold and resume',
    () => story([[1, 'answer', { talk: 'held' }]], ['call', { number: '101', after: 'then-hold' }]),
    30_000,
  );

  it(
    '3xx: a phone sends its caller on to a colleague',
    () =>
      story(
        [
          [1, 'redirects', { to: '102' }],
          [2, 'answer'],
        ],
        ['call', { number: '101', after: 'then-hang-up' }],
      ),
    30_000,
  );

  for (const to of ['09001234567', '112', '101']) {
    it(
      `3xx to ${to} is not followed`,
      () => story([[1, 'redirects', { to }]], ['call-refused', { number: '101', expect: '480' }]),
      30_000,
    );
  }

  it(
    'REFER passes, with its NOTIFY',
    () =>
      story(
        [[1, 'answer', { talk: 'referred', to: '102' }]],
        ['call', { number: '101', after: 'then-refer', to: '102' }],
      ),
    30_000,
  );

  it(
    'REFER to a premium number is refused, the call goes on',
    () => story([[1, 'answer']], ['call', { number: '101', after: 'then-refused-refer', to: '09001234567' }]),
    30_000,
  );

  it('the world closes', async () => {
    await world.close();
  }, 20_000);
});

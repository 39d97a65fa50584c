/**
 * Calls between two sipps that each lose a tenth of what they send and get: chance
 * decides how long it takes, so it is not among the quick tests.
 */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { openSippPhone, runSipp, type SippPhone } from './sipp.ts';
import { device, openWorld, type World } from './world.ts';

const lossy = ['-m', '4', '-l', '1', '-r', '20', '-lost', '10'];

describe('sipp calls with loss', (test) => {
  let world: World;
  const desks: SippPhone[] = [];
  const it = hasProgram('sipp') ? test : (name: string) => test.skip(name, 'sipp is not installed');

  const run = async (desk: number, scenario: string, words: Record<string, string>, more: string[] = []) =>
    runSipp(world, desks[desk] as SippPhone, await world.account(desk), scenario, words, more);

  it('a world opens: two desks, two users', async () => {
    world = await openWorld();
    for (const [desk, extension] of ['100', '101'].entries()) {
      desks.push(await openSippPhone());
      await world.call('POST', '/sessions', { device: device(world, desk).device, extension });
      const { code, said } = await (await run(desk, 'register', { aor: extension, expect: '200' })).ended;
      assert.is(code, 0, said);
    }
  }, 40_000);

  it('calls while a tenth of all packets is lost, both ways', async () => {
    // A BYE may overtake an ACK that has to be sent again.
    const answering = await run(1, 'answer', { isAckOptional: 'true' }, lossy);
    const calling = await run(0, 'call', { number: '101', after: 'then-hang-up' }, lossy);
    for (const { ended } of [calling, answering]) {
      const { code, said } = await ended;
      assert.is(code, 0, said);
    }
  }, 90_000);

  it('the world closes', async () => {
    await world.close();
  }, 20_000);
});

/** What an admin edits while somebody is logged in: the phone shows it by itself, and nobody is logged out. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { anna, ben, inWorld } from './world.ts';

describe('an edit', (test) => {
  test('of a user’s keys and name is on his phone without a dial; session and secret stay', async () => {
    await inWorld(async (world) => {
      const desk = await world.desk('HD0001');
      await world.ask('POST', '/sessions', { device: 'HD0001', extension: anna.extension });
      await desk.saw('registered', { aor: anna.extension });
      await world.changedOver('HD0001');
      const session = async () => {
        const { since, extension } = (await world.ask('GET', '/sessions/HD0001')) as Record<string, unknown>;
        return [since, extension];
      };
      const password = () => desk.phone.memory.get('account.1.password');
      const before = [await session(), password()];

      const from = desk.mark();
      const keys = [{ type: 'blf', value: ben.extension, label: 'Ben' }];
      await world.ask('PATCH', `/users/${anna.extension}`, { name: 'Anna Sommer', keys });
      const shown = await desk.saw('provisioned', { displayName: 'Anna Sommer' }, from, 20_000);
      assert.is(shown.keys.filter(({ value }) => value === ben.extension).length, 1);
      await world.changedOver('HD0001');
      assert.equal([await session(), password()], before);
    });
  }, 40_000);
});

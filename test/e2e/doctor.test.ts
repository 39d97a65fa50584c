/** The doctor's phone logs in and out again as a person would; with a wrong PIN it says how far it came. */

import * as assert from 'uvu/assert';
import { checkLogin, type LoginOptions } from '#agent/doctor/login.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { anna, inWorld, macOf } from './world.ts';

describe('the doctor logs in', (test) => {
  test('and out again, and says why it could not', async () => {
    await inWorld(async (world) => {
      const device = { url: await world.url('HD0001'), mac: macOf('HD0001') };
      const codes = { login: '*77*', logout: '*77*5*' };
      const asked: LoginOptions = { ...anna, device, codes, address: '127.0.0.1' };
      const found = await checkLogin(asked);
      assert.is(found.result, 'ok');
      assert.match(found.says, /^100 logged in and out again: registered after/);
      assert.equal(await world.ask('GET', '/sessions'), { items: [] });
      try {
        await checkLogin({ ...asked, pin: '0000', waitMs: 3_000 });
        assert.unreachable();
      } catch (error) {
        assert.ok(Fault.is(error, 'unavailable'), String(error));
        assert.match(error.message, /^login: .* did not come/);
        assert.not.match(error.message, device.url);
      }
    });
  }, 60_000);
});

/** The clock that is none of a test's. */

import * as assert from 'uvu/assert';
import { systemClock } from '#protocol/clock.ts';
import { describe } from '#test/support/describe.ts';

describe('system clock', (test) => {
  for (const ms of [2 ** 31, 2 ** 32 * 1_000, Number.POSITIVE_INFINITY]) {
    test(`does not take ${ms} ms for one`, async () => {
      const ran: string[] = [];
      const cancel = systemClock.after(ms, () => ran.push('long'));
      await new Promise<void>((resolve) => {
        systemClock.after(30, () => {
          ran.push('short');
          resolve();
        });
      });
      cancel();
      assert.equal(ran, ['short']);
    });
  }

  test('runs once, and not what was cancelled', async () => {
    const ran: number[] = [];
    systemClock.after(5, () => ran.push(5))();
    await new Promise<void>((resolve) => {
      systemClock.after(10, () => {
        ran.push(10);
        resolve();
      });
    });
    assert.equal(ran, [10]);
  });
});

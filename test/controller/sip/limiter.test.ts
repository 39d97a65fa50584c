import * as assert from 'uvu/assert';
import { createLimiter } from '#controller/sip/limiter.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

describe('limiter', (test) => {
  test('gives the burst at once, then the rate', () => {
    const clock = createFakeClock();
    const limiter = createLimiter({ clock, perSecond: 2, burst: 3 });
    const taken = () => Array.from({ length: 5 }, () => limiter.take('a')).filter(Boolean).length;
    assert.is(taken(), 3);
    clock.advance(1_000);
    assert.is(taken(), 2);
    assert.ok(limiter.take('b'));
    clock.advance(60_000);
    assert.is(taken(), 3);
  });

  test('remembers so many keys and no more', () => {
    const clock = createFakeClock();
    const limiter = createLimiter({ clock, perSecond: 1, burst: 1, maxKeys: 100 });
    for (let i = 0; i < 1_000; i++) {
      limiter.take('kept in use');
      limiter.take(`key ${i}`);
    }
    assert.is(limiter.size, 100);
    assert.not.ok(limiter.take('kept in use'));
  });
});

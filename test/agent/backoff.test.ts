import * as assert from 'uvu/assert';
import { createBackoff } from '#agent/backoff.ts';
import { keepUp } from '#agent/keep-up.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { createRandom } from '#test/support/random.ts';

describe('back-off', (test) => {
  test('doubles from 0.5 s to 30 s', () => {
    const backoff = createBackoff({ random: () => 1 });
    const waits = Array.from({ length: 9 }, () => backoff.next(0));
    assert.equal(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('begins again after a minute up, and not before', () => {
    const backoff = createBackoff({ random: () => 1 });
    for (let i = 0; i < 5; i++) backoff.next(0);
    assert.is(backoff.next(59_999), 16_000);
    assert.is(backoff.next(60_000), 500);
  });

  test('spreads a hundred agents over the whole of it', () => {
    const random = createRandom(1);
    const waits = Array.from({ length: 100 }, () => {
      const backoff = createBackoff({ random: () => random.below(1_000_000) / 1_000_000 });
      backoff.next(0);
      return backoff.next(0);
    });
    for (let quarter = 0; quarter < 4; quarter++) {
      const some = waits.filter((ms) => ms >= quarter * 250 && ms < (quarter + 1) * 250);
      assert.ok(some.length > 10, `quarter ${quarter}: ${some.length}`);
    }
  });
});

describe('keep up', (test) => {
  test('dials again after failures and ends, until it is stopped', async () => {
    const clock = createFakeClock();
    const stop = new AbortController();
    const story = ['refused', 'up', 'refused', 'stop'];
    const happened: string[] = [];
    const loop = keepUp({
      open: async () => {
        const next = story.shift() ?? 'stop';
        happened.push(next);
        if (next === 'refused') throw new Error('refused');
        if (next === 'stop') stop.abort();
        return {
          ended: new Promise((resolve) => {
            if (next === 'stop') resolve();
            else clock.after(70_000, resolve);
          }),
        };
      },
      onFailure: (error, waitMs) => happened.push(`${error.message}, ${waitMs} ms`),
      backoff: createBackoff({ random: () => 1 }),
      clock,
      signal: stop.signal,
    });
    while (!stop.signal.aborted) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(250);
    }
    await loop;
    assert.equal(happened, ['refused', 'refused, 500 ms', 'up', 'refused', 'refused, 1000 ms', 'stop']);
    assert.is(clock.pending(), 0);
  });

  test('stops at once while it waits', async () => {
    const clock = createFakeClock();
    const stop = new AbortController();
    const loop = keepUp({
      open: () => Promise.reject(new Error('refused')),
      onFailure: () => stop.abort(),
      backoff: createBackoff(),
      clock,
      signal: stop.signal,
    });
    await loop;
    assert.is(clock.pending(), 0);
  });
});

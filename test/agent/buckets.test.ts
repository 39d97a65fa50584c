import * as assert from 'uvu/assert';
import { createBuckets } from '#agent/buckets.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

describe('buckets', (test) => {
  function createWorld(maxSources = 10) {
    const clock = createFakeClock();
    const buckets = createBuckets({ clock, burst: 2, perSecond: 1, maxSources });
    return { clock, buckets };
  }

  test('a burst, then so many a second', () => {
    const { clock, buckets } = createWorld();
    assert.equal(
      [1, 2, 3].map(() => buckets.take('a')),
      [true, true, false],
    );
    clock.advance(1_000);
    assert.equal(
      [1, 2].map(() => buckets.take('a')),
      [true, false],
    );
    clock.advance(60_000);
    assert.equal(
      [1, 2, 3].map(() => buckets.take('a')),
      [true, true, false],
    );
  });

  test('each source has its own', () => {
    const { buckets } = createWorld();
    assert.equal(
      [1, 2, 3].map(() => buckets.take('a')),
      [true, true, false],
    );
    assert.ok(buckets.take('b'));
  });

  test('to look takes none', () => {
    const { clock, buckets } = createWorld();
    assert.ok(buckets.has('a'));
    buckets.take('a');
    buckets.take('a');
    assert.not(buckets.has('a'));
    clock.advance(1_000);
    assert.ok(buckets.has('a'));
    assert.ok(buckets.take('a'));
  });

  test('the source longest unseen is forgotten first', () => {
    const { buckets } = createWorld(2);
    for (const source of ['a', 'a', 'b', 'b', 'c', 'c']) buckets.take(source);
    assert.not(buckets.has('c'));
    assert.not(buckets.has('b'));
    assert.ok(buckets.has('a'));
  });
});

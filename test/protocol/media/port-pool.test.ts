import * as assert from 'uvu/assert';
import { createPortPool } from '#protocol/media/port-pool.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

function createPool(first: number, last: number, random = () => 0) {
  const clock = createFakeClock();
  return { clock, pool: createPortPool({ range: { first, last }, clock, random, restMs: 5_000 }) };
}

function takeAll({ take }: { take(): number | undefined }): number[] {
  const ports: number[] = [];
  for (let port = take(); port !== undefined; port = take()) ports.push(port);
  return ports.sort((a, b) => a - b);
}

describe('port pool', (test) => {
  // biome-ignore format: a table
  const rows: [first: number, last: number, ports: number[]][] = [
    [20_000, 20_005, [20_000, 20_002, 20_004]],
    [20_001, 20_005, [20_002, 20_004]],
    [20_000, 20_004, [20_000, 20_002]],
    [20_000, 20_001, [20_000]],
    [20_001, 20_002, []],
  ];
  for (const [first, last, ports] of rows) {
    test(`${first} to ${last}: even ports whose odd one is inside too`, () =>
      assert.equal(takeAll(createPool(first, last).pool), ports));
  }

  test('takes at random', () => {
    assert.is(createPool(20_000, 20_009, () => 0.99).pool.take(), 20_008);
    assert.is(createPool(20_000, 20_009, () => 0.5).pool.take(), 20_004);
  });

  test('a port given back rests before it is lent again', () => {
    const { pool, clock } = createPool(20_000, 20_001);
    pool.giveBack(pool.take() ?? 0);
    assert.is(pool.take(), undefined);
    clock.advance(4_999);
    assert.is(pool.take(), undefined);
    clock.advance(1);
    assert.is(pool.take(), 20_000);
  });
});

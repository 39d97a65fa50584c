import * as assert from 'uvu/assert';
import { momentsOf } from '#controller/web/page/day.ts';
import { describe } from '#test/support/describe.ts';

const local = (...at: [number, number, number]) => new Date(...at).toISOString();

describe('a day that is asked for', (test) => {
  // biome-ignore format: a table
  const rows: [day: string, is: object | undefined][] = [
    ['2026-11-23',   { since: local(2026, 10, 23), until: local(2026, 10, 24) }],
    ['2026-03-29',   { since: local(2026, 2, 29), until: local(2026, 2, 30) }],
    ['2026-12-31',   { since: local(2026, 11, 31), until: local(2027, 0, 1) }],
    ['',             undefined],
    ['2026-13-01',   undefined],
    ['12026-01-01',  undefined],
    ['yesterday',    undefined],
  ];
  for (const [day, is] of rows)
    test(`${day || 'none'} is from its first moment to the next one’s`, () =>
      assert.equal(momentsOf(day), is));
});

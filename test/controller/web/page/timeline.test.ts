/** Who sat where, drawn: each stay where it belongs, none outside. */

import * as assert from 'uvu/assert';
import { barsOf, byDesk, whole } from '#controller/web/page/timeline.ts';
import { describe } from '#test/support/describe.ts';

const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour)).toISOString();
const span = { from: Date.parse(at(0)), to: Date.parse(at(10)) };
const stay = (since?: number, until?: number, device = 'HD0001') => ({
  device,
  site: 'berlin',
  extension: '100',
  ...(since !== undefined && { since: at(since) }),
  ...(until !== undefined && { until: at(until) }),
});

// biome-ignore format: a table
const rows: [name: string, stay: ReturnType<typeof stay>, x: number | undefined, width?: number][] = [
  ['within', stay(2, 4), 200, 200],
  ['from before', stay(-5, 1), 0, 100],
  ['from before what is remembered', stay(undefined, 1), 0, 100],
  ['still', stay(9), 900, 100],
  ['over all of it', stay(-1, 20), 0, whole],
  ['a moment', stay(5, 5), 500, 3],
  ['a moment at the end', stay(10, 10), 997, 3],
  ['before', stay(-5, -1), undefined],
  ['after', stay(11, 12), undefined],
  ['at no time', { ...stay(), since: 'soon' }, undefined],
];

describe('the timeline', (test) => {
  for (const [name, each, x, width] of rows) {
    test(`of a stay ${name}`, () => {
      const [bar] = barsOf([each], span);
      assert.equal([bar?.x, bar?.width], [x, width]);
    });
  }

  test('has a line for each desk, in their order', () => {
    const desks = byDesk([stay(1, 2, 'HD0002'), stay(1, 2), stay(3, 4, 'HD0002')]);
    assert.equal(
      desks.map(([device, own]) => `${device} ${own.length}`),
      ['HD0001 1', 'HD0002 2'],
    );
  });
});

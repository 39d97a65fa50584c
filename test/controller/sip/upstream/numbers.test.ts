import * as assert from 'uvu/assert';
import { findUpstream } from '#controller/sip/upstream/numbers.ts';
import { describe } from '#test/support/describe.ts';

const upstreams = [
  { id: 'pbx', numbers: ['200-299', '**'], defaultRoute: false, denied: [] },
  { id: 'mobile', numbers: ['01', '+491'], defaultRoute: false, denied: ['0137'] },
  { id: 'trunk', numbers: ['0'], defaultRoute: true, denied: ['0900', '+979'] },
];

const rows: [number: string, to: string][] = [
  ['200', 'pbx'],
  ['299', 'pbx'],
  ['2000', 'trunk'],
  ['300', 'trunk'],
  ['**9', 'pbx'],
  ['*77*1', 'trunk'],
  ['0151', 'mobile'],
  ['+49151', 'mobile'],
  ['030', 'trunk'],
  ['+4930', 'trunk'],
  ['0137', 'denied mobile'],
  ['0137999', 'denied mobile'],
  ['0900123', 'denied trunk'],
  ['+9791', 'denied trunk'],
  ['', 'none'],
  ['bob', 'none'],
  ['030;x=y', 'none'],
  ['0'.repeat(40), 'none'],
];

describe('controller/sip/upstream: numbers', (test) => {
  for (const [number, to] of rows) {
    test(`${number || 'nothing'} → ${to}`, () => {
      const found = findUpstream(number, upstreams);
      const said =
        found.type === 'to' ? found.upstream : found.type === 'none' ? 'none' : `denied ${found.upstream}`;
      assert.is(said, to);
    });
  }

  test('without a default route, what nobody takes goes nowhere', () =>
    assert.equal(findUpstream('030', upstreams.slice(0, 2)), { type: 'none' }));
});

/** Where in the page we are, from its address and back. */

import * as assert from 'uvu/assert';
import { readRoute, toHash } from '#controller/web/page/address.ts';
import { describe } from '#test/support/describe.ts';

// biome-ignore format: a table
const rows: [hash: string, route: string[]][] = [
  ['', []], ['#', []], ['#/', []], ['#/devices', ['devices']], ['#/devices/HD0001', ['devices', 'HD0001']],
  ['#devices//HD0001/', ['devices', 'HD0001']], ['#/users/%31%2F0', ['users', '1/0']], ['#/a/%zz', ['a', '%zz']],
];

describe('the route', (test) => {
  for (const [hash, route] of rows) test(`of "${hash}"`, () => assert.equal(readRoute(hash), route));

  test('of any words comes back', () => {
    const words = ['users', 'a/b #?%', 'ü<img>'];
    assert.equal(readRoute(toHash(...words)), words);
  });
});

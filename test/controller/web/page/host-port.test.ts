/** Addresses as people type them. */

import * as assert from 'uvu/assert';
import { formatHostPort, readHostPort, readWords } from '#controller/web/page/host-port.ts';
import { describe } from '#test/support/describe.ts';

// biome-ignore format: a table
const typed: [text: string, address: string, port: number][] = [
  ['192.0.2.9:5070',      '192.0.2.9',   5070],
  [' 192.0.2.9 ',         '192.0.2.9',   5060],
  ['[2001:db8::9]:5061',  '2001:db8::9', 5061],
  ['[2001:db8::9]',       '2001:db8::9', 5060],
  ['2001:db8::9',         '2001:db8::9', 5060],
  ['pbx.example',         'pbx.example', 5060],
];

describe('addresses that are typed', (test) => {
  for (const [text, address, port] of typed) {
    test(text, () => {
      assert.equal(readHostPort(text), { address, port });
      assert.equal(readHostPort(formatHostPort({ address, port })), { address, port });
    });
  }

  test('have the usual port of their kind', () => assert.is(readHostPort('192.0.2.9', 5061).port, 5061));
  test('stand behind commas, spaces and lines', () => {
    assert.equal(readWords(' 0, 200-299\n+49;'), ['0', '200-299', '+49']);
  });
});

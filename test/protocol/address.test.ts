import * as assert from 'uvu/assert';
import {
  formatHostPort,
  isLoopback,
  parseHostPort,
  sameAddress,
  sameHostPort,
  toCanonical,
} from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

describe('host and port', (test) => {
  for (const text of ['127.0.0.1:5060', '[::1]:5061', '[2001:db8::9]:0']) {
    test(`${text} there and back`, () => assert.is(formatHostPort(parseHostPort(text)), text));
  }
  for (const text of [
    '',
    'phone:5060',
    '127.0.0.1',
    '127.0.0.1:65536',
    '1.2.3.999:1',
    '[::1:5060',
    '1.2.3.4:-1',
  ]) {
    test(`"${text}" is refused by the field's name`, () => {
      try {
        parseHostPort(text, 'gateway');
        assert.unreachable();
      } catch (error) {
        assert.ok(Fault.is(error, 'input.invalid'));
        assert.is(error.facts.field, 'gateway');
      }
    });
  }

  // biome-ignore format: a table
  const spellings: [a: string, b: string, isSame: boolean][] = [
    ['192.0.2.1',        '192.0.2.1',     true],
    ['192.0.2.1',        '192.0.2.2',     false],
    ['2001:DB8:0::0009', '2001:db8::9',   true],
    ['2001:db8::9',      '2001:db8::8',   false],
    ['::ffff:192.0.2.1', '192.0.2.1',     false],
    ['fe80::1%eth0',     'fe80::1%eth0',  true],
    ['fe80::1%eth0',     'FE80::1%eth0',  false],
    ['no:address',       'NO:ADDRESS',    false],
  ];
  // biome-ignore format: a table
  const hosts: [address: string, is: boolean][] = [
    ['127.0.0.1',        true],
    ['127.255.0.9',      true],
    ['::1',              true],
    ['0:0:0:0:0:0:0:1',  true],
    ['128.0.0.1',        false],
    ['0.0.0.0',          false],
    ['::',               false],
    ['2001:db8::1',      false],
    ['127.example',      false],
    ['localhost',        false],
  ];
  test('loopback is this host, by address', () => {
    for (const [address, is] of hosts) assert.is(isLoopback(address), is, address);
  });

  for (const [a, b, isSame] of spellings) {
    test(`${a} and ${b} are ${isSame ? 'one' : 'two'}`, () => {
      assert.is(sameAddress(a, b), isSame);
      assert.is(toCanonical(a) === toCanonical(b), isSame);
      assert.is(sameHostPort({ address: a, port: 1 }, { address: b, port: 1 }), isSame);
      assert.is(sameHostPort({ address: a, port: 1 }, { address: b, port: 2 }), false);
    });
  }
});

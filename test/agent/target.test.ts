import * as assert from 'uvu/assert';
import { whyNotTo } from '#agent/target.ts';
import { describe } from '#test/support/describe.ts';

// biome-ignore format: a table
const rows: [local: string, remote: string, port: number, why: string | undefined][] = [
  ['192.0.2.1',    '192.0.2.9',       5060, undefined],
  ['10.0.0.1',     '10.255.0.2',      1024, undefined],
  ['127.0.0.1',    '127.0.0.9',       5060, undefined],
  ['2001:db8::1',  '2001:db8::9',     5060, undefined],
  ['::1',          '::1',             5060, undefined],
  ['192.0.2.1',    '192.0.2.9',          0, 'port 0'],
  ['192.0.2.1',    '0.0.0.0',         5060, 'no host'],
  ['192.0.2.1',    '0.1.2.3',         5060, 'no host'],
  ['192.0.2.1',    '127.0.0.1',       5060, 'loopback and network do not meet'],
  ['127.0.0.1',    '192.0.2.9',       5060, 'loopback and network do not meet'],
  ['192.0.2.1',    '169.254.169.254', 5060, 'link-local'],
  ['192.0.2.1',    '224.0.1.75',      5060, 'multicast'],
  ['192.0.2.1',    '255.255.255.255', 5060, 'reserved or broadcast'],
  ['192.0.2.1',    '::1',             5060, 'another address family'],
  ['2001:db8::1',  '::',              5060, 'no host'],
  ['2001:db8::1',  '::1',             5060, 'loopback and network do not meet'],
  ['2001:db8::1',  'fe80::1',         5060, 'link-local'],
  ['2001:db8::1',  'fe80::1%eth0',    5060, 'link-local'],
  ['2001:db8::1',  'ff02::1',         5060, 'multicast'],
  ['2001:db8::1',  '::ffff:7f00:1',   5060, 'IPv4 in IPv6'],
  ['2001:db8::1',  '::ffff:10.0.0.1', 5060, 'IPv4 in IPv6'],
];

describe('target', (test) => {
  for (const [local, address, port, why] of rows) {
    test(`from ${local} to ${address} port ${port}: ${why ?? 'may'}`, () =>
      assert.is(whyNotTo(local, { address, port }), why));
  }
});

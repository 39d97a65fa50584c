import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { formatVia, parseVia, receivedFrom, type Via } from '#protocol/sip/via.ts';
import { describe } from '#test/support/describe.ts';

const params = (...pairs: [string, string?][]) => new Map(pairs.map(([name, value]) => [name, value]));

// biome-ignore format: a table
const vias: { text: string; is: Partial<Via>; written?: string }[] = [
  { text: 'SIP/2.0/UDP a.example',                        is: {} },
  { text: 'SIP/2.0/UDP a.example:5070;branch=z9hG4bK1',   is: { port: 5070, params: params(['branch', 'z9hG4bK1']) } },
  { text: 'SIP/2.0/TLS a.example;rport;alias',            is: { transport: 'TLS', params: params(['rport'], ['alias']) } },
  { text: 'sip/2.0/udp a.example',                        is: {}, written: 'SIP/2.0/UDP a.example' },
  { text: 'SIP / 2.0\t/ TCP \ta.example : 5070 ; rport',  is: { transport: 'TCP', port: 5070, params: params(['rport']) }, written: 'SIP/2.0/TCP a.example:5070;rport' },
  { text: 'SIP/2.0/TLS-SCTP [2001:db8::1]:5061',          is: { transport: 'TLS-SCTP', host: '2001:db8::1', port: 5061 } },
  { text: 'SIP/2.0/UDP a.example;received=2001:db8::9',   is: { params: params(['received', '2001:db8::9']) } },
  { text: 'SIP/2.0/UDP a.example;received=[2001:db8::9]', is: { params: params(['received', '[2001:db8::9]']) } },
];

// biome-ignore format: a table
const refused: string[] = [
  '', 'SIP/2.0/UDP', 'SIP/2.0/UDP ', 'SIP/3.0/UDP a', 'SIP/2.0 a', 'HTTP/2.0/UDP a', 'SIP/2.0/UDPa', 'SIP/2.0/UDP a b',
  'SIP/2.0/UDP a:', 'SIP/2.0/UDP a:99999', 'SIP/2.0/UDP ;branch=1', 'SIP/2.0/UDP a;branch=1;Branch=2',
  'SIP/2.0/UDP a;', 'SIP/2.0/UDP a;branch=', 'SIP/2.0/UDP 2001:db8::1', 'SIP/2.0/UDP [::1', 'SIP/2.0/UDP a, SIP/2.0/UDP b',
];

// biome-ignore format: a table
const stamped: [via: string, is: string][] = [
  ['SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1',                          'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1'],
  ['SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK1',                     'SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK1;received=192.0.2.1'],
  ['SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bK1',                    'SIP/2.0/UDP 192.0.2.1;rport=5062;branch=z9hG4bK1;received=192.0.2.1'],
  ['SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;received=198.51.100.7',    'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1'],
  ['SIP/2.0/UDP a.example;rport=1;received=198.51.100.7',            'SIP/2.0/UDP a.example;rport=5062;received=192.0.2.1'],
];

describe('sip via', (test) => {
  for (const [via, is] of stamped) {
    test(`${via} from elsewhere`, () => {
      const given = parseVia(via);
      assert.is(formatVia(receivedFrom(given, { address: '192.0.2.1', port: 5_062 })), is);
      assert.is(formatVia(given), via, 'and is as it was');
    });
  }

  for (const { text, is, written = text } of vias) {
    test(text, () => {
      assert.equal(parseVia(text), { transport: 'UDP', host: 'a.example', params: new Map(), ...is });
      assert.is(formatVia(parseVia(text)), written);
    });
  }
  for (const text of refused) {
    test(`refuses "${text}"`, () =>
      assert.throws(
        () => parseVia(text),
        (e: unknown) => Fault.is(e, 'sip.malformed'),
      ));
  }
});

import * as assert from 'uvu/assert';
import { isRegistered, maxMessageBytes, type Sniffed, sniff } from '#agent/sip/sniff.ts';
import { describe } from '#test/support/describe.ts';

// biome-ignore format: a table
const rows: [text: string, what: Sniffed][] = [
  ['\r\n\r\n',                                          'keepAlive'],
  ['\r\n',                                              'keepAlive'],
  ['\0\0\0\0',                                          'keepAlive'],
  ['',                                                  'keepAlive'],
  ['OPTIONS sip:a SIP/2.0\r\n\r\n',                     'request'],
  ['INVITE sip:%2A77%2A@a;x=y SIP/2.0\nVia: x\n\n',     'request'],
  ['SIP/2.0 200 OK\r\n\r\n',                            'response'],
  ['SIP/2.0 180 \r\n\r\n',                              'response'],
  ['SIP/2.0 999 No\r\n\r\n',                            'junk'],
  ['SIP/3.0 200 OK\r\n\r\n',                            'junk'],
  ['OPTIONS sip:a SIP/2.0',                             'junk'],
  ['options sip:a SIP/2.0\r\n\r\n',                     'request'],
  ['OPTIONS sip:a  SIP/2.0\r\n\r\n',                    'request'],
  ['OPTIONS sip:a SIP/7.0 \r\n\r\n',                    'request'],
  ['INVITE sip:a\r\nVia: SIP/2.0/UDP a\r\n',             'junk'],
  ['GET / HTTP/1.1\r\n\r\n',                            'junk'],
  ['\r\nOPTIONS sip:a SIP/2.0\r\n\r\n',                 'junk'],
  [`OPTIONS sip:${'a'.repeat(3_000)} SIP/2.0\r\n\r\n`,  'junk'],
  [`OPTIONS sip:a SIP/2.0\r\n${'x'.repeat(maxMessageBytes)}`, 'junk'],
  ['\x80\0\x01\x02\x03\x04\x05\x06\x07\x08\n',          'junk'],
];

const ok = (status: string, cseq: string) =>
  Buffer.from(`SIP/2.0 ${status} OK\r\nVia: x\r\nCSeq: ${cseq}\r\nContent-Length: 0\r\n\r\n`);

describe('sniffed', (test) => {
  for (const [text, what] of rows) {
    test(`${JSON.stringify(text).slice(0, 40)} is ${what}`, () =>
      assert.is(sniff(Buffer.from(text, 'latin1')), what));
  }
  test('a 2xx to REGISTER makes a flow a phone', () => assert.ok(isRegistered(ok('200', '4 REGISTER'))));
  test('a 401 does not', () => assert.not(isRegistered(ok('401', '4 REGISTER'))));
  test('a 2xx to OPTIONS does not', () => assert.not(isRegistered(ok('200', '4 OPTIONS'))));
});

import * as assert from 'uvu/assert';
import { formatNotify, formatOk, notifyTarget, portOf } from '#agent/pnp/answer.ts';
import { type Asking, describeUserAgent, readAsking } from '#agent/pnp/subscribe.ts';
import { describe } from '#test/support/describe.ts';
import { shapes } from './phones.ts';

const at = { address: '192.0.2.77', port: 5_080 };
const leg = { local: { address: '192.0.2.10', port: 40_000 }, source: at, tag: 'f00' };
const [grandstream] = shapes;
const plain = grandstream?.text(at, 'call-1@phone') ?? '';
const readText = (text: string) => readAsking(Buffer.from(text, 'latin1'));

describe('a phone that asks the LAN', (test) => {
  for (const { what, mac, heard, text } of shapes) {
    test(what, () => {
      const asking = readText(text(at, 'call-1@phone')) as Asking;
      const { vendor, model, version } = asking;
      assert.is(asking.mac, mac);
      assert.equal(JSON.parse(JSON.stringify({ vendor, model, version })), heard);
      assert.is(asking.callId, 'call-1@phone');
      assert.equal(notifyTarget(asking, at), at);

      const ok = formatOk(asking, leg).toString();
      assert.match(ok, /^SIP\/2\.0 200 OK\r\nVia: SIP\/2\.0\/UDP 192\.0\.2\.77:5080/);
      assert.match(ok, /\r\nTo: <[^>]*>;tag=f00\r\n/);
      assert.match(ok, `\r\nCSeq: ${asking.cseq}\r\n`);
      const notify = formatNotify(asking, leg, 'http://192.0.2.10:8080/p/t/').toString();
      assert.match(notify, /^NOTIFY sip:\S*192\.0\.2\.77:5080 SIP\/2\.0\r\n/);
      assert.match(notify, `\r\nTo: ${asking.from}\r\n`);
      assert.match(notify, /\r\nContent-Type: application\/url\r\nContent-Length: 27\r\n\r\nhttp:[^\r\n]*$/);
    });
  }

  // biome-ignore format: a table
  const refused: [what: string, text: string, why: string][] = [
    ['another method',            plain.replace(/^SUBSCRIBE/, 'OPTIONS'),                  'notOurs'],
    ['another event',             plain.replace('ua-profile', 'dialog'),                   'notOurs'],
    ['an event that begins so',   plain.replace('ua-profile;', 'ua-profiler;'),            'notOurs'],
    ['a response',                'SIP/2.0 200 OK\r\n\r\n',                                'notOurs'],
    ['no MAC',                    plain.replaceAll('MAC%3AC074AD0A0B0C', 'phone'),         'noMac'],
    ['a MAC too long',            plain.replaceAll('C074AD0A0B0C', 'C074AD0A0B0CA'),       'noMac'],
    ['a MAC too short',           plain.replaceAll('C074AD0A0B0C', 'C074AD0A0B0'),         'noMac'],
    ['no MAC, as AudioCodes ask', plain.replaceAll('MAC%3AC074AD0A0B0C', '').replace('"device"', '"application"'), 'noMac'],
    ['no Via',                    plain.replace(/Via: .*\r\n/, ''),                        'malformed'],
    ['no Call-ID',                plain.replace(/Call-ID: .*\r\n/, ''),                    'malformed'],
    ['a control character',       plain.replace('tag=4711', 'tag=\u0000'),                 'malformed'],
    ['a lone CR',                 plain.replace('tag=4711', 'tag=4711\rEvil: 1'),         'malformed'],
    ['too long',                  plain.replace('tag=4711', `tag=${'a'.repeat(5_000)}`),   'malformed'],
    ['too many lines',            plain.replace('Expires: 0', 'X: 1\r\n'.repeat(70)),      'malformed'],
    ['nothing',                   '',                                                      'notOurs'],
  ];
  for (const [what, text, why] of refused) test(what, () => assert.is(readText(text), why));

  test('a header of spaces costs no more than one of letters', () => {
    // Where the time grew with the square of the length, one of them took ten milliseconds and more.
    const spaces = plain.replace('tag=4711', `tag=4711${' '.repeat(3_000)};x`);
    const begun = performance.now();
    for (let times = 0; times < 2_000; times++)
      assert.is((readText(spaces) as Asking).callId, 'call-1@phone');
    assert.ok(performance.now() - begun < 8_000);
  });

  test('a folded header is one line', () => {
    const asking = readText(plain.replace(';vendor', '\r\n ;vendor')) as Asking;
    assert.is(asking.model, 'GRP2612W');
  });

  test('is answered where it asked from, whatever it names', () => {
    const elsewhere = plain.replaceAll('sip:192.0.2.77:5080', 'sip:198.51.100.1:5060');
    assert.equal(notifyTarget(readText(elsewhere) as Asking, at), at);
    assert.is(portOf({ via: 'SIP/2.0/UDP 192.0.2.77:5062;branch=z9' }, at), 5_062);
    assert.is(portOf({ via: 'SIP/2.0/UDP 192.0.2.77;branch=z9' }, at), 5_060);
    assert.is(portOf({ via: 'SIP/2.0/UDP 192.0.2.77:99999' }, at), 5_060);
  });

  test('says what it is in its User-Agent', () => {
    // biome-ignore format: a table
    const known: [string, string | undefined, string | undefined, string | undefined][] = [
      ['Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:01',                 'Yealink',     'T46S',     '66.86.0.15'],
      ['Fanvil X6U Pro 0.0.10 0c383e2c0001',                            'Fanvil',      'X6U Pro',  '0.0.10'],
      ['Grandstream Model HW GRP2614 SW 1.0.5.15 DevId c074ad0b0001',   'Grandstream', 'GRP2614',  '1.0.5.15'],
      ['Mozilla/4.0 (compatible; snomD785-SIP 10.1.169.16 2010.12)',    'snom',        'D785',     '10.1.169.16'],
      ['curl/8.0',                                                      undefined,     undefined,  undefined],
    ];
    for (const [text, vendor, model, version] of known) {
      const found = describeUserAgent(text);
      assert.equal([found.vendor, found.model, found.version], [vendor, model, version], text);
    }
  });
});

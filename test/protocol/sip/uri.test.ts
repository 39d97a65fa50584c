import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { formatUri, parseUri, type SipUri, unescapeUser } from '#protocol/sip/uri.ts';
import { describe } from '#test/support/describe.ts';

type Row = { text: string; is: Partial<SipUri>; written?: string };

const params = (...pairs: [string, string?][]) => new Map(pairs.map(([name, value]) => [name, value]));

// biome-ignore format: a table
const uris: Row[] = [
  { text: 'sip:desk.example',                     is: { host: 'desk.example' } },
  { text: 'sips:a@desk.example',                  is: { scheme: 'sips', user: 'a', host: 'desk.example' } },
  { text: 'SIP:a@desk.example',                   is: { user: 'a', host: 'desk.example' }, written: 'sip:a@desk.example' },
  { text: 'sip:100@192.0.2.1:5070',               is: { user: '100', host: '192.0.2.1', port: 5070 } },
  { text: 'sip:a:secret@b',                       is: { user: 'a', password: 'secret', host: 'b' } },
  { text: 'sip:a:@b',                             is: { user: 'a', password: '', host: 'b' } },
  { text: 'sip:*77*100*@b',                       is: { user: '*77*100*', host: 'b' } },
  { text: 'sip:%2A77%2A@b',                       is: { user: '%2A77%2A', host: 'b' } },
  { text: 'sip:#31#112@b',                        is: { user: '#31#112', host: 'b' } },
  { text: 'sip:a;b?c/d,e@f.example;lr',           is: { user: 'a;b?c/d,e', host: 'f.example', params: params(['lr']) } },
  { text: 'sip:[2001:db8::1]',                    is: { host: '2001:db8::1' } },
  { text: 'sip:a@[2001:db8::1]:5061;lr',          is: { user: 'a', host: '2001:db8::1', port: 5061, params: params(['lr']) } },
  { text: 'sip:a@[::ffff:192.0.2.1]',             is: { user: 'a', host: '::ffff:192.0.2.1' } },
  { text: 'sip:b;transport=TCP;Lr;maddr=192.0.2.9', is: { host: 'b', params: params(['transport', 'TCP'], ['lr'], ['maddr', '192.0.2.9']) }, written: 'sip:b;transport=TCP;lr;maddr=192.0.2.9' },
  { text: 'sip:b?subject=x&to=y',                 is: { host: 'b', headers: 'subject=x&to=y' } },
  { text: 'sip:a@b;x=1?h=v',                      is: { user: 'a', host: 'b', params: params(['x', '1']), headers: 'h=v' } },
  { text: 'sip:a@under_score.example.',           is: { user: 'a', host: 'under_score.example.' } },
];

// biome-ignore format: a table
const refused: { name: string; text: string; status: number }[] = [
  { name: 'nothing',                 text: '',                       status: 400 },
  { name: 'no scheme',               text: 'desk.example',           status: 400 },
  { name: 'an empty scheme',         text: ':a@b',                   status: 400 },
  { name: 'no host',                 text: 'sip:',                   status: 400 },
  { name: 'a user and no host',      text: 'sip:a@',                 status: 400 },
  { name: 'an empty user',           text: 'sip:@b',                 status: 400 },
  { name: 'two @',                   text: 'sip:a@b@c',              status: 400 },
  { name: 'an @ after the host',     text: 'sip:a@b;x=@c',           status: 400 },
  { name: 'a space',                 text: 'sip:a b@c',              status: 400 },
  { name: 'a quote',                 text: 'sip:a"@c',               status: 400 },
  { name: 'UTF-8, unescaped',        text: 'sip:j\xc3\xbc@c',        status: 400 },
  { name: 'an escape cut short',     text: 'sip:a%2@c',              status: 400 },
  { name: 'an escape that is none',  text: 'sip:a%zz@c',             status: 400 },
  { name: 'a port of letters',       text: 'sip:a@b:sip',            status: 400 },
  { name: 'an empty port',           text: 'sip:a@b:',               status: 400 },
  { name: 'a port over 65535',       text: 'sip:a@b:65536',          status: 400 },
  { name: 'a port of seven digits',  text: 'sip:a@b:0005060',        status: 400 },
  { name: 'IPv6 without brackets',   text: 'sip:2001:db8::1',        status: 400 },
  { name: 'IPv6 that is none',       text: 'sip:[2001:db8]',         status: 400 },
  { name: 'IPv6 with a zone',        text: 'sip:[fe80::1%25eth0]',   status: 400 },
  { name: 'an open bracket',         text: 'sip:[2001:db8::1',       status: 400 },
  { name: 'text after the host',     text: 'sip:a@b/c',              status: 400 },
  { name: 'an empty parameter',      text: 'sip:a@b;;lr',            status: 400 },
  { name: 'a parameter twice',       text: 'sip:a@b;lr;LR',          status: 400 },
  { name: 'a host over 255 letters', text: `sip:${'a'.repeat(256)}`, status: 400 },
  { name: 'tel',                     text: 'tel:+493012345',         status: 416 },
  { name: 'a scheme nobody knows',   text: 'soap.beep://192.0.2.1',  status: 416 },
];

describe('sip uri', (test) => {
  for (const { text, is, written = text } of uris) {
    test(text, () => {
      assert.equal(parseUri(text), { scheme: 'sip', params: new Map(), ...is });
      assert.is(formatUri(parseUri(text)), written);
    });
  }

  for (const { name, text, status } of refused) {
    test(`refuses ${name}`, () =>
      assert.throws(
        () => parseUri(text),
        (e: unknown) => Fault.is(e, 'sip.malformed') && e.facts.status === status,
      ));
  }

  test('unescapes a user', () => {
    assert.is(unescapeUser('%2A77%2a'), '*77*');
    assert.is(unescapeUser('100'), '100');
    assert.is(unescapeUser('%41%4'), 'A%4');
    assert.is(unescapeUser('%C3%BC'), '\xc3\xbc');
    assert.is(unescapeUser('%2541'), '%41');
  });
});

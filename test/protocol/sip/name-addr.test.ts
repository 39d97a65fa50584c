import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { formatNameAddr, type NameAddr, parseNameAddr } from '#protocol/sip/name-addr.ts';
import { decodeText, encodeText, quote, unquote } from '#protocol/sip/scan.ts';
import { describe } from '#test/support/describe.ts';

const params = (...pairs: [string, string?][]) => new Map(pairs.map(([name, value]) => [name, value]));

// biome-ignore format: a table
const addresses: { text: string; is: Partial<NameAddr>; written?: string }[] = [
  { text: '<sip:a@b>',                          is: {} },
  { text: '<sip:a@b>;tag=1',                    is: { params: params(['tag', '1']) } },
  { text: '"Ada L." <sip:a@b>;tag=1',           is: { display: 'Ada L.', params: params(['tag', '1']) } },
  { text: '"" <sip:a@b>',                       is: { display: '' } },
  { text: '"a \\"b\\" \\\\" <sip:a@b>',         is: { display: 'a "b" \\' } },
  { text: '"<sip:x@y>" <sip:a@b>',              is: { display: '<sip:x@y>' } },
  { text: '"J\xc3\xbcrgen \xff" <sip:a@b>',     is: { display: 'J\xc3\xbcrgen \xff' } },
  { text: 'Ada  L <sip:a@b>',                   is: { display: 'Ada  L' },        written: '"Ada  L" <sip:a@b>' },
  { text: 'Ada<sip:a@b>',                       is: { display: 'Ada' },           written: '"Ada" <sip:a@b>' },
  { text: 'sip:a@b',                            is: {},                           written: '<sip:a@b>' },
  { text: 'sip:a@b;tag=1',                      is: { params: params(['tag', '1']) }, written: '<sip:a@b>;tag=1' },
  { text: 'sip:a@b ; Tag = 1 ; x',              is: { params: params(['tag', '1'], ['x']) }, written: '<sip:a@b>;tag=1;x' },
  { text: '<sip:a@b;lr?x=y>;z="q; \\"r\\""',    is: { uri: 'sip:a@b;lr?x=y', params: params(['z', '"q; \\"r\\""']) } },
  { text: '<sip:a@b>;x="<sip:c@d>"',            is: { params: params(['x', '"<sip:c@d>"']) } },
  { text: 'sip:a@b;x="<sip:c@d>"',              is: { params: params(['x', '"<sip:c@d>"']) }, written: '<sip:a@b>;x="<sip:c@d>"' },
  { text: '<tel:+49301>',                       is: { uri: 'tel:+49301' } },
];

// biome-ignore format: a table
const refused: { name: string; text: string }[] = [
  { name: 'nothing',                   text: '' },
  { name: 'a name alone',              text: '"Ada"' },
  { name: 'no URI in the brackets',    text: '<>' },
  { name: 'an open bracket',           text: '<sip:a@b' },
  { name: 'an open quote',             text: '"Ada <sip:a@b>' },
  { name: 'a quote closed by escape',  text: '"Ada\\" <sip:a@b>' },
  { name: 'brackets in brackets',      text: '<<sip:a@b>>' },
  { name: 'a space in the brackets',   text: '< sip:a@b>' },
  { name: 'two addresses',             text: '<sip:a@b> <sip:c@d>' },
  { name: 'text after the brackets',   text: '<sip:a@b>tag=1' },
  { name: 'an unquoted comma',         text: 'L, Ada <sip:a@b>' },
  { name: 'a quote within a word',     text: 'A"da" <sip:a@b>' },
  { name: '? without brackets',        text: 'sip:a@b?x=y' },
  { name: 'an empty value',            text: '<sip:a@b>;tag=' },
  { name: 'an open quote in a value',  text: '<sip:a@b>;tag="a' },
  { name: 'two words in a value',      text: '<sip:a@b>;tag=a b' },
];

describe('sip name-addr', (test) => {
  for (const { text, is, written = text } of addresses) {
    test(text, () => {
      assert.equal(parseNameAddr(text), { uri: 'sip:a@b', params: new Map(), ...is });
      assert.is(formatNameAddr(parseNameAddr(text)), written);
    });
  }
  for (const { name, text } of refused) {
    test(`refuses ${name}`, () =>
      assert.throws(
        () => parseNameAddr(text),
        (e: unknown) => Fault.is(e, 'sip.malformed'),
      ));
  }

  test('a name of ours, there and back', () => {
    for (const name of ['Jürgen', 'Łukasz', '内線', 'a "b" \\ c', '', '\u0007']) {
      const written = formatNameAddr({ display: encodeText(name), uri: 'sip:a@b', params: new Map() });
      assert.is(decodeText(parseNameAddr(written).display ?? '?'), name);
    }
  });
  test('a name that is no UTF-8 is read as latin1', () => assert.is(decodeText('J\xfcrgen'), 'Jürgen'));
  test('quotes', () => {
    assert.is(unquote('abc'), 'abc');
    assert.is(unquote(quote('a "b" \\')), 'a "b" \\');
    assert.throws(
      () => quote('a\r\nb'),
      (e: unknown) => Fault.is(e, 'sip.malformed'),
    );
  });
});

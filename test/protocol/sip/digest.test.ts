import * as assert from 'uvu/assert';
import { Fault, type FaultCode } from '#protocol/fault.ts';
import {
  answerChallenge,
  type Challenge,
  chooseChallenge,
  formatChallenge,
  isRightResponse,
  parseChallenge,
  parseCredentials,
} from '#protocol/sip/digest.ts';
import { describe } from '#test/support/describe.ts';

/** Worked examples of RFC 2617 3.5 and RFC 7616 3.9.1, made again here from their inputs. */
const example = { method: 'GET', uri: '/dir/index.html', username: 'Mufasa', nc: 1 };
const rfc2617: Challenge = {
  realm: 'testrealm@host.com',
  nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
  qop: 'auth,auth-int',
};
const rfc7616: Challenge = {
  realm: 'http-auth@example.org',
  nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  qop: 'auth, auth-int',
};
const cnonce7616 = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';

// biome-ignore format: a table
const worked: { name: string; challenge: Challenge; password: string; cnonce: string; response: string }[] = [
  { name: 'MD5 (RFC 2617)',     challenge: rfc2617, password: 'Circle Of Life', cnonce: '0a4f113b', response: '6629fae49393a05397450978507c4ef1' },
  { name: 'MD5 (RFC 7616)',     challenge: { ...rfc7616, algorithm: 'MD5' }, password: 'Circle of Life', cnonce: cnonce7616, response: '8ca523f5e9506fed4657c9700eebdbec' },
  { name: 'SHA-256 (RFC 7616)', challenge: { ...rfc7616, algorithm: 'SHA-256' }, password: 'Circle of Life', cnonce: cnonce7616, response: '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1' },
];

const good = 'username="HD0001", realm="hotdesk", nonce="n1", uri="sip:desk.example"';
const md5 = '0123456789abcdef0123456789abcdef';

// biome-ignore format: a table
const refused: { name: string; text: string; code: FaultCode }[] = [
  { name: 'another scheme',          text: 'Basic dTpw',                                                     code: 'auth.refused' },
  { name: 'nothing',                 text: '',                                                               code: 'auth.refused' },
  { name: 'an algorithm unknown',    text: `Digest ${good}, response="${md5}", algorithm=SHA-512`,           code: 'auth.refused' },
  { name: 'MD5-sess',                text: `Digest ${good}, response="${md5}", algorithm=MD5-sess`,          code: 'auth.refused' },
  { name: 'the scheme alone',        text: 'Digest',                                                         code: 'sip.malformed' },
  { name: 'no response',             text: `Digest ${good}`,                                                 code: 'sip.malformed' },
  { name: 'a parameter twice',       text: `Digest ${good}, response="${md5}", Username="HD0002"`,           code: 'sip.malformed' },
  { name: 'no commas',               text: `Digest ${good} response="${md5}"`,                               code: 'sip.malformed' },
  { name: 'a comma at the end',      text: `Digest ${good}, response="${md5}",`,                             code: 'sip.malformed' },
  { name: 'a quote that stays open', text: `Digest ${good}, response="${md5}`,                               code: 'sip.malformed' },
  { name: 'a name without a value',  text: `Digest ${good}, response="${md5}", opaque`,                      code: 'sip.malformed' },
  { name: 'a value without a name',  text: `Digest ${good}, ="${md5}"`,                                      code: 'sip.malformed' },
  { name: 'qop without nc',          text: `Digest ${good}, response="${md5}", qop=auth, cnonce="c"`,        code: 'sip.malformed' },
  { name: 'qop without cnonce',      text: `Digest ${good}, response="${md5}", qop=auth, nc=00000001`,       code: 'sip.malformed' },
  { name: 'nc of seven digits',      text: `Digest ${good}, response="${md5}", nc=0000001`,                  code: 'sip.malformed' },
  { name: 'nc of nine digits',       text: `Digest ${good}, response="${md5}", nc=000000001`,                code: 'sip.malformed' },
  { name: 'nc that is no number',    text: `Digest ${good}, response="${md5}", nc=0000000x`,                 code: 'sip.malformed' },
  { name: '33 parameters',           text: `Digest ${Array.from({ length: 33 }, (_, i) => `p${i}=1`).join()}`, code: 'sip.malformed' },
];

describe('sip digest', (test) => {
  for (const { name, challenge, password, cnonce, response } of worked) {
    test(name, () => {
      const header = answerChallenge(challenge, { ...example, password, cnonce });
      const credentials = parseCredentials(header);
      assert.is(credentials.response, response);
      assert.ok(isRightResponse(credentials, { method: 'GET', password }));
      assert.not.ok(isRightResponse(credentials, { method: 'POST', password }));
      assert.not.ok(isRightResponse(credentials, { method: 'GET', password: `${password} ` }));
    });
  }

  for (const { name, text, code } of refused) {
    test(`refuses ${name}`, () =>
      assert.throws(
        () => parseCredentials(text),
        (e: unknown) => Fault.is(e, code),
      ));
  }

  test('what a phone sends: any case, any order, quotes where none belong', () => {
    const text = `DIGEST  nc="0000000A",QOP="auth" , cnonce="c" ,algorithm="md5",${good},RESPONSE="${md5.toUpperCase()}",opaque=""`;
    const credentials = parseCredentials(text);
    assert.equal(
      [
        credentials.username,
        credentials.uri,
        credentials.nc,
        credentials.qop,
        credentials.algorithm,
        credentials.opaque,
      ],
      ['HD0001', 'sip:desk.example', '0000000A', 'auth', 'MD5', ''],
    );
  });

  test('without qop, as RFC 2069 phones do', () => {
    const header = answerChallenge(
      { realm: 'r', nonce: 'n' },
      { ...example, password: 'p', cnonce: 'c', nc: 1 },
    );
    const credentials = parseCredentials(header);
    assert.is(credentials.qop, undefined);
    assert.is(credentials.nc, undefined);
    assert.ok(isRightResponse(credentials, { method: 'GET', password: 'p' }));
  });

  test('a response of another length, in upper case, or over the body', () => {
    const header = answerChallenge(
      { realm: 'r', nonce: 'n', qop: 'auth' },
      { ...example, password: 'p', cnonce: 'c' },
    );
    const credentials = parseCredentials(header);
    const proves = (change: Partial<typeof credentials>) =>
      isRightResponse({ ...credentials, ...change }, { method: 'GET', password: 'p' });
    assert.ok(proves({ response: credentials.response.toUpperCase() }));
    assert.not.ok(proves({ response: credentials.response.slice(1) }));
    assert.not.ok(proves({ response: '' }));
    assert.not.ok(proves({ response: `${credentials.response}\u0130` }));
    assert.not.ok(proves({ qop: 'auth-int' }));
    assert.not.ok(proves({ algorithm: 'SHA-256' }));
  });

  test('a name and a password beyond ASCII are hashed as UTF-8', () => {
    const answer = { ...example, username: 'Jürgen', password: 'Łódź', cnonce: 'c' };
    const credentials = parseCredentials(answerChallenge({ realm: 'r', nonce: 'n', qop: 'auth' }, answer));
    assert.is(credentials.username, 'J\xc3\xbcrgen');
    assert.ok(isRightResponse(credentials, { method: 'GET', password: 'Łódź' }));
  });

  test('a challenge, there and back', () => {
    const full: Challenge = {
      realm: 'r',
      nonce: 'n',
      algorithm: 'SHA-256',
      qop: 'auth',
      opaque: 'o',
      stale: true,
    };
    assert.equal(parseChallenge(formatChallenge(full)), full);
    assert.is(
      formatChallenge({ realm: 'r', nonce: 'n', qop: 'auth' }),
      'Digest realm="r", nonce="n", qop="auth"',
    );
    assert.equal(parseChallenge('Digest stale=FALSE,realm="a \\"b\\"", nonce="n", domain="sip:x"'), {
      realm: 'a \\"b\\"',
      nonce: 'n',
      stale: false,
    });
  });

  test('a realm with quotes is hashed and given back as it came', () => {
    const header = answerChallenge(
      { realm: 'a \\"b\\"', nonce: 'n' },
      { ...example, password: 'p', cnonce: 'c' },
    );
    assert.ok(header.includes('realm="a \\"b\\""'));
  });

  test('text that would end its quotes is refused', () => {
    for (const text of ['a"b', 'a\\', '"']) {
      assert.throws(
        () => formatChallenge({ realm: text, nonce: 'n' }),
        (e: unknown) => Fault.is(e, 'sip.malformed'),
      );
    }
  });

  test('of several challenges the strongest that we can answer', () => {
    const [plain, strong] = ['Digest realm="a", nonce="1"', 'Digest realm="b", nonce="2", algorithm=SHA-256'];
    assert.is(chooseChallenge([plain ?? '', strong ?? ''])?.realm, 'b');
    assert.is(chooseChallenge(['Basic realm="x"', plain ?? '', plain ?? ''])?.realm, 'a');
    assert.is(chooseChallenge(['Digest realm="c", nonce="3", qop="auth-int"']), undefined);
    assert.is(
      chooseChallenge(['Digest broken', 'Digest realm="c", nonce="3", algorithm=AKAv1-MD5']),
      undefined,
    );
    assert.is(chooseChallenge([]), undefined);
  });

  test('only auth-int: refused', () => {
    const challenge = { realm: 'r', nonce: 'n', qop: 'auth-int' };
    assert.throws(
      () => answerChallenge(challenge, { ...example, password: 'p', cnonce: 'c' }),
      (e: unknown) => Fault.is(e, 'auth.refused'),
    );
  });
});

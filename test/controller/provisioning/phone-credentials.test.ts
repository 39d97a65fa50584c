/** Basic and Digest of phones that send them, and those that do not. */

import { createHash } from 'node:crypto';
import * as assert from 'uvu/assert';
import { createKeys } from '#controller/keys.ts';
import { createPhoneCredentials, type Verdict } from '#controller/provisioning/phone-credentials.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

const keys = createKeys(new Uint8Array(32));
const device = {
  id: 'HD0001',
  mac: '001565aabb01',
  vendor: 'yealink',
  model: 'T46S',
  site: 'berlin',
  generation: 2,
  confirmedGeneration: 1,
};
const path = '/p/AAAAAAAAAAAAAAAAAAAAAA/001565aabb01.cfg';
const [older, newer] = [keys.sipSecret('HD0001', 1), keys.sipSecret('HD0001', 2)];

function open() {
  const clock = createFakeClock();
  const credentials = createPhoneCredentials({ keys, clock });
  const judge = (authorization?: string, method: 'GET' | 'HEAD' = 'GET') =>
    credentials.judge(
      { method, path, headers: authorization === undefined ? {} : { authorization } },
      device,
    );
  return { clock, judge };
}

const basic = (name: string, password: string) =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

type Digest = {
  nonce: string;
  password?: string;
  uri?: string;
  name?: string;
  realm?: string;
  method?: string;
  algorithm?: 'MD5' | 'SHA-256';
};

/** By RFC 7616 3.4, with no help from our own code. */
function digest({
  nonce,
  password = newer,
  uri = path,
  name = 'HD0001',
  realm = 'hotdesk',
  method = 'GET',
  algorithm = 'MD5',
}: Digest): string {
  const h = (text: string) =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text)
      .digest('hex');
  const response = h(
    `${h(`${name}:${realm}:${password}`)}:${nonce}:00000001:c:auth:${h(`${method}:${uri}`)}`,
  );
  return `Digest username="${name}", realm="${realm}", nonce="${nonce}", uri="${uri}", algorithm=${algorithm}, qop=auth, nc=00000001, cnonce="c", response="${response}"`;
}

function nonceIn(verdict: Verdict): string {
  assert.ok(typeof verdict === 'object');
  assert.match(verdict.challenge, /^Digest realm="hotdesk", .*stale=true/);
  return /nonce="([^"]+)"/.exec(verdict.challenge)?.[1] ?? '';
}

// biome-ignore format: a table
const plain: [what: string, header: string | undefined, verdict: Verdict][] = [
  ['nothing',                      undefined, 'none'],
  ['Basic',                        basic('HD0001', newer), 'right'],
  ['Basic with the older secret',  basic('HD0001', older), 'right'],
  ['basic, in small letters',      basic('HD0001', newer).replace('B', 'b'), 'right'],
  ['a wrong password',             basic('HD0001', 'x'), 'wrong'],
  ['no password',                  basic('HD0001', ''), 'wrong'],
  ['another device',               basic('HD0002', newer), 'wrong'],
  ['a generation to come',         basic('HD0001', keys.sipSecret('HD0001', 3)), 'wrong'],
  ['no base64',                    'Basic ???', 'wrong'],
  ['Basic without anything',       'Basic', 'wrong'],
  ['a bearer token',               `Bearer ${newer}`, 'wrong'],
  ['a Digest without end',         'Digest username="HD0001', 'wrong'],
  ['a Digest of another name',     digest({ nonce: 'x', name: 'admin' }), 'wrong'],
  ['another algorithm',            digest({ nonce: 'x' }).replace('=MD5', '=MD4'), 'wrong'],
];

describe('credentials of phones that ask by HTTP', (test) => {
  for (const [what, header, verdict] of plain) {
    test(`${what}: ${String(verdict)}`, () => assert.equal(open().judge(header), verdict));
  }

  for (const algorithm of ['MD5', 'SHA-256'] as const) {
    test(`Digest by ${algorithm}: asked anew for a nonce not of ours, then right`, () => {
      const { judge } = open();
      const verdict = judge(digest({ nonce: 'of-another-server', algorithm }));
      assert.match(typeof verdict === 'object' ? verdict.challenge : '', `algorithm=${algorithm}`);
      const nonce = nonceIn(verdict);
      for (const password of [newer, older])
        assert.is(judge(digest({ nonce, algorithm, password })), 'right');
      assert.is(judge(digest({ nonce, algorithm, uri: `http://192.0.2.7:8080${path}` })), 'right');
      assert.is(judge(digest({ nonce, algorithm, method: 'HEAD' }), 'HEAD'), 'right');
      assert.is(judge(digest({ nonce, algorithm, password: 'x' })), 'wrong');
      assert.is(judge(digest({ nonce, algorithm, method: 'HEAD' })), 'wrong');
      assert.is(judge(digest({ nonce, algorithm, uri: '/p/x/y.cfg' })), 'wrong');
      nonceIn(judge(digest({ nonce, algorithm, realm: 'other' })));
    });
  }

  test('a nonce is good for five minutes, and for one device', () => {
    const { judge, clock } = open();
    const nonce = nonceIn(judge(digest({ nonce: '' })));
    clock.advance(299_999);
    assert.is(judge(digest({ nonce })), 'right');
    clock.advance(1);
    nonceIn(judge(digest({ nonce })));
    nonceIn(judge(digest({ nonce: `${nonce.slice(0, -1)}${nonce.endsWith('A') ? 'B' : 'A'}` })));
  });
});

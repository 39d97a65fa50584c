/** RFC 9110: what of a file is answered. */

import * as assert from 'uvu/assert';
import { answerEntity } from '#controller/provisioning/entity.ts';
import { describe } from '#test/support/describe.ts';

const entity = { body: Buffer.from('0123456789'), etag: '"t"', contentType: 'text/plain' };

// biome-ignore format: a table
const rows: [range: string, status: number, body: string, contentRange: string | undefined, hasAll: boolean][] = [
  ['bytes=0-3',      206, '0123',       'bytes 0-3/10', false],
  ['bytes=0-0',      206, '0',          'bytes 0-0/10', false],
  ['bytes=4-',       206, '456789',     'bytes 4-9/10', true],
  ['bytes=-3',       206, '789',        'bytes 7-9/10', true],
  ['bytes=-99',      206, '0123456789', 'bytes 0-9/10', true],
  ['bytes=8-99',     206, '89',         'bytes 8-9/10', true],
  ['BYTES= 2-2 ',    206, '2',          'bytes 2-2/10', false],
  ['bytes=10-',      416, '',           'bytes */10',   false],
  ['bytes=-0',       416, '',           'bytes */10',   false],
  ['bytes=5-2',      200, '0123456789', undefined,      true],
  ['bytes=0-1,3-4',  200, '0123456789', undefined,      true],
  ['bytes=-',        200, '0123456789', undefined,      true],
  ['bytes=a-b',      200, '0123456789', undefined,      true],
  ['lines=0-3',      200, '0123456789', undefined,      true],
  ['bytes=99999999999-', 200, '0123456789', undefined,  true],
];

const get = (headers: Record<string, string>, method: 'GET' | 'HEAD' = 'GET') =>
  answerEntity({ method, headers }, entity);

describe('a file as HTTP answers it', (test) => {
  for (const [range, status, body, contentRange, hasAll] of rows) {
    test(`Range: ${range} is ${status}`, () => {
      const answer = get({ range });
      assert.is(answer.status, status);
      assert.is(Buffer.from(answer.body).toString(), body);
      assert.is(answer.headers['content-range'], contentRange);
      assert.is(answer.headers['content-length'], String(body.length));
      assert.is(answer.headers['cache-control'], 'no-store');
      assert.is(answer.hasAll, hasAll);
    });
  }

  test('If-Range of this file, and of another', () => {
    assert.is(get({ range: 'bytes=0-1', 'if-range': '"t"' }).status, 206);
    for (const other of ['"u"', 'W/"t"', 'Thu, 01 Jan 1970 00:00:00 GMT']) {
      assert.is(get({ range: 'bytes=0-1', 'if-range': other }).status, 200);
    }
  });

  test('a condition comes before a range', () => {
    const answer = get({ range: 'bytes=99-', 'if-none-match': '"t"' });
    assert.equal([answer.status, answer.headers.etag, answer.hasAll], [304, '"t"', true]);
  });

  test('HEAD has the length of the whole, whatever the range, and nobody has the file by it', () => {
    const answer = get({ range: 'bytes=0-1' }, 'HEAD');
    assert.equal([answer.status, answer.body.length, answer.hasAll], [200, 0, false]);
    assert.is(answer.headers['content-length'], '10');
    assert.is(answer.headers['accept-ranges'], 'bytes');
  });
});

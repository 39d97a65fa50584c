/** The page's files over HTTP: which are given out, how long they may be kept, and what they may do. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { type AssetHeaders, loadAssets, readPage } from '#controller/web/assets.ts';
import { describe } from '#test/support/describe.ts';

const folder = mkdtempSync(join(tmpdir(), 'hotdesk-web-'));
writeFileSync(join(folder, 'index.html'), '<!doctype html>');
writeFileSync(join(folder, 'main-ABCDEFGH.js'), 'run()');
writeFileSync(join(folder, 'secret.key'), 'not a file of the page');
const assets = loadAssets(readPage(folder));
rmSync(folder, { recursive: true });

const at = (path: string, headers: AssetHeaders = {}) => assets.answer(path, headers);

describe('the page’s files', (test) => {
  test('are given out by name, and nothing else is', async () => {
    assert.is(await at('/')?.text(), '<!doctype html>');
    assert.is(await at('/assets/main-ABCDEFGH.js')?.text(), 'run()');
    const others = [
      '/assets/',
      '/assets/secret.key',
      '/assets/../secret.key',
      '/assets/main.js',
      '/assets/index.html',
    ];
    for (const path of others) assert.is(at(path), undefined, path);
  });

  test('with a hash in the name are kept for ever, the first page is asked for again', () => {
    assert.match(at('/assets/main-ABCDEFGH.js')?.headers.get('cache-control') ?? '', /immutable/);
    const first = at('/');
    assert.is(first?.headers.get('cache-control'), 'no-cache');
    const again = at('/', { ifNoneMatch: first?.headers.get('etag') ?? '' });
    assert.is(again?.status, 304);
  });

  test('are sent small to who takes that', async () => {
    const path = '/assets/main-ABCDEFGH.js';
    const zipped = at(path, { acceptEncoding: 'br, gzip;q=0.5' });
    assert.is(zipped?.headers.get('content-encoding'), 'gzip');
    assert.is(String(gunzipSync(Buffer.from((await zipped?.arrayBuffer()) ?? new ArrayBuffer(0)))), 'run()');
    for (const acceptEncoding of ['', 'br', 'gzip;q=0', 'gzip; q=0.000, br']) {
      assert.is(at(path, { acceptEncoding })?.headers.get('content-encoding'), null, acceptEncoding);
    }
  });

  test('may run nothing but themselves, and stand in no other page', () => {
    const policy = at('/')?.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.match(policy, /style-src 'self'(;|$)/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.not.match(policy, /unsafe|\*|https?:/);
    assert.is(at('/')?.headers.get('x-content-type-options'), 'nosniff');
  });

  test('may be missing: then there is no page', () => {
    assert.is(loadAssets(readPage(join(folder, 'gone'))).answer('/', {}), undefined);
  });
});

/** The page as it is bundled: small, whole, and with nothing from elsewhere. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { bundlePage } from '#controller/web/bundle.ts';
import { describe } from '#test/support/describe.ts';

const maxBytes = 150_000;

describe('the page’s bundle', (test) => {
  test('is small when compressed, names its files by what is in them, and asks nobody else for anything', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hotdesk-bundle-'));
    try {
      await bundlePage(folder);
      const files = readdirSync(folder).sort();
      assert.is(files.length, 3);
      for (const [index, form] of [
        /^index\.html$/,
        /^main-[A-Z0-9]{8}\.js$/,
        /^style-[A-Z0-9]{8}\.css$/,
      ].entries()) {
        assert.match(files[index] ?? '', form);
      }
      const texts = files.map((name) => readFileSync(join(folder, name)));
      const size = texts.reduce((sum, text) => sum + gzipSync(text).length, 0);
      assert.ok(size < maxBytes, `${size} bytes`);
      const [html = ''] = texts.map(String);
      for (const name of files.slice(1)) assert.ok(html.includes(`"assets/${name}"`), name);
      assert.not.match(html, /<style|\sstyle=|\son[a-z]+=|<script(?![^>]* src=)/, 'nothing inline');
      for (const text of texts.map(String)) {
        assert.not.match(text, /(src|href|url|import|fetch)\W{0,3}https?:/, 'no address of another host');
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

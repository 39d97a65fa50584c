/**
 * The page's files, read once and kept in memory: a request names one of them
 * or nothing, so no path of a request ever reaches the disk.
 *
 *     /                      index.html, asked for again each time
 *     /assets/NAME-HASH.js   never changes, so it is kept for a year
 *
 * The page is told to run and load nothing but its own files, and to be shown
 * in no other page: what a hostile name might bring in has nowhere to go.
 */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

export type Assets = {
  /** Undefined: there is no such file. */
  answer(path: string, headers: AssetHeaders): Response | undefined;
};

/** Of the request. */
export type AssetHeaders = { acceptEncoding?: string | undefined; ifNoneMatch?: string | undefined };

type Kept = { body: Buffer; zipped: Buffer; etag: string; headers: Record<string, string> };

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "media-src 'self'",
  "connect-src 'self'",
  "font-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const common = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

/** The page's files by name: the build puts them into the bundle. */
declare const embeddedPage: Readonly<Record<string, string>>;

/** Out of the bundle; from the source tree, where `npm run build` leaves them besides. */
function pageFiles(): Readonly<Record<string, string>> {
  if (typeof embeddedPage !== 'undefined') return embeddedPage;
  return readPage(fileURLToPath(new URL('../../dist/web/', import.meta.url)));
}

/** A folder that is not there is a controller without a page: the API works all the same. */
export function readPage(folder: string): Record<string, string> {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => extname(name) in types) : [];
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

export function loadAssets(files = pageFiles()): Assets {
  const kept = new Map(Object.entries(files).map(([name, text]) => [pathOf(name), keep(name, text)]));
  return {
    answer(path, { acceptEncoding = '', ifNoneMatch }) {
      const file = kept.get(path);
      if (file === undefined) return undefined;
      if (ifNoneMatch === file.etag) return new Response(null, { status: 304, headers: file.headers });
      const isZipped = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(acceptEncoding);
      const headers = isZipped ? { ...file.headers, 'content-encoding': 'gzip' } : file.headers;
      return new Response(Uint8Array.from(isZipped ? file.zipped : file.body), { headers });
    },
  };
}

const pathOf = (name: string) => (name === 'index.html' ? '/' : `/assets/${name}`);

function keep(name: string, text: string): Kept {
  const body = Buffer.from(text);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const isHashed = /-[A-Z0-9]{8}\.[a-z]+$/.test(name);
  const headers = {
    ...common,
    'content-type': types[extname(name)] ?? 'application/octet-stream',
    'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'accept-encoding',
    etag,
  };
  return { body, zipped: gzipSync(body, { level: 9 }), etag, headers };
}

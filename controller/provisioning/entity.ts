/**
 * A file as HTTP answers it (RFC 9110): a condition (13.1.2), one range (14), HEAD.
 *
 *     If-None-Match names it                304
 *     Range: bytes=0-99, 100-, -100         206 with Content-Range; 416 where it begins behind the end
 *     several ranges, another unit,
 *     If-Range of another file, HEAD        as if there were no Range
 *
 * Nothing is to be kept on the way: it holds secrets, and is another tomorrow.
 */

import type { RelayedAnswer, RelayedRequest } from '#controller/model/ports.ts';

export type Entity = { body: Uint8Array; etag: string; contentType: string };

/** `hasAll`: whoever asked has the file, to its end. */
export type Answered = RelayedAnswer & { hasAll: boolean };

const empty = new Uint8Array();
const kept = { 'cache-control': 'no-store' };

export function answerEntity({ method, headers }: Asked, { body, etag, contentType }: Entity): Answered {
  if (matches(headers['if-none-match'], etag)) {
    return { status: 304, headers: { ...kept, etag }, body: empty, hasAll: true };
  }
  const all = { ...kept, 'content-type': contentType, etag, 'accept-ranges': 'bytes' };
  const size = body.length;
  const length = (bytes: number) => ({ 'content-length': String(bytes) });
  if (method === 'HEAD') {
    return { status: 200, headers: { ...all, ...length(size) }, body: empty, hasAll: false };
  }
  const range = headers['if-range'] === undefined || headers['if-range'] === etag ? headers.range : undefined;
  const wanted = readRange(range, size);
  if (wanted === undefined) {
    return { status: 200, headers: { ...all, ...length(size) }, body, hasAll: true };
  }
  if (wanted === 'unsatisfiable') {
    const said = { ...kept, 'content-range': `bytes */${size}`, ...length(0) };
    return { status: 416, headers: said, body: empty, hasAll: false };
  }
  const [first, last] = wanted;
  const said = { ...all, 'content-range': `bytes ${first}-${last}/${size}`, ...length(last - first + 1) };
  return { status: 206, headers: said, body: body.subarray(first, last + 1), hasAll: last === size - 1 };
}

type Asked = Pick<RelayedRequest, 'method' | 'headers'>;

/** First and last byte; undefined: the whole. */
function readRange(text: string | undefined, size: number): [number, number] | 'unsatisfiable' | undefined {
  const [, from = '', to = ''] = /^bytes=[ \t]*(\d{0,10})-(\d{0,10})[ \t]*$/i.exec(text ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  if (from === '') return Number(to) === 0 ? 'unsatisfiable' : [Math.max(0, size - Number(to)), size - 1];
  const first = Number(from);
  const last = to === '' ? size - 1 : Number(to);
  if (last < first && to !== '') return undefined; // malformed, and so ignored
  return first >= size ? 'unsatisfiable' : [first, Math.min(last, size - 1)];
}

/** Compared weakly, as it asks. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

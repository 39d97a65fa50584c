/**
 * The parts of a multipart body (RFC 2046 5.1.1, RFC 5621), found in place:
 *
 *     --boundary CRLF
 *     Content-Type: application/sdp CRLF     head
 *     CRLF
 *     v=0 ...                                from start to end
 *     CRLF --boundary-- CRLF
 */

import type { SipMessage } from './message.ts';

/** `head`: its header lines. The part is in the message's body from `start` to before `end`. */
export type PartAt = { head: string; start: number; end: number };

const maxParts = 16;

export const isMultipart = (message: SipMessage) => /^multipart\//i.test(message.get('Content-Type') ?? '');

/** Undefined: no multipart body, or one that breaks the grammar or has more than 16 parts. */
export function findParts(message: SipMessage): PartAt[] | undefined {
  const boundary = boundaryOf(message);
  if (boundary === undefined) return undefined;
  // One character a byte, so that an index is one of the body too.
  const text = Buffer.from(message.body).toString('latin1');
  const parts: PartAt[] = [];
  let at = text.startsWith(boundary) ? 0 : text.indexOf(`\r\n${boundary}`) + 2;
  while (at !== 1 && parts.length <= maxParts) {
    const after = at + boundary.length;
    if (/^--[ \t]*(?:\r\n|$)/.test(text.slice(after, after + 80))) return parts;
    const next = text.indexOf(`\r\n${boundary}`, after);
    const part = next < 0 ? undefined : partAt(text, after, next);
    if (part === undefined) return undefined;
    parts.push(part);
    at = next + 2;
  }
  return undefined;
}

/** In lower case, without parameters. */
export const typeOfPart = ({ head }: PartAt) =>
  /^Content-Type[ \t]*:[ \t]*([^\s;]+)/im.exec(head)?.[1]?.toLowerCase() ?? '';

function boundaryOf(message: SipMessage): string | undefined {
  if (!isMultipart(message)) return undefined;
  const type = message.get('Content-Type') ?? '';
  const [, quoted, token] = /;\s*boundary\s*=\s*(?:"([^"\\\r\n]{1,70})"|([^\s;"]{1,70}))/i.exec(type) ?? [];
  return quoted === undefined && token === undefined ? undefined : `--${quoted ?? token}`;
}

/** Between a delimiter that ends at `from`, and the next. */
function partAt(text: string, from: number, end: number): PartAt | undefined {
  const line = text.indexOf('\r\n', from);
  if (line > end || text.slice(from, line).trim() !== '') return undefined;
  // A part without headers begins with an empty line.
  const head = text.indexOf('\r\n\r\n', line);
  if (head < 0 || head + 4 > end + 2) return undefined;
  return { head: text.slice(line + 2, head), start: Math.min(head + 4, end), end };
}

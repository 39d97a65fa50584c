/** `host [":" port]` as it stands in a URI and in a Via: a name, an IPv4 address or an IPv6 reference. */

import { isIPv6 } from 'node:net';
import { code, hostEnd, malformed, parseDigits, skipSpace } from './scan.ts';

/** `host` without brackets; `end` is the place after it all. */
export type SentBy = { host: string; port: number | undefined; end: number };

const maxHostLength = 255;
const digits = 5;

/** `spaces`: a Via may have white space around the colon (RFC 3261 25.1, COLON), a URI may not. */
export function parseSentBy(
  text: string,
  at: number,
  { what, spaces }: { what: string; spaces: boolean },
): SentBy {
  const isReference = text.charAt(at) === '[';
  const close = isReference ? text.indexOf(']', at) : hostEnd(text, at);
  const host = isReference
    ? parseReference(text.slice(at + 1, Math.max(close, 0)), what)
    : text.slice(at, close);
  if (host === '' || host.length > maxHostLength) throw malformed(`${what} has no proper host`);

  const end = isReference ? close + 1 : close;
  const colon = spaces ? skipSpace(text, end) : end;
  if (text.charCodeAt(colon) !== code.colon) return { host, port: undefined, end };

  const from = spaces ? skipSpace(text, colon + 1) : colon + 1;
  let to = from;
  while (to < text.length && to <= from + digits && isDigit(text.charCodeAt(to))) to++;
  const port = parseDigits(text.slice(from, to), 65_535);
  if (port === undefined) throw malformed(`${what} has no proper port`);
  return { host, port, end: to };
}

function parseReference(inner: string, what: string): string {
  // RFC 5118 4.10: the grammar of RFC 3261 allowed ":::" before an IPv4 part; the address meant is the one with "::".
  const address = inner.length <= 64 ? inner.replace(':::', '::') : '';
  if (!isIPv6(address) || address.includes('%')) throw malformed(`${what} has no proper IPv6 address`);
  return address;
}

const isDigit = (charCode: number) => charCode >= 0x30 && charCode <= 0x39;

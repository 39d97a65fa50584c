/** The first line of a message (RFC 3261 7.1, 7.2): exactly one space between its parts. */

import { isToken, malformed, parseDigits } from './scan.ts';
import { checkUri, parseUri, schemeOf } from './uri.ts';

export type RequestLine = { type: 'request'; method: string; uri: string };
export type StatusLine = { type: 'response'; status: number; reason: string };

/** Throws `sip.malformed`: 505 for a version that is not 2.0, else 400. */
export function parseStartLine(line: string): RequestLine | StatusLine {
  // A method is a token and holds no slash, so this is never a request.
  return line.slice(0, 4).toUpperCase() === 'SIP/' ? statusLine(line) : requestLine(line);
}

function statusLine(line: string): StatusLine {
  const space = line.indexOf(' ');
  checkVersion(line.slice(0, Math.max(0, space)));
  const digits = line.slice(space + 1, space + 4);
  const status = parseDigits(digits, 699);
  const after = line.charAt(space + 4); // the space before a reason may be missing, when there is no reason
  if (status === undefined || status < 100 || (after !== ' ' && after !== '')) throw malformed('status code');
  return { type: 'response', status, reason: line.slice(space + 5) };
}

function requestLine(line: string): RequestLine {
  const first = line.indexOf(' ');
  const second = line.indexOf(' ', first + 1);
  if (first < 0 || second < 0) throw malformed('request line has no three parts');
  checkVersion(line.slice(second + 1));
  const method = line.slice(0, first);
  const uri = line.slice(first + 1, second);
  if (!isToken(method)) throw malformed('method is not a token');
  checkRequestUri(uri);
  return { type: 'request', method, uri };
}

function checkVersion(text: string): void {
  if (text === 'SIP/2.0' || text.toUpperCase() === 'SIP/2.0') return;
  const isVersion = text.length < 16 && /^SIP\/\d+\.\d+$/i.test(text);
  throw malformed(isVersion ? 'not SIP version 2.0' : 'no SIP version', isVersion ? 505 : 400);
}

/** Another scheme is for who routes to answer, with 416: it is a proper request. */
function checkRequestUri(uri: string): void {
  const scheme = schemeOf(uri);
  if (scheme !== 'sip' && scheme !== 'sips') checkUri(uri);
  // RFC 3261 19.1.1: no headers in a Request-URI; they must never become real ones.
  else if (parseUri(uri).headers !== undefined) throw malformed('headers in the Request-URI');
}

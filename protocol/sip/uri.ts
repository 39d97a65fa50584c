/**
 * SIP and SIPS URIs (RFC 3261 19.1).
 *
 *     sip:user:password@host:port;uri-parameters?headers
 *
 * The parts are kept as on the wire, escapes included: `%00` in a user is three
 * characters that a proxy forwards and a registrar compares, and only who needs
 * the plain text asks for it with `unescapeUser`. Compare dialled digits after
 * that: a phone may send `*77*` as `%2A77%2A`.
 */

import { parseSentBy } from './host-port.ts';
import { formatHost, formatParams, malformed, type Params } from './scan.ts';

export type SipUri = {
  scheme: 'sip' | 'sips';
  /** Escaped, as on the wire. */
  user?: string;
  password?: string;
  /** An IPv6 address without its brackets. */
  host: string;
  port?: number;
  /** Names in lower case, values as on the wire. */
  params: Params;
  /** What stands after `?`, without it. */
  headers?: string;
};

const maxParams = 100;

// Everything a URI may hold (RFC 3261 25.1: reserved, unreserved, "%", and "[" "]" for IPv6), and "#", which
// phones send unescaped in dialled numbers.
const inUri = classOf(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()%;/?:@&=+$,[]#",
);
// What user and password may hold of that; the password's grammar is narrower, nobody gains by refusing it.
const inUser = classOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()%;/?:&=+$,#");

function classOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (let i = 0; i < characters.length; i++) table[characters.charCodeAt(i)] = 1;
  return table;
}

/** Throws `sip.malformed`: status 416 for another scheme (`tel:`, ...), 400 for what is no URI. */
export function parseUri(text: string): SipUri {
  const scheme = schemeOf(text);
  if (scheme !== 'sip' && scheme !== 'sips') throw malformed(`the scheme ${scheme} is not served`, 416);
  checkCharacters(text, scheme.length + 1, inUri);

  const from = scheme.length + 1;
  const at = text.indexOf('@', from);
  const uri: SipUri = { scheme, host: '', params: new Map() };
  if (at >= 0) takeUser(uri, text.slice(from, at));

  const { host, port, end } = parseSentBy(text, at < 0 ? from : at + 1, { what: 'URI', spaces: false });
  uri.host = host;
  if (port !== undefined) uri.port = port;
  if (end < text.length) takeRest(uri, text.slice(end));
  return uri;
}

export function formatUri({ scheme, user, password, host, port, params, headers }: SipUri): string {
  let text = `${scheme}:`;
  if (user !== undefined) text += password === undefined ? `${user}@` : `${user}:${password}@`;
  text += formatHost(host);
  if (port !== undefined) text += `:${port}`;
  if (params.size > 0) text += formatParams(params);
  return headers === undefined ? text : `${text}?${headers}`;
}

/** `%2A77%2A` is `*77*`. The result is wire text: one character a byte. */
export function unescapeUser(text: string): string {
  if (!text.includes('%')) return text;
  let plain = '';
  for (let i = 0; i < text.length; i++) {
    const byte = text.charAt(i) === '%' ? hexByte(text, i + 1) : undefined;
    if (byte === undefined) plain += text.charAt(i);
    else {
      plain += String.fromCharCode(byte);
      i += 2;
    }
  }
  return plain;
}

/** Lower case. Throws 400 when `text` begins with no scheme. */
export function schemeOf(text: string): string {
  const colon = text.indexOf(':');
  if (colon === 3 && text.startsWith('sip')) return 'sip';
  const scheme = text.slice(0, Math.min(colon, maxSchemeLength + 1)).toLowerCase();
  if (colon < 1 || scheme.length > maxSchemeLength || !/^[a-z][a-z0-9+.-]*$/.test(scheme)) {
    throw malformed('URI has no scheme');
  }
  return scheme;
}

const maxSchemeLength = 64;

/** A URI of whatever scheme, as a Request-URI or within `<>`: no space, no quote, no bracket in it. */
export function checkUri(text: string): void {
  schemeOf(text);
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c <= 0x20 || c >= 0x7f || c === 0x22 || c === 0x3c || c === 0x3e) {
      throw malformed('URI has a character that no URI may have');
    }
  }
}

function takeUser(uri: SipUri, text: string): void {
  checkCharacters(text, 0, inUser);
  const colon = text.indexOf(':');
  uri.user = colon < 0 ? text : text.slice(0, colon);
  if (uri.user === '') throw malformed('URI has an empty user');
  if (colon >= 0) uri.password = text.slice(colon + 1);
}

function takeRest(uri: SipUri, text: string): void {
  const question = text.indexOf('?');
  if (question >= 0) uri.headers = text.slice(question + 1);
  const rest = question < 0 ? text : text.slice(0, question);
  if (rest === '') return;
  if (!rest.startsWith(';') || rest.includes('@')) throw malformed('URI has something after its host');
  for (const part of rest.slice(1).split(';', maxParams + 1)) takeParam(uri.params, part);
}

function takeParam(params: Params, part: string): void {
  const equals = part.indexOf('=');
  const name = (equals < 0 ? part : part.slice(0, equals)).toLowerCase();
  if (name === '') throw malformed('URI has an empty parameter');
  if (params.has(name)) throw malformed('URI has a parameter twice');
  if (params.size === maxParams) throw malformed(`URI has over ${maxParams} parameters`);
  params.set(name, equals < 0 ? undefined : part.slice(equals + 1));
}

function checkCharacters(text: string, from: number, allowed: Uint8Array): void {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (allowed[c] !== 1) throw malformed('URI has a character that no SIP URI may have');
    if (c === 0x25 && hexByte(text, i + 1) === undefined) throw malformed('URI has a broken % escape');
  }
}

function hexByte(text: string, at: number): number | undefined {
  const high = hexDigit(text.charCodeAt(at));
  const low = hexDigit(text.charCodeAt(at + 1));
  return high < 0 || low < 0 ? undefined : high * 16 + low;
}

function hexDigit(charCode: number): number {
  if (charCode >= 0x30 && charCode <= 0x39) return charCode - 0x30;
  const letter = charCode | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

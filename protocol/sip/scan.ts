/**
 * What the SIP parsers share: character classes of RFC 3261 25.1 and a few
 * steps over a string. No regular expressions: each step looks at a character
 * once, so a hostile 8 KiB line costs 8 KiB of looking.
 *
 * Text is "wire text" everywhere in this folder: one character a byte (latin1),
 * so what is not ASCII survives byte for byte. SIP's text is UTF-8: `decodeText`
 * gives what a person reads, `encodeText` the way back.
 */

import { Fault } from '#protocol/fault.ts';

/** `status` is what RFC 3261 wants answered, when it was a request. */
export function malformed(why: string, status = 400): Fault {
  return new Fault('sip.malformed', `malformed SIP: ${why}`, { status });
}

export const code = {
  tab: 0x09,
  lf: 0x0a,
  cr: 0x0d,
  space: 0x20,
  quote: 0x22,
  percent: 0x25,
  comma: 0x2c,
  colon: 0x3a,
  semicolon: 0x3b,
  less: 0x3c,
  equals: 0x3d,
  greater: 0x3e,
  backslash: 0x5c,
  del: 0x7f,
} as const;

const alphanum = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

function characters(text: string): Uint8Array {
  const table = new Uint8Array(256);
  for (let i = 0; i < text.length; i++) table[text.charCodeAt(i)] = 1;
  return table;
}

const token = characters(`${alphanum}-.!%*_+\`'~`);
const host = characters(`${alphanum}-._`); // "_" is in no RFC, and in many a host name
// A parameter's value: token, host or IPv6 address; more than the grammar's, nothing that ends a value.
const paramValue = characters(`${alphanum}-.!%*_+\`'~[]:/@&$?=#{}|^()`);

export const tokenEnd = (text: string, at: number) => runEnd(text, at, token);
export const hostEnd = (text: string, at: number) => runEnd(text, at, host);
export const isTokenCode = (charCode: number) => token[charCode] === 1;

function runEnd(text: string, at: number, table: Uint8Array): number {
  let i = at;
  while (i < text.length && table[text.charCodeAt(i)] === 1) i++;
  return i;
}

export function isToken(text: string): boolean {
  return text.length > 0 && tokenEnd(text, 0) === text.length;
}

export function skipSpace(text: string, at: number): number {
  let i = at;
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c !== code.space && c !== code.tab) break;
  }
  return i;
}

/** The place after the closing quote of the string that opens at `at`; -1 when it never closes. */
export function quotedEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === code.backslash) i++;
    else if (c === code.quote) return i + 1;
  }
  return -1;
}

/** 1*DIGIT up to `max`; undefined for signs, hex, exponents, spaces, nothing, and anything above. */
export function parseDigits(text: string, max: number): number | undefined {
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
    if (value > max) return undefined;
  }
  return text === '' ? undefined : value;
}

/** The values of a list header: split at commas outside quotes and angle brackets; empty ones are left out. */
export function splitList(text: string): string[] {
  if (!text.includes(',')) return text === '' ? [] : [text];
  const values: string[] = [];
  for (let from = 0; from <= text.length; ) {
    const end = valueEnd(text, from);
    const value = text.slice(from, end).trim();
    if (value !== '') values.push(value);
    from = end + 1;
  }
  return values;
}

function valueEnd(text: string, from: number): number {
  let inBrackets = false;
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === code.less) inBrackets = true;
    else if (c === code.greater) inBrackets = false;
    else if (inBrackets) continue;
    else if (c === code.comma) return i;
    else if (c === code.quote) {
      const end = quotedEnd(text, i);
      if (end < 0) break; // never closed: the rest is one value, and its parser refuses it
      i = end - 1;
    }
  }
  return text.length;
}

/** By lower-case name; a value is wire text, quotes included, so that it can be written back as it came. */
export type Params = Map<string, string | undefined>;

const maxParams = 100;

/**
 * `;name`, `;name=value`, `;name="quoted"` up to the end of `text`. An empty
 * parameter is refused (RFC 4475 3.1.2.1), a repeated one too: what one parser
 * reads as the first another reads as the last.
 */
export function parseParams(text: string, at: number, what: string): Params {
  const params: Params = new Map();
  let i = skipSpace(text, at);
  while (i < text.length) {
    if (text.charCodeAt(i) !== code.semicolon) throw malformed(`${what} has something after its end`);
    const from = skipSpace(text, i + 1);
    const to = tokenEnd(text, from);
    if (to === from) throw malformed(`${what} has an empty parameter`);
    const name = text.slice(from, to).toLowerCase();
    if (params.has(name)) throw malformed(`${what} has parameter ${name} twice`);
    if (params.size === maxParams) throw malformed(`${what} has over ${maxParams} parameters`);

    i = skipSpace(text, to);
    if (text.charCodeAt(i) !== code.equals) {
      params.set(name, undefined);
      continue;
    }
    const start = skipSpace(text, i + 1);
    const end =
      text.charCodeAt(start) === code.quote ? quotedEnd(text, start) : runEnd(text, start, paramValue);
    if (end <= start) throw malformed(`${what} has no value for ${name}`);
    params.set(name, text.slice(start, end));
    i = skipSpace(text, end);
  }
  return params;
}

export function formatParams(params: Params): string {
  let text = '';
  for (const [name, value] of params) text += value === undefined ? `;${name}` : `;${name}=${value}`;
  return text;
}

/** `"a \"b\""` as `a "b"`; text without quotes as it is. */
export function unquote(text: string): string {
  if (text.charCodeAt(0) !== code.quote) return text;
  const inner = text.slice(1, -1);
  if (!inner.includes('\\')) return inner;
  let plain = '';
  for (let i = 0; i < inner.length; i++) {
    if (inner.charCodeAt(i) === code.backslash) i++;
    plain += inner.charAt(i);
  }
  return plain;
}

/** With its quotes; control characters as quoted pairs. CR and LF have no quoted form (RFC 3261 25.1): refused. */
export function quote(text: string): string {
  let quoted = '"';
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === code.cr || c === code.lf) throw malformed('a quoted string cannot hold a line end');
    const isSpecial = c === code.quote || c === code.backslash || isControl(c);
    quoted += isSpecial ? `\\${text.charAt(i)}` : text.charAt(i);
  }
  return `${quoted}"`;
}

export const isControl = (charCode: number) =>
  (charCode < code.space && charCode !== code.tab) || charCode === code.del;

/** An IPv6 reference or host name may stand in a URI and a Via; `[2001:db8::1]` is kept without brackets. */
export const formatHost = (name: string) => (name.includes(':') ? `[${name}]` : name);

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What a person reads: UTF-8, or latin1 when the bytes are no UTF-8 (old phones). */
export function decodeText(wire: string): string {
  const bytes = Buffer.from(wire, 'latin1');
  try {
    return utf8.decode(bytes);
  } catch {
    return wire; // not UTF-8: each byte is its own character
  }
}

/** A name of ours as wire text: UTF-8, one character a byte. */
export const encodeText = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

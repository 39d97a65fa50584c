/**
 * `"Display name" <uri>;params`, as in From, To, Contact, Route (RFC 3261 20.10).
 *
 * `display` is unquoted wire text (one character a byte): show it with
 * `decodeText`, give a name of ours through `encodeText`, both in ./scan.ts.
 * `uri` is the text between the brackets, `parseUri` takes it apart. Without
 * brackets a `;` ends the URI, and `?` and `,` are refused (RFC 3261 20.10).
 */

import {
  code,
  formatParams,
  malformed,
  type Params,
  parseParams,
  quote,
  quotedEnd,
  skipSpace,
  unquote,
} from './scan.ts';
import { checkUri } from './uri.ts';

export type NameAddr = { display?: string; uri: string; params: Params };

/** Throws `sip.malformed`. */
export function parseNameAddr(text: string): NameAddr {
  const from = skipSpace(text, 0);
  if (text.charCodeAt(from) === code.quote) {
    const end = quotedEnd(text, from);
    if (end < 0) throw malformed('display name has no closing quote');
    const less = skipSpace(text, end);
    if (text.charCodeAt(less) !== code.less) throw malformed('no address after the display name');
    return inBrackets(text, less, unquote(text.slice(from, end)));
  }
  const less = text.indexOf('<', from);
  const semicolon = text.indexOf(';', from);
  if (less < 0 || (semicolon >= 0 && semicolon < less)) return bare(text, from, semicolon);
  return inBrackets(text, less, less === from ? undefined : plainDisplay(text.slice(from, less)));
}

/** Brackets always, so that a parameter of the URI never becomes one of the header. */
export function formatNameAddr({ display, uri, params }: NameAddr): string {
  const name = display === undefined ? '' : `${quote(display)} `;
  return `${name}<${uri}>${formatParams(params)}`;
}

function inBrackets(text: string, less: number, display: string | undefined): NameAddr {
  const greater = text.indexOf('>', less);
  if (greater < 0) throw malformed('address has no closing bracket');
  const uri = text.slice(less + 1, greater);
  checkUri(uri);
  const params = parseParams(text, greater + 1, 'address');
  return display === undefined ? { uri, params } : { display, uri, params };
}

function bare(text: string, from: number, semicolon: number): NameAddr {
  const end = semicolon < 0 ? text.length : semicolon;
  const uri = text.slice(from, end).trimEnd();
  checkUri(uri);
  // RFC 4475 3.1.2.13: whose "?" it would be is anybody's guess.
  if (uri.includes('?') || uri.includes(',')) throw malformed('address with ? or , must stand in brackets');
  return { uri, params: parseParams(text, end, 'address') };
}

/** Tokens and spaces by the grammar; phones also send UTF-8 and some marks. What separates things stays refused. */
function plainDisplay(text: string): string {
  const display = text.trimEnd();
  for (let i = 0; i < display.length; i++) {
    if (',;:"<>\\'.includes(display.charAt(i))) throw malformed('display name must be quoted');
  }
  return display;
}

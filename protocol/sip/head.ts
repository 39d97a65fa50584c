/**
 * The head of a SIP message, in one pass over its characters: start line and
 * header fields as text, nothing taken apart that nobody has asked for.
 *
 * Strict where two parsers could read two messages, for what a phone sends is
 * forwarded to others: lines end with CRLF, a name is a token, control
 * characters are refused (but for HTAB, and the quoted pairs RFC 3261 25.1
 * allows within quotes). White space before the colon is legal (HCOLON), and
 * so is a value over several lines, which is joined with one space.
 */

import { type HeaderName, headerNameAt } from './header-names.ts';
import { code, isControl, isTokenCode, malformed, quotedEnd, skipSpace } from './scan.ts';

export type Field = { readonly name: string; readonly value: string };

/** `seen`: the bits of the headers that may stand only once. `bodyAt`: where the body begins in `bytes`. */
export type Head = { startLine: string; fields: Field[]; seen: number; bodyAt: number };

export const maxMessageBytes = 64 * 1024;
const maxHeaders = 200;
const maxLineBytes = 8 * 1024;

export function readHead(bytes: Uint8Array): Head {
  if (bytes.length > maxMessageBytes) throw malformed(`message over ${maxMessageBytes} bytes`, 513);
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let from = 0;
  // RFC 3261 7.5: line ends before the start line are ignored.
  while (bytes[from] === code.cr && bytes[from + 1] === code.lf) from += 2;
  const end = buffer.indexOf('\r\n\r\n', from, 'latin1');
  if (end < 0) throw malformed('no empty line after the headers');

  const text = buffer.toString('latin1', from, end + 4); // with the empty line, so that nobody looks past the end
  const emptyLineAt = text.length - 2;
  const line: Line = { end: 0, isFolded: false };
  const reading: Reading = { line, readTo: plain.test(text) ? readPlainLine : readLine };
  reading.readTo(text, 0, 0, line);
  if (line.isFolded) throw malformed('start line goes on in a second line');
  const head: Head = { startLine: text.slice(0, line.end), fields: [], seen: 0, bodyAt: end + 4 };
  for (let at = line.end + 2; at < emptyLineAt; at = line.end + 2) readField(text, at, reading, head);
  return head;
}

/** Where a line ended; one object for a whole head, for there are many lines. */
type Line = { end: number; isFolded: boolean };
type Reading = { line: Line; readTo(text: string, at: number, from: number, line: Line): void };

function readField(text: string, at: number, { line, readTo }: Reading, head: Head): void {
  let nameEnd = at;
  while (isTokenCode(text.charCodeAt(nameEnd))) nameEnd++;
  const colon = skipSpace(text, nameEnd);
  if (nameEnd === at || text.charCodeAt(colon) !== code.colon)
    throw malformed('header line without a proper name');
  const from = skipSpace(text, colon + 1);
  readTo(text, at, from, line);

  const known = headerNameAt(text, at, nameEnd);
  note(known, head);
  let to = line.end;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  const value = text.slice(from, to);
  head.fields.push({ name: known.name, value: line.isFolded ? unfold(value) : value });
}

/**
 * A head in which nothing needs a second look: no control character but HTAB, no
 * line that goes on, each line end whole. Nearly every one is so, and then a line
 * is as long as its line end says. Looks once at each character: what a step
 * takes, the next one cannot begin with.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const plain = /^(?:[^\0-\x08\x0a-\x1f\x7f]*\r\n(?![ \t]))*$/;

function readPlainLine(text: string, at: number, from: number, line: Line): void {
  const end = text.indexOf('\r\n', from);
  if (end - at > maxLineBytes) throw malformed(`header line over ${maxLineBytes} bytes`);
  line.end = end;
  line.isFolded = false;
}

function note({ name, bit }: HeaderName, head: Head): void {
  if ((head.seen & bit) !== 0) throw malformed(`two ${name} headers`);
  head.seen |= bit;
  if (head.fields.length === maxHeaders) throw malformed(`over ${maxHeaders} headers`);
}

/** From `from`, which is in the line that began at `at`, to the CRLF that nothing continues. */
function readLine(text: string, at: number, from: number, line: Line): void {
  let hasControls = false;
  let isFolded = false;
  let i = from;
  for (; ; i++) {
    const c = text.charCodeAt(i);
    if (c >= code.space && c !== code.del) continue;
    if (c === code.tab) continue;
    if (c !== code.cr)
      hasControls = true; // NaN never comes here as the last: the text ends with CRLF
    else if (text.charCodeAt(i + 1) !== code.lf) throw malformed('CR without LF');
    else if (isSpace(text.charCodeAt(i + 2))) {
      isFolded = true;
      i++;
    } else break;
  }
  if (i - at > maxLineBytes) throw malformed(`header line over ${maxLineBytes} bytes`);
  if (hasControls) checkControls(text.slice(from, i));
  line.end = i;
  line.isFolded = isFolded;
}

/** RFC 3261 25.1: a quoted pair may be any ASCII but CR and LF, so `"\<BEL>"` is legal (RFC 4475 3.1.1.2). */
function checkControls(value: string): void {
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c === code.quote) {
      const end = quotedEnd(value, i);
      if (end < 0 || !isPaired(value, i + 1, end - 1))
        throw malformed('control character in a quoted string');
      i = end - 1;
    } else if (isControl(c) && c !== code.cr && c !== code.lf)
      throw malformed('control character in a header');
    else if (c === code.lf && value.charCodeAt(i - 1) !== code.cr) throw malformed('LF without CR');
  }
}

function isPaired(value: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const c = value.charCodeAt(i);
    if (c === code.backslash) {
      i++;
      if (value.charCodeAt(i) === code.cr || value.charCodeAt(i) === code.lf) return false;
    } else if (isControl(c) && c !== code.cr && !(c === code.lf && value.charCodeAt(i - 1) === code.cr))
      return false;
  }
  return true;
}

/** RFC 3261 7.3.1: a line end and the white space about it is the same as one space. */
function unfold(value: string): string {
  let joined = '';
  for (const part of value.split('\r\n')) {
    const piece = part.trim();
    joined += joined === '' || piece === '' ? piece : ` ${piece}`;
  }
  return joined;
}

const isSpace = (charCode: number) => charCode === code.space || charCode === code.tab;

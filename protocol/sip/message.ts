/**
 * A SIP message: parsed once, changed by name, written again (RFC 3261 7).
 *
 *     bytes ─ parseMessage → SipMessage ─ get set prepend removeFirst … → formatMessage → bytes
 *
 * `parseMessage` checks what every reader relies on (start line, the mandatory
 * headers and their syntax, each Via, Contact, Content-Length), so `from`, `to`,
 * `cseq`, `topVia` of a parsed message never throw. Other headers stay text
 * until somebody asks. What is written comes from the parse, never from raw
 * header text: names in one spelling, no folding, one Content-Length.
 *
 * Strings are wire text, one character a byte (see ./scan.ts), so names in
 * UTF-8 and broken ones come out as they went in. The body is bytes and shares
 * memory with what was parsed.
 */

import { type Field, readHead } from './head.ts';
import { type HeaderName, headerName, mandatory } from './header-names.ts';
import { type NameAddr, parseNameAddr } from './name-addr.ts';
import { reasons } from './reasons.ts';
import {
  encodeText,
  isControl,
  isToken,
  malformed,
  parseDigits,
  skipSpace,
  splitList,
  tokenEnd,
} from './scan.ts';
import { parseStartLine, type RequestLine, type StatusLine } from './start-line.ts';
import { formatVia, parseVia, type Via } from './via.ts';

export type CSeq = { number: number; method: string };
export type HeaderList = readonly (readonly [name: string, value: string])[];

const maxVias = 70;
const maxCSeq = 2 ** 31 - 1; // RFC 3261 8.1.1.5
const maxHops = 255;
const noBody = new Uint8Array(0);
const takenApart = ['Via', 'From', 'To', 'CSeq'];

export class SipMessage {
  start: RequestLine | StatusLine;
  body: Uint8Array;
  #fields: Field[];
  // What was taken apart already; forgotten when its header changes.
  #from: NameAddr | undefined;
  #to: NameAddr | undefined;
  #topVia: Via | undefined;
  #cseq: CSeq | undefined;

  constructor(start: RequestLine | StatusLine, fields: Field[], body: Uint8Array) {
    this.start = start;
    this.#fields = fields;
    this.body = body;
  }

  /** The first value, in any case of the name and for its compact form. */
  get(name: string): string | undefined {
    const known = headerName(name);
    for (const field of this.#fields) {
      if (field.name !== known.name) continue;
      const value = known.isList ? firstOf(field.value) : field.value;
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** Every value in order; list headers split at their commas, without empty values. */
  getAll(name: string): string[] {
    const known = headerName(name);
    const values: string[] = [];
    for (const field of this.#fields) {
      if (field.name !== known.name) continue;
      if (known.isList) values.push(...splitList(field.value));
      else values.push(field.value);
    }
    return values;
  }

  /** One header of that name, in the place of the first. */
  set(name: string, value: string): void {
    const field = toField(name, value);
    const at = this.#indexOf(field.name);
    if (at < 0) this.#fields.push(field);
    else {
      const isKept = (each: Field, index: number) => index <= at || each.name !== field.name;
      this.#fields[at] = field;
      if (!this.#fields.every(isKept)) this.#fields = this.#fields.filter(isKept);
    }
    this.#forget(field.name);
  }

  /** Before the first of that name; at the top of the headers when there is none. */
  prepend(name: string, value: string): void {
    const field = toField(name, value);
    this.#insert(Math.max(0, this.#indexOf(field.name)), field);
  }

  /** After the last of that name; at the end of the headers when there is none. */
  append(name: string, value: string): void {
    const field = toField(name, value);
    const last = this.#fields.findLastIndex((each) => each.name === field.name);
    this.#insert(last < 0 ? this.#fields.length : last + 1, field);
  }

  /** One value: the first of `Via: a, b` leaves `b`. */
  removeFirst(name: string): void {
    const known = headerName(name);
    const at = this.#firstValueAt(known);
    const field = this.#fields[at];
    if (field === undefined) return;
    const rest = known.isList ? splitList(field.value).slice(1).join(', ') : '';
    if (rest === '') this.#fields.splice(at, 1);
    else this.#fields[at] = { name: field.name, value: rest };
    this.#forget(field.name);
  }

  /** The first Via's value, in its place; `via` is the message's from now on. */
  replaceTopVia(via: Via): void {
    const at = this.#firstValueAt(headerName('Via'));
    const field = this.#fields[at];
    if (field === undefined) throw malformed('no Via header');
    const value = toWire(formatVia(via));
    // Of a list of several the others stay behind it.
    const rest = field.value.includes(',') ? splitList(field.value).slice(1) : [];
    this.#fields[at] = { name: 'Via', value: rest.length === 0 ? value : [value, ...rest].join(', ') };
    this.#topVia = via;
  }

  removeAll(name: string): void {
    const known = headerName(name);
    if (this.#indexOf(known.name) < 0) return;
    this.#fields = this.#fields.filter((field) => field.name !== known.name);
    this.#forget(known.name);
  }

  /** Every header whose name, in the one spelling of ./header-names.ts, is one to drop. */
  removeWhere(isDropped: (name: string) => boolean): void {
    const kept = this.#fields.filter((field) => !isDropped(field.name));
    if (kept.length === this.#fields.length) return;
    this.#fields = kept;
    for (const name of takenApart) if (isDropped(name)) this.#forget(name);
  }

  /** The names present, each once, in the one spelling of ./header-names.ts. */
  names(): string[] {
    return [...new Set(this.#fields.map((field) => field.name))];
  }

  /** The header lines in order, for who writes the message. */
  fields(): readonly Field[] {
    return this.#fields;
  }

  /** Changes to one are not seen by the other; the body's bytes are shared. */
  clone(): SipMessage {
    const copy = new SipMessage({ ...this.start }, [...this.#fields], this.body);
    copy.#from = this.#from;
    copy.#to = this.#to;
    copy.#topVia = this.#topVia;
    copy.#cseq = this.#cseq;
    return copy;
  }

  /** The request's; for a response that of its CSeq. */
  get method(): string {
    return this.start.type === 'request' ? this.start.method : this.cseq.method;
  }

  get callId(): string {
    return this.#required('Call-ID');
  }

  get cseq(): CSeq {
    this.#cseq ??= parseCSeq(this.#required('CSeq'));
    return this.#cseq;
  }

  /** Read it, do not change it: for a change, format one of your own and `set` it. So with `to` and `topVia`. */
  get from(): NameAddr {
    this.#from ??= parseNameAddr(this.#required('From'));
    return this.#from;
  }

  get to(): NameAddr {
    this.#to ??= parseNameAddr(this.#required('To'));
    return this.#to;
  }

  get topVia(): Via {
    this.#topVia ??= parseVia(this.#required('Via'));
    return this.#topVia;
  }

  #required(name: string): string {
    const value = this.get(name);
    if (value === undefined) throw malformed(`no ${name} header`);
    return value;
  }

  #indexOf(canonicalName: string): number {
    return this.#fields.findIndex((field) => field.name === canonicalName);
  }

  /** A list header may be there and hold nothing: `Route: ,` has no first value. */
  #firstValueAt({ name, isList }: HeaderName): number {
    return this.#fields.findIndex(
      (field) => field.name === name && (!isList || splitList(field.value).length > 0),
    );
  }

  #insert(at: number, field: Field): void {
    this.#fields.splice(at, 0, field);
    this.#forget(field.name);
  }

  #forget(canonicalName: string): void {
    if (canonicalName === 'Via') this.#topVia = undefined;
    else if (canonicalName === 'To') this.#to = undefined;
    else if (canonicalName === 'From') this.#from = undefined;
    else if (canonicalName === 'CSeq') this.#cseq = undefined;
  }
}

/**
 * One datagram or one framed message. Throws `sip.malformed` with the status
 * to answer; ./refusal.ts makes that answer. Bytes past Content-Length are cut.
 */
export function parseMessage(bytes: Uint8Array): SipMessage {
  const { startLine, fields, seen, bodyAt } = readHead(bytes);
  const start = parseStartLine(startLine);
  for (const { name, bit } of mandatory) if ((seen & bit) === 0) throw malformed(`no ${name} header`);
  const message = new SipMessage(start, fields, bytes.subarray(bodyAt));
  checkFields(message, fields);
  return message;
}

export function formatMessage(message: SipMessage): Uint8Array {
  let head = formatStart(message.start);
  for (const { name, value } of message.fields()) {
    if (name !== 'Content-Length') head += `${name}: ${value}\r\n`;
  }
  head += `Content-Length: ${message.body.length}\r\n\r\n`;
  const bytes = Buffer.allocUnsafe(head.length + message.body.length);
  bytes.write(head, 'latin1');
  bytes.set(message.body, head.length);
  return bytes;
}

type RequestParts = { method: string; uri: string; headers: HeaderList; body?: Uint8Array };

/** Headers as given and in that order; Max-Forwards 70 when not given (RFC 3261 8.1.1.6). */
export function createRequest({ method, uri, headers, body = noBody }: RequestParts): SipMessage {
  if (!isToken(method)) throw malformed('method is not a token');
  const message = new SipMessage(
    { type: 'request', method, uri },
    headers.map(([n, v]) => toField(n, v)),
    body,
  );
  if (message.get('Max-Forwards') === undefined) message.append('Max-Forwards', '70');
  return message;
}

type ResponseParts = { reason?: string; toTag?: string; headers?: HeaderList; body?: Uint8Array };

/** RFC 3261 8.2.6. `toTag` is added only where the request's To has none; Record-Route is the caller's to copy. */
export function createResponse(
  request: SipMessage,
  status: number,
  { reason = reasonOf(status), toTag, headers = [], body = noBody }: ResponseParts = {},
): SipMessage {
  const needsTag = toTag !== undefined && !request.to.params.has('tag');
  const fields: Field[] = [];
  for (const field of request.fields()) {
    if (field.name === 'To' && needsTag) fields.push(toField('To', `${field.value};tag=${toTag}`));
    else if (copied.has(field.name) || (status === 100 && field.name === 'Timestamp')) fields.push(field);
  }
  const response = new SipMessage({ type: 'response', status, reason }, fields, body);
  for (const [name, value] of headers) response.append(name, value);
  return response;
}

// And Timestamp in a 100 (RFC 3261 8.2.6.1).
const copied = new Set(['Via', 'From', 'To', 'Call-ID', 'CSeq']);

export function reasonOf(status: number): string {
  return reasons[status] ?? reasons[Math.floor(status / 100) * 100] ?? 'Unknown';
}

// What parseMessage checks. -----------------------------------------------------

function checkFields(message: SipMessage, fields: readonly Field[]): void {
  let vias = 0;
  for (const { name, value } of fields) {
    if (name === 'Via') {
      vias += checkVias(value, vias === 0 ? message : undefined);
      if (vias > maxVias) throw malformed(`over ${maxVias} Vias`);
    } else checks.get(name)?.(value, message);
  }
  if (vias === 0) throw malformed('no Via header');
  message.from; // parsed and kept, or refused
  message.to;
  const { method } = message.cseq;
  if (message.start.type === 'request' && method !== message.start.method)
    throw malformed('CSeq of another method');
}

const checks = new Map<string, (value: string, message: SipMessage) => void>([
  ['Contact', checkContacts],
  ['Content-Length', takeBody],
  ['Max-Forwards', checkHops],
  ['Call-ID', checkCallId],
]);

function checkHops(value: string): void {
  if (parseDigits(value, maxHops) === undefined) throw malformed('Max-Forwards is not 0 to 255');
}

function checkCallId(value: string): void {
  if (value === '' || value.includes(' ')) throw malformed('Call-ID is not one word');
}

/** Answers how many there were. `first` keeps the top one, parsed. */
function checkVias(value: string, first: SipMessage | undefined): number {
  if (!value.includes(',')) {
    first === undefined ? parseVia(value) : first.topVia;
    return 1;
  }
  const values = splitList(value);
  if (values.length === 0) throw malformed('empty Via');
  if (values.length > maxVias) return values.length;
  for (const each of values) parseVia(each);
  return values.length;
}

function checkContacts(value: string): void {
  if (value === '*') return; // RFC 3261 10.2.2
  for (const each of splitList(value)) parseNameAddr(each);
}

function takeBody(value: string, message: SipMessage): void {
  const { body } = message;
  const length = parseDigits(value, Number.MAX_SAFE_INTEGER / 16);
  if (length === undefined) throw malformed('Content-Length is not a number');
  // RFC 3261 18.3: over UDP a longer datagram is cut, a shorter one is a 400.
  if (length > body.length) throw malformed('body shorter than Content-Length');
  if (length < body.length) message.body = body.subarray(0, length);
}

const firstOf = (list: string) => (list.includes(',') ? splitList(list)[0] : list || undefined);

function parseCSeq(value: string): CSeq {
  const end = value.indexOf(' ') < 0 ? value.indexOf('\t') : value.indexOf(' ');
  const number = parseDigits(value.slice(0, Math.max(0, end)), maxCSeq);
  const method = value.slice(skipSpace(value, end));
  if (number === undefined || method === '' || tokenEnd(method, 0) !== method.length) throw malformed('CSeq');
  return { number, method };
}

// What is written must not end a line nor lose a bit. ----------------------------

function toField(name: string, value: string): Field {
  if (!isToken(name)) throw malformed('header name is not a token');
  return { name: headerName(name).name, value: toWire(value) };
}

/** U+010A would be written as LF: text beyond latin1 is no wire text yet and becomes it here. */
function toWire(text: string): string {
  let isWide = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x0d || c === 0x0a) throw malformed('line end in a header value');
    if (c > 0xff) isWide = true;
  }
  return isWide ? encodeText(text) : text;
}

function formatStart(start: RequestLine | StatusLine): string {
  if (start.type === 'response') return `SIP/2.0 ${start.status} ${toWire(start.reason)}\r\n`;
  for (let i = 0; i < start.uri.length; i++) {
    const c = start.uri.charCodeAt(i);
    if (c === 0x20 || c > 0xff || isControl(c)) throw malformed('Request-URI cannot be written');
  }
  return `${start.method} ${start.uri} SIP/2.0\r\n`;
}

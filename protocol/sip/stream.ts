/**
 * Cuts a byte stream into SIP messages (RFC 3261 18.3): over TCP and TLS only
 * Content-Length says where one ends and the next begins.
 *
 *     between messages   CRLF CRLF    a ping: answered with one CRLF (RFC 5626 3.5.1)
 *                        CRLF         a pong, or noise before a start line (RFC 3261 7.5): ignored
 *     in a head          to the empty line, `headMs` and `maxHeadBytes` at most
 *     in a body          Content-Length bytes, `bodyMs` at most
 *     broken             for good: nobody can tell any more what is a request
 *
 * The head is read by the parser that reads the message later, so both see the
 * same Content-Length; none, two, or one that is no number break the stream,
 * and whatever was smuggled in behind it is never looked at.
 *
 * Time comes in as a number of milliseconds; `deadline` tells when to give up.
 */

import { Fault } from '#protocol/fault.ts';
import { readHead } from './head.ts';
import { code, isTokenCode, malformed, parseDigits } from './scan.ts';

export type StreamEvent =
  /** A view of what was given to `take`, or of a buffer of ours that is not written again. */
  | { type: 'message'; bytes: Buffer }
  /** At most one for what was taken at once, so that a flood of them is no flood of answers. */
  | { type: 'ping' }
  /** `head`: what can be answered with `refuse`; empty when it never came whole. */
  | { type: 'broken'; error: Fault; head: Uint8Array };

export type StreamOptions = {
  maxHeadBytes?: number;
  /** Head and body. */
  maxMessageBytes?: number;
  headMs?: number;
  bodyMs?: number;
};

const none = Buffer.alloc(0);
const emptyLine = '\r\n\r\n';
const firstBufferBytes = 2_048;

export class SipStream {
  /** When what has begun must be there; undefined between messages. */
  deadline: number | undefined;
  isBroken = false;
  readonly #options: Required<StreamOptions>;
  /** Not taken yet: `#bytes` from `#start` to `#end`. What is behind `#end` is ours to fill if `#isOurs`. */
  #bytes: Buffer = none;
  #start = 0;
  #end = 0;
  #isOurs = false;
  /** Up to here there is no empty line. */
  #searched = 0;
  #lineEnds = 0;
  #isInHead = false;
  /** Length of the whole message once its head is there. */
  #messageBytes = 0;

  constructor({
    maxHeadBytes = 32 * 1_024,
    maxMessageBytes = 60_000,
    headMs = 5_000,
    bodyMs = 10_000,
  }: StreamOptions = {}) {
    this.#options = { maxHeadBytes, maxMessageBytes, headMs, bodyMs };
  }

  take(chunk: Buffer, now: number): StreamEvent[] {
    if (this.isBroken || chunk.length === 0) return [];
    this.#append(chunk);
    const events: StreamEvent[] = [];
    let event = this.#next(now);
    while (event !== undefined) {
      if (event.type !== 'ping' || !events.some(({ type }) => type === 'ping')) events.push(event);
      event = this.#next(now);
    }
    return events;
  }

  #next(now: number): StreamEvent | undefined {
    if (this.isBroken) return undefined;
    if (this.#messageBytes === 0) {
      if (!this.#isInHead) {
        if (this.#isPing()) return { type: 'ping' };
        if (!this.#beginsHead(now)) return undefined;
      }
      const broken = this.#readHead(now);
      if (broken !== undefined) return broken;
    }
    return this.#takeMessage();
  }

  #isPing(): boolean {
    while (this.#end - this.#start >= 2 && this.#isLineEnd()) {
      this.#start += 2;
      this.#lineEnds++;
      if (this.#lineEnds < 2) continue;
      this.#lineEnds = 0;
      return true;
    }
    return false;
  }

  #isLineEnd = () => this.#bytes[this.#start] === code.cr && this.#bytes[this.#start + 1] === code.lf;

  /** False when there is nothing but, maybe, the first half of a line end. */
  #beginsHead(now: number): boolean {
    const left = this.#end - this.#start;
    if (left === 0 || (left === 1 && this.#bytes[this.#start] === code.cr)) return false;
    this.#lineEnds = 0;
    this.#isInHead = true;
    this.#searched = this.#start;
    this.deadline = now + this.#options.headMs;
    return true;
  }

  /** Answers only what breaks the stream. */
  #readHead(now: number): StreamEvent | undefined {
    const { maxHeadBytes } = this.#options;
    // No method and no "SIP/2.0" begins so: HTTP/2, TLS on the wrong port, noise.
    if (!isTokenCode(this.#bytes[this.#start] ?? 0)) return this.#break(malformed('no start line'), none);
    const from = Math.max(this.#start, this.#searched - emptyLine.length + 1);
    const found = this.#bytes.subarray(0, this.#end).indexOf(emptyLine, from, 'latin1');
    this.#searched = this.#end;
    const headBytes = (found < 0 ? this.#end : found + emptyLine.length) - this.#start;
    if (headBytes > maxHeadBytes) return this.#break(malformed(`head over ${maxHeadBytes} bytes`, 513), none);
    return found < 0 ? undefined : this.#measure(headBytes, now);
  }

  #measure(headBytes: number, now: number): StreamEvent | undefined {
    const head = this.#bytes.subarray(this.#start, this.#start + headBytes);
    const { maxMessageBytes, bodyMs } = this.#options;
    try {
      this.#messageBytes = headBytes + contentLength(head);
      if (this.#messageBytes > maxMessageBytes) throw malformed(`message over ${maxMessageBytes} bytes`, 513);
    } catch (error) {
      if (!Fault.is(error)) throw error;
      return this.#break(error, head);
    }
    this.#isInHead = false;
    this.deadline = now + bodyMs;
    return undefined;
  }

  #takeMessage(): StreamEvent | undefined {
    const length = this.#messageBytes;
    if (length === 0 || this.#end - this.#start < length) return undefined;
    const bytes = this.#bytes.subarray(this.#start, this.#start + length);
    this.#start += length;
    this.#messageBytes = 0;
    this.deadline = undefined;
    return { type: 'message', bytes };
  }

  #break(error: Fault, head: Uint8Array): StreamEvent {
    this.isBroken = true;
    this.deadline = undefined;
    this.#bytes = none;
    this.#start = 0;
    this.#end = 0;
    return { type: 'broken', error, head };
  }

  /** A chunk that finds nothing waiting is read where it is; else it is put behind what waits. */
  #append(chunk: Buffer): void {
    const waiting = this.#end - this.#start;
    if (waiting === 0) {
      this.#bytes = chunk;
      this.#isOurs = false;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    if (!this.#isOurs || this.#end + chunk.length > this.#bytes.length) {
      // Twice what is needed: one byte at a time does not copy all of them each time.
      const bytes = Buffer.allocUnsafe(Math.max(firstBufferBytes, 2 * (waiting + chunk.length)));
      this.#bytes.copy(bytes, 0, this.#start, this.#end);
      this.#searched -= this.#start;
      this.#bytes = bytes;
      this.#isOurs = true;
      this.#start = 0;
      this.#end = waiting;
    }
    chunk.copy(this.#bytes, this.#end);
    this.#end += chunk.length;
  }
}

/** Throws `sip.malformed`. RFC 3261 20.14: on a stream it must be there. */
function contentLength(head: Uint8Array): number {
  const field = readHead(head).fields.find(({ name }) => name === 'Content-Length');
  if (field === undefined) throw malformed('no Content-Length on a stream');
  const length = parseDigits(field.value, Number.MAX_SAFE_INTEGER / 16);
  if (length === undefined) throw malformed('Content-Length is not a number');
  return length;
}

/**
 * HTTP through the tunnel: a phone's GET or HEAD, asked by the agent, answered
 * by the controller. Requests have no body; answers have, and a window each:
 *
 *     agent                                    controller
 *       http.request(7, head)               →
 *                                           ←    http.answer(7, head)
 *                                           ←    http.body(7, bytes) ...  within the windows
 *       http.window(0, n)                   →                             n bytes came in
 *       http.window(7, n)                   →                             n bytes went on to the phone
 *                                           ←    http.end(7)
 *       http.reset(7)                       ⇄                             either gives up
 *
 * One slow phone stands still behind its own window; all of them together fill
 * only the common one, so that SIP finds the socket nearly empty.
 */

import * as z from 'zod';
import { Fault } from '#protocol/fault.ts';
import { emptyBody, type Frame } from './frame.ts';
import type { PlainType } from './link.ts';

/** Bytes of one answer, and of all together, that may be under way. */
export const streamWindow = 64 * 1024;
export const commonWindow = 256 * 1024;
export const maxStreams = 256;
const chunkBytes = 16 * 1024;

export type Send = (type: PlainType, channel: number, number?: number, body?: Uint8Array) => boolean;

const headers = z
  .record(z.string().regex(/^[a-z0-9-]{1,64}$/), z.string().max(2_048))
  .refine((all) => Object.keys(all).length <= 64, 'at most 64 headers');

const requestHead = z.object({
  method: z.enum(['GET', 'HEAD']),
  path: z.string().max(2_048).startsWith('/'),
  headers,
  remote: z.object({ address: z.union([z.ipv4(), z.ipv6()]), port: z.int().min(0).max(65_535) }),
  mac: z
    .string()
    .regex(/^[0-9a-f]{12}$/)
    .optional(),
  /** What a phone showed by HTTPS: base64 DER. An old controller does not look at it. */
  certificate: z
    .string()
    .max(8_192)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/)
    .optional(),
});

const answerHead = z.object({ status: z.int().min(100).max(599), headers });

export type RequestHead = z.infer<typeof requestHead>;
export type AnswerHead = z.infer<typeof answerHead>;
export type WholeAnswer = AnswerHead & { body: Uint8Array };

function readHead<T>(schema: z.ZodType<T>, frame: Frame): T {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(frame.body).toString());
  } catch (cause) {
    throw new Fault('frame.malformed', `${frame.type} is not JSON`, {}, { cause });
  }
  const read = schema.safeParse(json);
  if (read.success) return read.data;
  const field = read.error.issues[0]?.path.join('.') ?? '';
  throw outOfContract(`${frame.type} at "${field}"`);
}

export const encodeHead = (head: RequestHead | AnswerHead): Uint8Array => Buffer.from(JSON.stringify(head));

// --- the answering side --------------------------------------------------------

type Answering = { rest: Uint8Array; credit: number; isAnswered: boolean };

export class HttpAnswers {
  /** Requests that came while `maxStreams` were open. */
  refused = 0;
  readonly #send: Send;
  readonly #answer: (head: RequestHead) => Promise<WholeAnswer>;
  #streams = new Map<number, Answering>();
  #credit = commonWindow;

  /** `answer` must not reject. */
  constructor({ send, answer }: { send: Send; answer(head: RequestHead): Promise<WholeAnswer> }) {
    this.#send = send;
    this.#answer = answer;
  }

  take(frame: Frame): void {
    switch (frame.type) {
      case 'http.request':
        this.#asked(frame);
        break;
      case 'http.window':
        this.#credited(frame);
        break;
      case 'http.reset':
        this.#streams.delete(frame.channel);
        break;
      default:
        throw outOfContract(`${frame.type} for the answering side`);
    }
  }

  /** The socket is gone, and the windows of the next are whole. */
  restart(): void {
    this.#streams = new Map();
    this.#credit = commonWindow;
  }

  #asked(frame: Frame): void {
    const { channel } = frame;
    if (this.#streams.has(channel)) throw outOfContract('a request on a channel in use');
    const head = readHead(requestHead, frame);
    if (this.#streams.size >= maxStreams) {
      this.refused++;
      this.#send('http.reset', channel);
      return;
    }
    const stream: Answering = { rest: emptyBody, credit: streamWindow, isAnswered: false };
    this.#streams.set(channel, stream);
    void this.#answer(head).then(({ body, ...answered }) => {
      if (this.#streams.get(channel) !== stream) return; // reset, or the socket is gone
      const { success, data } = answerHead.safeParse(answered);
      if (!success) {
        // The other end would take it for a broken contract and close the tunnel.
        this.#streams.delete(channel);
        this.#send('http.reset', channel);
        return;
      }
      stream.isAnswered = true;
      stream.rest = head.method === 'HEAD' ? emptyBody : body;
      this.#send('http.answer', channel, 0, encodeHead(data));
      this.#pump();
    });
  }

  #credited({ channel, number }: Frame): void {
    if (channel === 0) {
      if (this.#credit + number > commonWindow) throw outOfContract('credit for more than was sent');
      this.#credit += number;
    } else {
      const stream = this.#streams.get(channel);
      if (stream === undefined) return;
      if (stream.credit + number > streamWindow) throw outOfContract('credit for more than was sent');
      stream.credit += number;
    }
    this.#pump();
  }

  /** A chunk each in turn, so that a long answer does not hold up the short ones. */
  #pump(): void {
    for (let moved = true; moved; ) {
      moved = false;
      for (const [channel, stream] of this.#streams) {
        if (stream.isAnswered && this.#sendChunk(channel, stream)) moved = true;
      }
    }
  }

  #sendChunk(channel: number, stream: Answering): boolean {
    if (stream.rest.length === 0) {
      this.#streams.delete(channel);
      this.#send('http.end', channel);
      return false;
    }
    const bytes = Math.min(stream.rest.length, stream.credit, this.#credit, chunkBytes);
    if (bytes === 0) return false;
    this.#send('http.body', channel, 0, stream.rest.subarray(0, bytes));
    stream.rest = stream.rest.subarray(bytes);
    stream.credit -= bytes;
    this.#credit -= bytes;
    return true;
  }
}

// --- the asking side -------------------------------------------------------------

export type StreamedAnswer = AnswerHead & { body: AsyncIterable<Uint8Array> };

type Asking = {
  answered: (answer: StreamedAnswer) => void;
  failed: (fault: Fault) => void;
  body: Body;
  isAnswered: boolean;
};

export class HttpRequests {
  readonly #send: Send;
  readonly #streams = new Map<number, Asking>();
  #channel = 0;
  #unreported = 0;

  constructor({ send }: { send: Send }) {
    this.#send = send;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Rejects with `unavailable` when the socket is or goes down, `limit.reached`, `input.invalid`. `signal` gives up. */
  request(head: RequestHead, signal?: AbortSignal): Promise<StreamedAnswer> {
    return new Promise((answered, failed) => {
      if (this.#streams.size >= maxStreams) {
        failed(new Fault('limit.reached', 'too many requests at once', { maxStreams }));
        return;
      }
      // What the other end would take for a broken contract must not be sent, whatever a phone asks.
      if (!requestHead.safeParse(head).success) {
        failed(new Fault('input.invalid', 'a request that the tunnel does not carry', { field: 'request' }));
        return;
      }
      const channel = this.#nextChannel();
      if (!this.#send('http.request', channel, 0, encodeHead(head))) {
        failed(new Fault('unavailable', 'the controller is not reached'));
        return;
      }
      const body = new Body({
        credit: (bytes) => this.#streams.has(channel) && this.#send('http.window', channel, bytes),
        abandon: () => this.#reset(channel, 'given up'),
      });
      this.#streams.set(channel, { answered, failed, body, isAnswered: false });
      signal?.addEventListener('abort', () => this.#reset(channel, 'given up'), { once: true });
    });
  }

  take(frame: Frame): void {
    const stream = this.#streams.get(frame.channel);
    if (frame.type === 'http.body') this.#count(frame.body.length);
    if (stream === undefined) return; // was given up
    switch (frame.type) {
      case 'http.answer':
        if (stream.isAnswered) throw outOfContract('a second answer');
        stream.isAnswered = true;
        stream.answered({ ...readHead(answerHead, frame), body: stream.body });
        break;
      case 'http.body':
        if (!stream.isAnswered) throw outOfContract('a body before its answer');
        stream.body.push(frame.body);
        break;
      case 'http.end':
        if (!stream.isAnswered) throw outOfContract('an end before its answer');
        this.#streams.delete(frame.channel);
        stream.body.end();
        break;
      case 'http.reset':
        this.#fail(frame.channel, 'the controller gave up');
        break;
      default:
        throw outOfContract(`${frame.type} for the asking side`);
    }
  }

  /** The socket is gone. */
  restart(): void {
    for (const channel of [...this.#streams.keys()]) this.#fail(channel, 'the tunnel broke');
    this.#unreported = 0;
  }

  #reset(channel: number, why: string): void {
    if (!this.#streams.has(channel)) return;
    this.#send('http.reset', channel);
    this.#fail(channel, why);
  }

  #fail(channel: number, why: string): void {
    const stream = this.#streams.get(channel);
    this.#streams.delete(channel);
    const fault = new Fault('unavailable', `no whole answer: ${why}`);
    stream?.failed(fault);
    stream?.body.fail(fault);
  }

  #count(bytes: number): void {
    this.#unreported += bytes;
    if (this.#unreported < chunkBytes) return;
    this.#send('http.window', 0, this.#unreported);
    this.#unreported = 0;
  }

  #nextChannel(): number {
    do this.#channel = this.#channel === 0xffff_ffff ? 1 : this.#channel + 1;
    while (this.#streams.has(this.#channel));
    return this.#channel;
  }
}

/** An answer's body, read by one reader. */
class Body implements AsyncIterable<Uint8Array> {
  readonly #options: { credit(bytes: number): void; abandon(): void };
  #chunks: Uint8Array[] = [];
  #heldBytes = 0;
  #isEnded = false;
  #fault: Fault | undefined;
  #wake = () => {};

  constructor(options: { credit(bytes: number): void; abandon(): void }) {
    this.#options = options;
  }

  push(chunk: Uint8Array): void {
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > streamWindow) throw outOfContract('a body beyond its window');
    this.#chunks.push(Uint8Array.from(chunk));
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  fail(fault: Fault): void {
    this.#fault ??= fault;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) {
          yield chunk;
          this.#heldBytes -= chunk.length;
          this.#options.credit(chunk.length);
        } else if (this.#fault !== undefined) throw this.#fault;
        else if (this.#isEnded) return;
        else await this.#arrival();
      }
    } finally {
      this.#options.abandon();
    }
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

const outOfContract = (why: string) => new Fault('frame.malformed', `out of contract: ${why}`);

/**
 * HTTP to the vendors' services, through undici: one request at a time and no
 * redirects, for what is sent is signed for one place. What may be better in a
 * moment is tried again, later and later and not all at once:
 *
 *     no answer, 5xx     after about 1 s, then about 2 s
 *     429                when its Retry-After says, if that is soon; else never here
 *
 * https, or http to this machine.
 */

import { Agent, request } from 'undici';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import type { Answer, Request, Send } from './service.ts';

export type SenderOptions = {
  clock: Clock;
  random?: () => number;
  timeoutMs?: number;
  tries?: number;
  firstWaitMs?: number;
  /** PEM of who else may sign. */
  ca?: string;
};

type Failure = { why: string; askedMs: number | undefined };

export type Sender = { send: Send; close(): Promise<void> };

/** A list of all settings of all phones is the longest that is known. */
const maxAnswerBytes = 4 * 1024 * 1024;
const maxPatienceMs = 10_000;

export function createSender(options: SenderOptions): Sender {
  const { clock, random = Math.random, timeoutMs = 15_000, tries = 3, firstWaitMs = 1_000, ca } = options;
  const dispatcher = new Agent({
    pipelining: 0, // a connection each: they are rare, and one kept may be closed just then
    connect: { timeout: timeoutMs, ...(ca !== undefined && { ca }) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: maxAnswerBytes,
  });
  const closing = new AbortController();

  async function once({ method, url, headers, body }: Request): Promise<Answer> {
    checkUrl(url);
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]);
    const answer = await request(url, { method, headers, body: body ?? null, dispatcher, signal });
    const text = await answer.body.text();
    const named = Object.entries(answer.headers).map(([name, value]) => [name, String(value ?? '')]);
    return { status: answer.statusCode, headers: Object.fromEntries(named), body: text };
  }

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        closing.signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = clock.after(ms, done);
      closing.signal.addEventListener('abort', done);
    });
  }

  /** The answer, or why there is none that is of use. */
  async function attempt(make: () => Request): Promise<Answer | Failure> {
    try {
      const answer = await once(make());
      if (answer.status < 500 && answer.status !== 429) return answer;
      const askedMs = retryAfter(answer.headers['retry-after'], clock.wall());
      return { why: `it answered ${answer.status}`, askedMs };
    } catch (error) {
      if (Fault.is(error)) throw error;
      return { why: reasonOf(error), askedMs: undefined };
    }
  }

  return {
    async send(make) {
      for (let tried = 1; ; tried++) {
        const result = await attempt(make);
        if ('status' in result) return result;
        const { why, askedMs = 0 } = result;
        if (tried >= tries || closing.signal.aborted || askedMs > maxPatienceMs) {
          const facts = { tries: tried, retryAfterMs: askedMs };
          throw new Fault('unavailable', `the service is not reached: ${why}`, facts);
        }
        const waitMs = (0.5 + random() / 2) * firstWaitMs * 2 ** (tried - 1);
        await wait(Math.max(waitMs, askedMs));
      }
    },
    async close() {
      closing.abort();
      await dispatcher.destroy();
    },
  };
}

/** RFC 9110 10.2.3: seconds, or a date. */
export function retryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

function checkUrl(url: string): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:') return;
  if (protocol === 'http:' && /^(?:127\.[\d.]+|\[::1\]|localhost)$/.test(hostname)) return;
  throw new Fault('forbidden', 'url: credentials go by https only, or to this machine', { field: 'url' });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const { code, message } = error as NodeJS.ErrnoException;
  return message === '' ? (code ?? error.name) : message;
}

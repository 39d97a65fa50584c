/**
 * A message to a webhook, until it is taken: signed, and where no 2xx comes, sent
 * again later and later. What is given up is counted and logged.
 *
 *     POST url
 *     Hotdesk-Event: emergency
 *     Hotdesk-Signature: t=1767225600,v1=<hex HMAC-SHA256 of "t.body" with the secret>
 */

import { createHmac } from 'node:crypto';
import type { Clock } from '#protocol/clock.ts';
import { type Post, post } from './post.ts';

export type DeliveryOptions = {
  clock: Clock;
  log: Record<'info' | 'warn' | 'error', (facts: object, message: string) => void>;
  /** What its log lines call the other side. */
  whom: string;
  send?: (what: Post) => Promise<number>;
  /** Messages that wait for another try; over it the oldest is given up. */
  maxWaiting?: number;
};

export type Message = {
  url: string;
  event: string;
  body: string;
  /** Asked for each try: it may have changed. */
  secret(): string;
  /** For the log, beside the host. */
  facts: object;
};

export type Attempt = { ok: boolean; detail: string };

export type Delivery = {
  readonly counters: Readonly<{ delivered: number; retried: number; givenUp: number }>;
  /** `told`: how each try went. */
  deliver(message: Message, told?: (attempt: Attempt) => void): void;
  /** One try. */
  once(message: Message): Promise<Attempt>;
  close(): void;
};

/** After each try that failed; then it is given up. */
const waits = [2_000, 8_000, 30_000, 120_000, 600_000];

export function signatureOf(secret: string, seconds: number, body: string): string {
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}

export function createDelivery(options: DeliveryOptions): Delivery {
  const { clock, log, whom, send = post, maxWaiting = 500 } = options;
  const counters = { delivered: 0, retried: 0, givenUp: 0 };
  const waiting = new Set<{ cancel(): void }>();
  let isClosed = false;

  function giveUp(facts: object): void {
    counters.givenUp++;
    log.error(facts, `${whom} not reached`);
  }

  async function once({ url, event, body, secret }: Message): Promise<Attempt> {
    const seconds = Math.floor(clock.wall() / 1_000);
    try {
      const headers = {
        'content-type': 'application/json',
        'hotdesk-event': event,
        'hotdesk-signature': signatureOf(secret(), seconds, body),
      };
      const status = await send({ url, body, headers });
      return { ok: status >= 200 && status < 300, detail: String(status) };
    } catch (error) {
      // Whatever it was: nobody's webhook ends a controller in the middle of an emergency.
      return { ok: false, detail: error instanceof Error ? error.message : String(error) };
    }
  }

  async function attempt(message: Message, told: (attempt: Attempt) => void, tries: number): Promise<void> {
    const facts = { ...message.facts, host: new URL(message.url).host, tries: tries + 1 };
    const done = await once(message);
    if (isClosed) return;
    told(done);
    if (done.ok) {
      counters.delivered++;
      log.info(facts, `${whom} told`);
      return;
    }
    const waitMs = waits[tries];
    if (waitMs === undefined) giveUp({ ...facts, why: done.detail });
    else later(() => attempt(message, told, tries + 1), waitMs, { ...facts, why: done.detail });
  }

  function later(run: () => Promise<void>, waitMs: number, facts: object): void {
    counters.retried++;
    log.warn(facts, `${whom} does not answer`);
    const entry = {
      cancel: clock.after(waitMs, () => {
        waiting.delete(entry);
        void run();
      }),
    };
    waiting.add(entry);
    const [oldest] = waiting.size > maxWaiting ? waiting : [];
    if (oldest === undefined) return;
    oldest.cancel();
    waiting.delete(oldest);
    giveUp({ why: 'too many are waiting' });
  }

  return {
    counters,
    once,
    deliver: (message, told = () => {}) => void attempt(message, told, 0),
    close() {
      isClosed = true;
      for (const { cancel } of waiting) cancel();
      waiting.clear();
    },
  };
}

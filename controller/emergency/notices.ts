/**
 * Tells a site's contacts of its emergency calls: who called from where, at once,
 * and how it went when that is known. A webhook that does not answer 2xx is asked
 * again, later and later; what is given up is counted and logged.
 *
 *     POST contact
 *     Hotdesk-Event: emergency
 *     Hotdesk-Signature: t=1767225600,v1=<hex HMAC-SHA256 of "t.body" with the site's webhook secret>
 *
 *     {"event": "emergency", "call": {"id", "at", "device", "site", "number", "place", "state", …}}
 */

import { createHmac } from 'node:crypto';
import type { EmergencyCall, Site } from '#controller/model/model.ts';
import type { Clock } from '#protocol/clock.ts';
import type { CallList } from './call-list.ts';
import { type Post, post } from './webhook.ts';

export type NoticesOptions = {
  list: Pick<CallList, 'watch'>;
  contactsOf(site: string): Site['emergencyContacts'];
  secretOf(site: string): string;
  clock: Clock;
  log: Record<'info' | 'warn' | 'error', (facts: object, message: string) => void>;
  send?: (what: Post) => Promise<number>;
  /** Notices on their way; over it the oldest is given up. */
  maxWaiting?: number;
};

export type Notices = {
  readonly counters: Readonly<{ delivered: number; retried: number; givenUp: number }>;
  close(): void;
};

/** After each try that failed; then it is given up. */
const waits = [2_000, 8_000, 30_000, 120_000, 600_000];

export function signatureOf(secret: string, seconds: number, body: string): string {
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}

export function createNotices(options: NoticesOptions): Notices {
  const { list, contactsOf, secretOf, clock, log, send = post, maxWaiting = 500 } = options;
  const counters = { delivered: 0, retried: 0, givenUp: 0 };
  const waiting = new Set<{ cancel(): void }>();

  function giveUp(facts: object): void {
    counters.givenUp++;
    log.error(facts, 'emergency contact not reached');
  }

  async function attempt(url: string, body: string, site: string, tries: number): Promise<void> {
    const facts = { site, host: new URL(url).host, tries: tries + 1 };
    const seconds = Math.floor(clock.wall() / 1_000);
    const headers = {
      'content-type': 'application/json',
      'hotdesk-event': 'emergency',
      'hotdesk-signature': signatureOf(secretOf(site), seconds, body),
    };
    let why: unknown;
    try {
      const status = await send({ url, body, headers });
      if (status >= 200 && status < 300) {
        counters.delivered++;
        log.info(facts, 'emergency contact told');
        return;
      }
      why = status;
    } catch (error) {
      // Whatever it was: nobody's webhook ends a controller in the middle of an emergency.
      why = error instanceof Error ? error.message : String(error);
    }
    const waitMs = waits[tries];
    if (waitMs === undefined) giveUp({ ...facts, why });
    else later(() => attempt(url, body, site, tries + 1), waitMs, { ...facts, why });
  }

  function later(run: () => Promise<void>, waitMs: number, facts: object): void {
    counters.retried++;
    log.warn(facts, 'emergency contact does not answer');
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

  function tell(call: EmergencyCall): void {
    const body = JSON.stringify({ event: 'emergency', call });
    for (const url of contactsOf(call.site) ?? []) void attempt(url, body, call.site, 0);
  }

  const unwatch = list.watch(tell);
  return {
    counters,
    close() {
      unwatch();
      for (const { cancel } of waiting) cancel();
      waiting.clear();
    },
  };
}

/**
 * The way out for NOTIFYs: one queue for all subscriptions, so that a change
 * that a thousand phones watch leaves as a steady stream and not as one burst
 * into the tunnels' windows.
 *
 *     ask ─ queue ─ every 10 ms some of them ─ send ─┬ answered   asked again if there is more to tell
 *              └── one in flight a subscription      ├ refused    the subscription is over (RFC 6665 4.2.2)
 *                  one a 100 ms                      └ no way     tried again when there is one
 *
 * What is sent is made when it is sent: a phone that was hard to reach gets the
 * state as it is, never what it has missed.
 */

import type { Flows } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import type { Transactions } from '#protocol/sip/transactions.ts';
import type { Counters } from './counters.ts';
import type { Peer } from './peer.ts';
import { type Live, paceMs } from './subscriptions.ts';

export type NotifyQueueOptions = {
  clock: Clock;
  flows: Pick<Flows, 'isUp'>;
  transactions: Pick<Transactions<Peer>, 'request'>;
  counters: Counters;
  /** Where the phone is now. */
  peerOf(live: Live): Peer;
  /** The NOTIFY as it would be now; undefined: there is nothing to be told any more. */
  build(live: Live): SipMessage | undefined;
  /** Nobody is there, or nobody wants it. */
  onGone(live: Live): void;
  perSecond?: number;
};

export type NotifyQueue = {
  /** There is something to tell. */
  ask(live: Live): void;
  /** Nothing is told any more. */
  drop(live: Live): void;
  readonly size: number;
  close(): void;
};

const tickMs = 10;
/** Of one tick, after a pause or a long turn of the loop. */
const maxPerTick = 50;
const retryMs = 5_000;

/** RFC 6665 4.2.2: other refusals may pass, and the next change is told again. */
const final = new Set([404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604]);

export function createNotifyQueue({
  clock,
  flows,
  transactions,
  counters,
  peerOf,
  build,
  onGone,
  perSecond = 1_000,
}: NotifyQueueOptions): NotifyQueue {
  const waiting = new Set<Live>();
  const stalled = new Set<Live>();
  let cancelTick: (() => void) | undefined;
  let lastTickAt = Number.NEGATIVE_INFINITY;
  let cancelRetry: (() => void) | undefined;

  function wake(ms: number): void {
    cancelTick ??= clock.after(ms, tick);
  }

  function tick(): void {
    cancelTick = undefined;
    const now = clock.now();
    const due = Math.floor(((now - lastTickAt) * perSecond) / 1_000);
    let left = Math.min(maxPerTick, Math.max(1, due));
    lastTickAt = now;
    const earliest = now - paceMs;
    for (const live of waiting) {
      if (live.lastSentAt > earliest) continue;
      if (left-- === 0) break;
      waiting.delete(live);
      send(live);
    }
    if (waiting.size > 0) wake(tickMs);
  }

  function stall(live: Live): void {
    // It is over anyway: the last word is not worth waiting for.
    if (live.ending !== undefined) {
      onGone(live);
      return;
    }
    counters.notifyDelayed++;
    stalled.add(live);
    cancelRetry ??= clock.after(retryMs, () => {
      cancelRetry = undefined;
      const again = [...stalled];
      stalled.clear();
      for (const each of again) ask(each);
    });
  }

  function send(live: Live): void {
    const peer = peerOf(live);
    if (peer.type !== 'flow' || !flows.isUp(peer.flow)) {
      stall(live);
      return;
    }
    const request = build(live);
    if (request === undefined) return;
    live.isDirty = false;
    live.isSending = true;
    live.lastSentAt = clock.now();
    try {
      transactions.request(request, peer, {
        response: (response) => {
          const status = response.start.type === 'response' ? response.start.status : 0;
          if (status >= 200) onAnswer(live, status);
        },
        end: (why) => {
          if (why === 'transport') onLost(live);
          else if (why === 'timeout') onAnswer(live, 408);
        },
      });
      counters.notified++;
    } catch (error) {
      if (!Fault.is(error, 'limit.reached')) throw error;
      onLost(live);
    }
  }

  function onLost(live: Live): void {
    live.isSending = false;
    live.isDirty = true;
    stall(live);
  }

  function onAnswer(live: Live, status: number): void {
    live.isSending = false;
    if (status === 408 || final.has(status)) {
      if (live.ending === undefined) counters.notifyFailed++;
      drop(live);
      onGone(live);
    } else if (live.isDirty) ask(live);
  }

  function ask(live: Live): void {
    live.isDirty = true;
    if (live.isSending) return;
    waiting.add(live);
    wake(0);
  }

  function drop(live: Live): void {
    live.isDirty = false;
    waiting.delete(live);
    stalled.delete(live);
  }

  return {
    ask,
    drop,
    get size() {
      return waiting.size + stalled.size;
    },
    close() {
      cancelTick?.();
      cancelRetry?.();
      waiting.clear();
      stalled.clear();
    },
  };
}

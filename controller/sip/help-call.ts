/**
 * An emergency call on its way out: one way after the other until somebody
 * answers. As the response context of ./forward.ts (RFC 3261 16.7), but in turn
 * and in haste:
 *
 *     nothing heard, 2.5 s        next way (8 s when it is the last)
 *     100 and no more, 15 s       next way, when there is one
 *     any refusal, 401 too        next way
 *     2xx                         to the phone; also a late one, of a way given up
 *     CANCEL                      487, no further way
 *
 * A way that said nothing with a location in its INVITE is tried without one
 * only when all else has failed: it is more likely dead than unable to read.
 */

import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import type { Why } from '#protocol/sip/machine.ts';
import { createResponse, type SipMessage } from '#protocol/sip/message.ts';
import type { ClientTransaction, ServerTransaction, Transactions } from '#protocol/sip/transactions.ts';
import type { Way } from './emergency.ts';
import type { Side } from './flow-token.ts';
import type { ForwardOptions, Target } from './forward.ts';
import type { Peer } from './peer.ts';

export type HelpOutcome =
  | { type: 'answered'; way: Way; status: number }
  | { type: 'cancelled' }
  | { type: 'failed'; way?: Way; status?: number };

export type HelpCallOptions = {
  transactions: Pick<Transactions<Peer>, 'request'>;
  clock: Clock;
  tx: ServerTransaction<Peer>;
  ways: readonly Way[];
  toTag: string;
  prepare(way: Way, tries: number): { request: SipMessage; branch: string; far: Side };
  /** Adds what must not be touched any more: the place, which makes the SDP one part of two. */
  complete(request: SipMessage, way: Way): void;
  media: ForwardOptions['media'];
  relay(response: SipMessage, far: Side): SipMessage;
  onAnswer?(response: SipMessage): void;
  /** Once. After `failed` the phone still waits for a final response. */
  onOutcome(outcome: HelpOutcome): void;
  silentMs?: number;
  lastSilentMs?: number;
  tryingMs?: number;
};

type Try = { way: Way; transaction?: ClientTransaction; isOver: boolean; branch: string; target: Target };

export function callForHelp(options: HelpCallOptions): void {
  const { transactions, clock, tx, relay, toTag, media } = options;
  const { silentMs = 2_500, lastSilentMs = 8_000, tryingMs = 15_000 } = options;
  const queue = [...options.ways];
  const tried: Try[] = [];
  let outcome: HelpOutcome | undefined;
  let isCancelled = false;
  let isAnswered = false;
  let last: { way?: Way; status?: number } = {};
  let stopWatch = () => {};

  function end(of: HelpOutcome): void {
    stopWatch();
    if (outcome !== undefined) return;
    outcome = of;
    options.onOutcome(of);
  }

  function next(): void {
    stopWatch();
    const way = queue.shift();
    if (isCancelled) {
      tx.respond(createResponse(tx.request, 487, { toTag }));
      end({ type: 'cancelled' });
    } else if (way === undefined) end({ type: 'failed', ...last });
    else go(way);
  }

  function go(way: Way): void {
    last = { way, status: 500 };
    const prepared = attempted(() => options.prepare(way, tried.length));
    if (prepared === undefined) {
      next();
      return;
    }
    const { request, branch, far } = prepared;
    const one: Try = { way, isOver: false, branch, target: { side: far, uri: way.exit.uri } };
    tried.push(one);
    stopWatch = clock.after(queue.length > 0 ? silentMs : lastSilentMs, () => giveUp(one));
    const ready = media.pass(request, 'there', one.target, branch);
    const proceed = () => {
      if (!one.isOver && !isCancelled) send(one, request);
      else over(one, 487);
    };
    // Help without a voice of ours between is better than none.
    if (ready === undefined) proceed();
    else ready.then(proceed, proceed);
  }

  function send(one: Try, request: SipMessage): void {
    const on = {
      response: (response: SipMessage) => onResponse(one, response),
      end: (why: Why) => over(one, why === 'done' ? undefined : 408),
    };
    const transaction = attempted(() => {
      options.complete(request, one.way);
      return transactions.request(request, one.way.exit.peer, on, { isExempt: true });
    });
    if (transaction === undefined) over(one, 503);
    else one.transaction = transaction;
  }

  function pass(one: Try, response: SipMessage): void {
    const out = relay(response, one.target.side);
    const ready = media.pass(out, 'back', one.target, one.branch);
    const respond = () => tx.respond(out);
    if (ready === undefined) respond();
    else ready.then(respond, respond);
  }

  function onResponse(one: Try, response: SipMessage): void {
    const status = response.start.type === 'response' ? response.start.status : 0;
    if (status >= 300) over(one, status);
    else if (status >= 200) answered(one, response, status);
    else onProgress(one, response, status);
  }

  function onProgress(one: Try, response: SipMessage, status: number): void {
    if (one.isOver || isAnswered || isCancelled) return;
    stopWatch();
    if (status > 100) pass(one, response);
    else if (queue.length > 0) stopWatch = clock.after(tryingMs, () => giveUp(one));
  }

  /** Each 2xx is a call: the phone ends all but one of them itself (RFC 3261 13.2.2.4). */
  function answered(one: Try, response: SipMessage, status: number): void {
    isAnswered = true;
    one.isOver = true;
    options.onAnswer?.(response);
    pass(one, response);
    media.settled(one.branch, true);
    for (const other of tried) if (other !== one && !other.isOver) other.transaction?.cancel();
    end({ type: 'answered', way: one.way, status });
  }

  function giveUp(one: Try): void {
    if (one.isOver) return;
    // The same again without its location: after everything else.
    const plain = queue.findIndex(({ exit, location }) => exit === one.way.exit && location === 'none');
    queue.push(...(plain < 0 ? [] : queue.splice(plain, 1)));
    one.transaction?.cancel();
    over(one, 408);
  }

  function over(one: Try, status: number | undefined): void {
    if (one.isOver) return;
    one.isOver = true;
    media.settled(one.branch, false);
    if (isAnswered || outcome !== undefined) return;
    last = { way: one.way, ...(status !== undefined && { status }) };
    if (tried.at(-1) === one) next();
  }

  function cancel(): void {
    if (isAnswered || isCancelled) return;
    isCancelled = true;
    queue.length = 0;
    for (const one of tried) if (!one.isOver) one.transaction?.cancel();
    if (tried.every(({ isOver }) => isOver)) next();
  }

  // Nobody but the caller ends it: not a phone whose agent is away for a moment.
  tx.onCancel = cancel;
  next();
}

/** Undefined: this way cannot be gone, which is no reason not to try the next. */
function attempted<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!Fault.is(error)) throw error;
    return undefined;
  }
}

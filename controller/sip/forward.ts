/**
 * One request, forwarded: the response context of RFC 3261 16.7. It has a branch
 * for each target, hands 1xx and 2xx on as they come, waits for all to pick the
 * best of the rest, and cancels the losers. Timers are the transactions'.
 *
 *     caller ─ server transaction ─┬─ client transaction ─ phone
 *                                  └─ client transaction ─ phone
 *
 * It knows nothing of who may call whom: `prepare` makes the request for a
 * target, `relay` the response for the caller.
 */

import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { createResponse, type HeaderList, type SipMessage } from '#protocol/sip/message.ts';
import type { ClientTransaction, ServerTransaction, Transactions } from '#protocol/sip/transactions.ts';
import { bestOf, defused } from './best-response.ts';
import type { Side } from './flow-token.ts';
import type { Peer } from './peer.ts';

export type Target = {
  side: Side;
  uri: string;
  /** What the request to it says besides. */
  headers?: HeaderList;
  /** Told the branch of the top Via just before the request goes. */
  beforeSend?(branch: string): void;
  /** The same by another address, for when this one fails. */
  next?(): Target | undefined;
};

export type ForwardOptions = {
  transactions: Pick<Transactions<Peer>, 'request'>;
  tx: ServerTransaction<Peer>;
  targets: readonly Target[];
  toTag: string;
  /** What a branch that cannot be sent counts as. */
  unsentStatus: 480 | 500 | 503;
  /** The request as `target` shall get it, with our Via on top. */
  prepare(target: Target): { request: SipMessage; branch: string };
  /** The response as the caller shall get it. */
  relay(response: SipMessage, target: Target): SipMessage;
  /** Before a message with SDP goes on; a promise: not before it resolves. */
  media: {
    pass(
      message: SipMessage,
      way: 'there' | 'back',
      target: Target,
      branch: string,
    ): Promise<void> | undefined;
    settled(branch: string, isSuccess: boolean): void;
  };
  /** A target is rung; what comes back is called when it is no longer. */
  onRing?(target: Target): () => void;
  onAnswer?(response: SipMessage, target: Target): void;
  onDefused?(): void;
  /** So many targets are not called: there are too many. */
  onUncalled?(targets: number): void;
  /** Who else is called in place of a target that answered 3xx; none: it counts as not reachable. */
  redirect?(response: SipMessage, target: Target): readonly Target[];
  /** How long phones ring before they are told to stop; absent: until the far end decides. */
  ringing?: { clock: Clock; ms: number } | undefined;
  /** No branch is open, and the caller has its final answer. */
  onEnd?(): void;
};

type Branch = {
  target: Target;
  transaction: ClientTransaction | undefined;
  /** Its final status, once it has one, and the response, unless it is ours to make. */
  status: number | undefined;
  response: SipMessage | undefined;
  hasRung: boolean;
  release: () => void;
};

/** Why a branch is told to stop (RFC 3326): a phone that knows it lists no missed call. */
const elsewhere = [['Reason', 'SIP;cause=200;text="Call completed elsewhere"']] as const;
const notAnswered = [['Reason', 'SIP;cause=408;text="Not answered"']] as const;
const declined = (status: number): HeaderList => [
  ['Reason', `SIP;cause=${status};text="Declined elsewhere"`],
];

/** A 487 to our own CANCEL, not to the caller's: what he hears is that nobody came to the phone. */
const notAnsweredStatus = ({ hasRung }: Branch) => (hasRung ? 480 : 408);

/** Of one call: a hall where one user is at every desk rings, a phone that sends a call on and on ends somewhere. */
const maxBranches = 100;

/** For who forwards, while nobody has answered. */
export type Forwarded = {
  /** One more target. */
  bring(target: Target): void;
  /** The call was completed elsewhere. */
  stop(): void;
};

export function forward(options: ForwardOptions): Forwarded {
  const { transactions, tx, prepare, relay, toTag, media } = options;
  const isInvite = tx.request.method === 'INVITE';
  /** Of the top Via of what went to a target. */
  const ids = new Map<Target, string>();
  const idOf = (target: Target) => ids.get(target) ?? '';
  let isAnswered = false;
  let isCancelled = false;
  let isTimedOut = false;
  let cancelTimer = () => {};
  const branches: Branch[] = [];

  function add(targets: readonly Target[]): readonly Branch[] {
    const room = maxBranches - branches.length;
    if (targets.length > room) options.onUncalled?.(targets.length - room);
    const added = targets.slice(0, room).map(
      (target): Branch => ({
        target,
        transaction: undefined,
        status: undefined,
        response: undefined,
        hasRung: false,
        release: options.onRing?.(target) ?? (() => {}),
      }),
    );
    branches.push(...added);
    return added;
  }

  function open(branch: Branch): void {
    const { target } = branch;
    const { request, branch: id } = prepare(target);
    ids.set(target, id);
    const ready = media.pass(request, 'there', target, id);
    if (ready === undefined) send(branch, target, request);
    else {
      ready.then(
        () => {
          // Cancelled meanwhile: nobody there has heard of it.
          if (branch.status === undefined) send(branch, target, request);
        },
        (error) => settle(branch, Fault.is(error, 'sdp.malformed') ? 488 : options.unsentStatus),
      );
    }
  }

  function send(branch: Branch, target: Target, request: SipMessage): void {
    target.beforeSend?.(idOf(target));
    try {
      branch.transaction = transactions.request(request, target.side.peer, {
        response: (response) => onResponse(branch, target, response),
        end: (why) => onEnd(branch, target, why === 'transport' ? options.unsentStatus : 408),
      });
    } catch (error) {
      if (!Fault.is(error, 'limit.reached')) throw error;
      settle(branch, options.unsentStatus);
    }
  }

  function onEnd(branch: Branch, target: Target, status: number): void {
    if (!goesOn(branch, target)) settle(branch, status);
  }

  /** What an address was asked and failed to answer goes to the next one; what came of the first is over. */
  function goesOn(branch: Branch, target: Target): boolean {
    if (branch.target !== target) return true;
    const isOver = isCancelled || isTimedOut || isAnswered;
    const next = isOver || branch.status !== undefined ? undefined : target.next?.();
    if (next === undefined) return false;
    media.settled(idOf(target), false);
    branch.target = next;
    open(branch);
    return true;
  }

  /** `target` is where it came from: a late 2xx may be of one that was given up. */
  function onResponse(branch: Branch, target: Target, response: SipMessage): void {
    const status = response.start.type === 'response' ? response.start.status : 0;
    if (status >= 300) onFailure(branch, target, response, status);
    else if (status >= 200) onSuccess(branch, target, response);
    // A 100 is between us and the next hop.
    else if (status > 100) {
      branch.hasRung = true;
      if (!isAnswered) pass(response, target);
    }
  }

  function pass(response: SipMessage, target: Target): void {
    const out = relay(response, target);
    const ready = media.pass(out, 'back', target, idOf(target));
    const respond = () => tx.respond(out);
    if (ready === undefined) respond();
    // A call without media is noticed and ended by those who have it; one without an answer rings on.
    else ready.then(respond, respond);
  }

  function onFailure(branch: Branch, target: Target, response: SipMessage, status: number): void {
    if (status >= 500 && status < 600 && goesOn(branch, target)) return;
    if (branch.target !== target) return;
    const counts = defused(status);
    if (isTimedOut && status === 487) settle(branch, notAnsweredStatus(branch));
    else if (counts === status) settle(branch, status, response);
    else {
      if (status >= 400 || !follow(branch, response)) options.onDefused?.();
      settle(branch, counts);
    }
  }

  /** RFC 3261 16.5: the search goes on there, in place of this branch. */
  function follow(branch: Branch, response: SipMessage): boolean {
    if (isAnswered || isCancelled || isTimedOut) return false;
    const added = add(options.redirect?.(response, branch.target) ?? []);
    for (const each of added) open(each);
    return added.length > 0;
  }

  /** Each 2xx to an INVITE is a call of its own and goes to the caller, also a late one, also again. */
  function onSuccess(branch: Branch, target: Target, response: SipMessage): void {
    isAnswered = true;
    options.onAnswer?.(response, target);
    pass(response, target);
    cancelOthers(elsewhere, branch);
    settle(branch, 200);
  }

  function settle(branch: Branch, status: number, response?: SipMessage): void {
    if (branch.status !== undefined) return;
    branch.status = status;
    branch.response = response;
    branch.release();
    media.settled(idOf(branch.target), status < 300);
    if (status >= 600) cancelOthers(declined(status), branch); // RFC 3261 16.7 step 5: a 6xx ends the search
    if (branches.some((each) => each.status === undefined)) return;
    cancelTimer();
    if (!isAnswered) answerBest();
    options.onEnd?.();
    if (!isInvite) letGo();
  }

  function answerBest(): void {
    isAnswered = true;
    const best = branches[bestOf(branches.map((each) => each.status ?? 408))];
    if (isCancelled) tx.respond(createResponse(tx.request, 487, { toTag }));
    else if (best?.response !== undefined) tx.respond(relay(best.response, best.target));
    else tx.respond(createResponse(tx.request, best?.status ?? 480, { toTag }));
  }

  /** Each answers 487, or with the 2xx that was on its way, or its transaction times out (RFC 3261 16.10). */
  function cancelOthers(reason: HeaderList, winner?: Branch): void {
    cancelTimer();
    if (!isInvite) return;
    for (const branch of branches) {
      if (branch === winner || branch.status !== undefined) continue;
      if (branch.transaction === undefined) settle(branch, 487);
      else branch.transaction.cancel(reason);
    }
  }

  function cancelAll(reason: HeaderList): void {
    isCancelled = true;
    cancelOthers(reason);
  }

  /** Its transaction stays for 32 s: what stands here need not. Of an INVITE there may be another 2xx to hand on. */
  function letGo(): void {
    tx.onCancel = () => {};
    tx.onEnd = () => {};
  }

  /** The caller's own reason goes along (RFC 3326 2). */
  tx.onCancel = (cancel) => cancelAll(cancel.getAll('Reason').map((reason) => ['Reason', reason]));
  const { ringing } = options;
  if (ringing !== undefined) {
    cancelTimer = ringing.clock.after(ringing.ms, () => {
      isTimedOut = true;
      cancelOthers(notAnswered);
    });
  }
  for (const branch of add(options.targets)) open(branch);

  return {
    bring(target) {
      if (isAnswered || isCancelled || isTimedOut) return;
      for (const branch of add([target])) open(branch);
    },
    stop: () => cancelAll(elsewhere),
  };
}

/**
 * One request, forwarded: the response context of RFC 3261 16.7. It has a branch
 * for each target, hands 1xx and 2xx on as they come, waits for all to pick the
 * best of the rest, cancels the losers, and keeps Timer C.
 *
 *     caller ─ server transaction ─┬─ client transaction ─ phone
 *                                  └─ client transaction ─ phone
 *
 * It knows nothing of who may call whom: `prepare` makes the request for a
 * target, `relay` the response for the caller.
 */

import type { Clock } from '#protocol/clock.ts';
import { createResponse, type SipMessage } from '#protocol/sip/message.ts';
import type { ClientTransaction, ServerTransaction, Transactions } from '#protocol/sip/transactions.ts';
import { bestOf, defused } from './best-response.ts';
import type { Side } from './flow-token.ts';
import type { Peer } from './peer.ts';

export type Target = {
  side: Side;
  uri: string;
  /** Told the branch of the top Via just before the request goes. */
  beforeSend?(branch: string): void;
};

export type ForwardOptions = {
  clock: Clock;
  transactions: Transactions<Peer>;
  tx: ServerTransaction<Peer>;
  targets: readonly Target[];
  toTag: string;
  /** What a branch that cannot be sent counts as. */
  unsentStatus: 480 | 500;
  /** The request as `target` shall get it, with our Via on top. */
  prepare(target: Target): { request: SipMessage; branch: string };
  /** The response as the caller shall get it. */
  relay(response: SipMessage, target: Target): SipMessage;
  /** A target is rung; what comes back is called when it is no longer. */
  onRing?(target: Target): () => void;
  onAnswer?(response: SipMessage, target: Target): void;
  onDefused?(status: number): void;
  /** A final answer is with the caller and no branch is open. */
  onEnd?(): void;
};

/** RFC 3261 16.6 step 11: more than three minutes without an answer. */
const timerCMs = 185_000;
/** 64 × T1: a cancelled branch that still says nothing never will. */
const cancelledMs = 32_000;

type Branch = {
  target: Target;
  transaction: ClientTransaction | undefined;
  /** Its final status, once it has one. */
  status: number | undefined;
  response: SipMessage | undefined;
  cancelTimer: () => void;
  release: () => void;
};

export function forward(options: ForwardOptions): void {
  const { clock, transactions, tx, prepare, relay, toTag } = options;
  const isInvite = tx.request.method === 'INVITE';
  let isAnswered = false;
  let isOver = false;

  const branches = options.targets.map(
    (target): Branch => ({
      target,
      transaction: undefined,
      status: undefined,
      response: undefined,
      cancelTimer: () => {},
      release: options.onRing?.(target) ?? (() => {}),
    }),
  );

  function open(branch: Branch): void {
    const { request, branch: id } = prepare(branch.target);
    branch.target.beforeSend?.(id);
    if (isInvite) startTimer(branch, timerCMs);
    branch.transaction = transactions.request(request, branch.target.side.peer, {
      response: (response) => onResponse(branch, response),
      end: (why) => settle(branch, why === 'transport' ? options.unsentStatus : 408),
    });
  }

  function startTimer(branch: Branch, ms: number): void {
    branch.cancelTimer();
    branch.cancelTimer = clock.after(ms, () => onTimer(branch));
  }

  /** RFC 3261 16.8. The second time it is the CANCEL that was not heard. */
  function onTimer(branch: Branch): void {
    cancel(branch);
    branch.cancelTimer();
    branch.cancelTimer = clock.after(cancelledMs, () => settle(branch, 408));
  }

  function onResponse(branch: Branch, response: SipMessage): void {
    const status = response.start.type === 'response' ? response.start.status : 0;
    if (status === 100) return; // hop by hop
    if (status < 200) {
      if (branch.status !== undefined || isAnswered) return;
      if (isInvite) startTimer(branch, timerCMs);
      tx.respond(relay(response, branch.target));
    } else if (status < 300) onSuccess(branch, response);
    else {
      const counts = defused(status);
      if (counts !== status) options.onDefused?.(status);
      settle(branch, counts, counts === status ? response : undefined);
    }
  }

  /** Each 2xx to an INVITE is a call of its own and goes to the caller, also a late one, also again. */
  function onSuccess(branch: Branch, response: SipMessage): void {
    if (isAnswered && !isInvite) return;
    isAnswered = true;
    options.onAnswer?.(response, branch.target);
    tx.respond(relay(response, branch.target));
    cancelOthers(branch);
    settle(branch, 200);
  }

  function settle(branch: Branch, status: number, response?: SipMessage): void {
    if (branch.status !== undefined) return;
    branch.status = status;
    branch.response = response;
    branch.cancelTimer();
    branch.release();
    if (status >= 600) cancelOthers(branch); // step 5: a 6xx ends the search
    if (branches.some((each) => each.status === undefined) || isOver) return;
    isOver = true;
    if (!isAnswered) answerBest();
    options.onEnd?.();
  }

  function answerBest(): void {
    isAnswered = true;
    const best = branches[bestOf(branches.map((each) => each.status ?? 408))];
    if (best?.response !== undefined) tx.respond(relay(best.response, best.target));
    else tx.respond(createResponse(tx.request, isCancelled ? 487 : (best?.status ?? 480), { toTag }));
  }

  let isCancelled = false;

  function cancel(branch: Branch): void {
    if (isInvite && branch.status === undefined) branch.transaction?.cancel();
  }

  function cancelOthers(winner?: Branch): void {
    for (const branch of branches) {
      if (branch === winner || branch.status !== undefined) continue;
      cancel(branch);
      startTimer(branch, cancelledMs);
    }
  }

  function cancelAll(): void {
    isCancelled = true;
    cancelOthers();
  }

  tx.onCancel = cancelAll;
  tx.onEnd = (why) => {
    if (why !== 'done') cancelAll();
  };
  for (const branch of branches) open(branch);
}

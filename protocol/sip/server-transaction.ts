/** One request from a peer, and what was answered to it; ./transactions.ts keeps them all. */

import type { Clock } from '#protocol/clock.ts';
import { inviteServer } from './invite-server.ts';
import { isFinal, isSuccess, type Timing, type Why } from './machine.ts';
import { createResponse, formatMessage, type SipMessage } from './message.ts';
import { nonInviteServer } from './non-invite-server.ts';
import { createRunning, type Running } from './running.ts';
import type { ServerTransaction } from './transactions.ts';

export type RunningServer<Peer> = {
  readonly transaction: ServerTransaction<Peer>;
  readonly running: Running;
  readonly hasFinal: boolean;
  readonly hasAccepted: boolean;
  /** The To tag of the last response. */
  readonly toTag: string | undefined;
  drop(): void;
};

export type ServerOptions<Peer> = {
  request: SipMessage;
  peer: Peer;
  isMerged: boolean;
  clock: Clock;
  timing: Timing;
  send(bytes: Uint8Array): boolean;
  onLate(): void;
  onGone(): void;
};

export function createServer<Peer>(options: ServerOptions<Peer>): RunningServer<Peer> {
  const { request, peer, isMerged, clock, timing, send, onLate, onGone } = options;
  const isInvite = request.method === 'INVITE';
  let given: SipMessage | undefined; // by the user, until the machine has taken it
  let last: Uint8Array | undefined;
  let finalStatus = 0;
  let toTag: string | undefined;

  const shared = {
    timing,
    clock,
    perform,
    onEnd(why: Why) {
      onGone();
      transaction.onEnd(why);
    },
  };
  const running = isInvite ? createRunning(inviteServer, shared) : createRunning(nonInviteServer, shared);

  function perform({ type }: { type: string }): boolean {
    if (type === 'trying') last = formatMessage(createResponse(request, 100));
    if (type === 'respond' && given !== undefined) {
      take(given);
      given = undefined;
    }
    return last === undefined || send(last);
  }

  function take(response: SipMessage): void {
    const status = statusOf(response);
    last = formatMessage(response);
    toTag = response.to.params.get('tag') ?? toTag;
    if (isFinal(status)) finalStatus = status;
  }

  const transaction: ServerTransaction<Peer> = {
    request,
    peer,
    isMerged,
    respond(response) {
      given = response;
      running.feed({ type: 'respond', status: statusOf(response) });
      if (given !== undefined) onLate();
      given = undefined;
    },
    onCancel: () => undefined,
    onEnd: () => undefined,
  };

  return {
    transaction,
    running,
    get hasFinal() {
      return finalStatus !== 0;
    },
    get hasAccepted() {
      return isInvite && isSuccess(finalStatus);
    },
    get toTag() {
      return toTag;
    },
    drop: running.drop,
  };
}

const statusOf = ({ start }: SipMessage) => (start.type === 'response' ? start.status : 0);

/** One request from a peer, and what was answered to it; ./transactions.ts keeps them all. */

import type { Clock } from '#protocol/clock.ts';
import { inviteServer } from './invite-server.ts';
import { isFinal, isSuccess, type Timing, type Why } from './machine.ts';
import { createResponse, formatMessage, type SipMessage } from './message.ts';
import { nonInviteServer } from './non-invite-server.ts';
import { type Owner, Running } from './running.ts';
import type { ServerTransaction } from './transactions.ts';

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

const nobody = () => undefined;

export class RunningServer<Peer> implements ServerTransaction<Peer>, Owner {
  readonly request: SipMessage;
  readonly peer: Peer;
  readonly isMerged: boolean;
  readonly clock: Clock;
  readonly timing: Timing;
  onCancel: (cancel: SipMessage) => void = nobody;
  onEnd: (why: Why) => void = nobody;
  /** The To tag of the last response. */
  toTag: string | undefined;
  readonly #isInvite: boolean;
  readonly #send: ServerOptions<Peer>['send'];
  readonly #onLate: () => void;
  readonly #onGone: () => void;
  readonly #running: Running<unknown>;
  /** By the user, until the machine has taken it. */
  #given: SipMessage | undefined;
  /** What a repeat of the request is answered with. */
  #last: Uint8Array | undefined;
  #finalStatus = 0;

  constructor({ request, peer, isMerged, clock, timing, send, onLate, onGone }: ServerOptions<Peer>) {
    this.request = request;
    this.peer = peer;
    this.isMerged = isMerged;
    this.clock = clock;
    this.timing = timing;
    this.#isInvite = request.method === 'INVITE';
    this.#send = send;
    this.#onLate = onLate;
    this.#onGone = onGone;
    this.#running = this.#isInvite ? new Running(inviteServer, this) : new Running(nonInviteServer, this);
  }

  get hasFinal(): boolean {
    return this.#finalStatus !== 0;
  }

  get hasAccepted(): boolean {
    return this.#isInvite && isSuccess(this.#finalStatus);
  }

  begin(): void {
    this.#running.begin();
  }

  respond(response: SipMessage): void {
    this.#given = response;
    this.#running.feed({ type: 'respond', status: statusOf(response) });
    if (this.#given !== undefined) this.#onLate();
    this.#given = undefined;
    // In Accepted a repeat is answered by the user's own 2xx (RFC 6026 7.1).
    if (this.hasAccepted) this.#last = undefined;
  }

  repeated(): void {
    this.#running.feed({ type: 'request' });
  }

  acknowledged(): void {
    this.#running.feed({ type: 'ack' });
  }

  perform({ type }: { type: string }): boolean {
    if (type === 'trying') this.#last = formatMessage(createResponse(this.request, 100));
    if (type === 'respond' && this.#given !== undefined) {
      this.#take(this.#given);
      this.#given = undefined;
    }
    return this.#last === undefined || this.#send(this.#last);
  }

  #take(response: SipMessage): void {
    const status = statusOf(response);
    this.#last = formatMessage(response);
    this.toTag = response.to.params.get('tag') ?? this.toTag;
    if (isFinal(status)) this.#finalStatus = status;
  }

  ended(why: Why): void {
    this.#onGone();
    this.onEnd(why);
  }

  drop(): void {
    this.#running.drop();
  }
}

const statusOf = ({ start }: SipMessage) => (start.type === 'response' ? start.status : 0);

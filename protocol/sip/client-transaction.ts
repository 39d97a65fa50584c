/** One request of ours and its responses; ./transactions.ts keeps them all. */

import type { Clock } from '#protocol/clock.ts';
import { createAck, createCancel } from './hop-requests.ts';
import { inviteClient } from './invite-client.ts';
import { isFinal, isSuccess, type Timing, type Why } from './machine.ts';
import { formatMessage, type HeaderList, type SipMessage } from './message.ts';
import { nonInviteClient } from './non-invite-client.ts';
import { type Owner, Running } from './running.ts';
import type { ClientTransaction, OnClient } from './transactions.ts';

export type ClientOptions = {
  request: SipMessage;
  peerKey: string;
  on: OnClient;
  clock: Clock;
  timing: Timing;
  send(bytes: Uint8Array): boolean;
  /** Sends a CANCEL in a transaction of its own. */
  cancel(cancel: SipMessage): void;
  onGone(): void;
};

export class RunningClient implements ClientTransaction, Owner {
  readonly branch: string;
  readonly peerKey: string;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly #isInvite: boolean;
  readonly #on: OnClient;
  readonly #send: ClientOptions['send'];
  readonly #cancel: ClientOptions['cancel'];
  readonly #onGone: () => void;
  readonly #running: Running<unknown>;
  /** Undefined once nothing is made of it any more, and nothing of it is sent again. */
  #request: SipMessage | undefined;
  #bytes: Uint8Array | undefined;
  #extra: HeaderList = [];
  /** While the machine looks at it. */
  #received: SipMessage | undefined;
  /** A final response that its user could not take: for him there was none. */
  #isLost = false;

  constructor({ request, peerKey, on, clock, timing, send, cancel, onGone }: ClientOptions) {
    this.branch = request.topVia.params.get('branch') ?? '';
    this.peerKey = peerKey;
    this.clock = clock;
    this.timing = timing;
    this.#isInvite = request.method === 'INVITE';
    this.#on = on;
    this.#send = send;
    this.#cancel = cancel;
    this.#onGone = onGone;
    this.#request = request;
    this.#bytes = formatMessage(request); // once: a repeat is the same bytes
    this.#running = this.#isInvite ? new Running(inviteClient, this) : new Running(nonInviteClient, this);
  }

  begin(): void {
    this.#running.begin();
  }

  cancel(extra: HeaderList = []): void {
    this.#extra = extra;
    if (this.#isInvite) this.#running.feed({ type: 'cancel' });
  }

  /** The transport did, after it had said that it could. */
  fail(): void {
    this.#running.feed({ type: 'failed' });
  }

  receive(response: SipMessage, status: number): void {
    this.#received = response;
    try {
      this.#running.feed({ type: 'response', status });
    } finally {
      this.#received = undefined;
      if (isFinal(status)) this.#letGo(status);
    }
  }

  #letGo(status: number): void {
    this.#bytes = undefined;
    // A refusal of an INVITE may come again, and has its ACK again.
    if (!this.#isInvite || isSuccess(status)) this.#request = undefined;
  }

  perform({ type }: { type: string }): boolean {
    const request = this.#request;
    const received = this.#received;
    if (type === 'send') return this.#bytes === undefined || this.#send(this.#bytes);
    if (type === 'cancel' && request !== undefined) this.#cancel(createCancel(request, this.#extra));
    if (received === undefined) return true;
    if (type === 'ack' && request !== undefined)
      return this.#send(formatMessage(createAck(request, received)));
    if (type === 'deliver') this.#deliver(received);
    return true;
  }

  #deliver(response: SipMessage): void {
    const isLast = response.start.type === 'response' && isFinal(response.start.status);
    this.#isLost ||= isLast;
    this.#on.response(response);
    if (isLast) this.#isLost = false;
  }

  ended(why: Why): void {
    this.#onGone();
    this.#on.end?.(why === 'done' && this.#isLost ? 'transport' : why);
  }

  drop(): void {
    this.#running.drop();
  }
}

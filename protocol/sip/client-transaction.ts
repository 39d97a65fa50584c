/** One request of ours and its responses; ./transactions.ts keeps them all. */

import type { Clock } from '#protocol/clock.ts';
import { createAck, createCancel } from './hop-requests.ts';
import { inviteClient } from './invite-client.ts';
import { isFinal, type Timing, type Why } from './machine.ts';
import { formatMessage, type HeaderList, type SipMessage } from './message.ts';
import { nonInviteClient } from './non-invite-client.ts';
import { createRunning, type Running } from './running.ts';
import type { ClientTransaction, OnClient } from './transactions.ts';

export type RunningClient = {
  readonly transaction: ClientTransaction;
  readonly running: Running;
  receive(response: SipMessage, status: number): void;
  drop(): void;
};

export type ClientOptions = {
  request: SipMessage;
  on: OnClient;
  clock: Clock;
  timing: Timing;
  send(bytes: Uint8Array): boolean;
  /** Sends a CANCEL in a transaction of its own. */
  cancel(cancel: SipMessage): void;
  onGone(): void;
};

export function createClient({
  request,
  on,
  clock,
  timing,
  send,
  cancel,
  onGone,
}: ClientOptions): RunningClient {
  const bytes = formatMessage(request); // once: a repeat is the same bytes
  const isInvite = request.method === 'INVITE';
  let extra: HeaderList = [];
  let received: SipMessage | undefined;
  /** A final response that its user could not take: for him there was none. */
  let isLost = false;

  const shared = {
    timing,
    clock,
    perform,
    onEnd(why: Why) {
      onGone();
      on.end?.(why === 'done' && isLost ? 'transport' : why);
    },
  };
  const running = isInvite ? createRunning(inviteClient, shared) : createRunning(nonInviteClient, shared);

  function perform({ type }: { type: string }): boolean {
    if (type === 'send') return send(bytes);
    if (type === 'cancel') cancel(createCancel(request, extra));
    if (received === undefined) return true;
    if (type === 'ack') return send(formatMessage(createAck(request, received)));
    if (type === 'deliver') deliver(received);
    return true;
  }

  function deliver(response: SipMessage): void {
    const isLast = response.start.type === 'response' && isFinal(response.start.status);
    isLost ||= isLast;
    on.response(response);
    if (isLast) isLost = false;
  }

  return {
    transaction: {
      branch: request.topVia.params.get('branch') ?? '',
      cancel(headers = []) {
        extra = headers;
        if (isInvite) running.feed({ type: 'cancel' });
      },
    },
    running,
    receive(response, status) {
      received = response;
      running.feed({ type: 'response', status });
    },
    drop: running.drop,
  };
}

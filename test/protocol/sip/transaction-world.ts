/** The transaction layer over a wire that is a list: what was sent, to whom, when the clock says so. */

import { createRequest, createResponse, parseMessage, type SipMessage } from '#protocol/sip/message.ts';
import {
  type ClientTransaction,
  type ServerTransaction,
  Transactions,
  type TransactionsOptions,
} from '#protocol/sip/transactions.ts';
import { createFakeClock } from '#test/support/clock.ts';

type Options = Partial<TransactionsOptions<string>>;

/** A peer whose name begins with `tcp` is reliable. */
export function createWorld(options: Options = {}) {
  const clock = createFakeClock();
  const world = {
    clock,
    /** `peer: first word`, as `phone: 180 INVITE` or `phone: ACK`. */
    sent: [] as string[],
    messages: [] as SipMessage[],
    requests: [] as ServerTransaction<string>[],
    acks: [] as string[],
    strays: [] as string[],
    heard: [] as string[],
    isReachable: true,
    take(): string[] {
      return world.sent.splice(0);
    },
    server(at = 0): ServerTransaction<string> {
      const transaction = world.requests[at];
      if (transaction === undefined) throw new Error('no such request came');
      return transaction;
    },
    respond(status: number, at = 0): void {
      world.server(at).respond(createResponse(world.server(at).request, status, { toTag: 'us' }));
    },
    /** Sends a request of ours; what comes of it is in `heard`. */
    request(method: string, peer = 'phone', branch = 'z9hG4bKours'): ClientTransaction {
      return transactions.request(request(method, { branch }), peer, {
        response: ({ start }) => world.heard.push(start.type === 'response' ? `${start.status}` : '?'),
        end: (why) => world.heard.push(why),
      });
    },
    /** The peer answers what we last sent it. */
    answer(status: number, peer = 'phone'): void {
      const last = world.messages.findLast(
        ({ start, method }) => start.type === 'request' && method !== 'ACK',
      );
      if (last !== undefined) transactions.receive(createResponse(last, status, { toTag: 'them' }), peer);
    },
    transactions: undefined as unknown as Transactions<string>,
  };
  const transactions = new Transactions<string>({
    clock,
    send(peer, bytes) {
      const message = parseMessage(bytes);
      const { start, method } = message;
      world.sent.push(`${peer}: ${start.type === 'response' ? `${start.status} ${method}` : method}`);
      world.messages.push(message);
      return world.isReachable;
    },
    isReliable: (peer) => peer.startsWith('tcp'),
    keyOf: (peer) => peer,
    onRequest: (transaction) => world.requests.push(transaction),
    onAck: (ack, peer) => world.acks.push(`${peer}: ${ack.callId}`),
    onStrayResponse: (_response, peer) => world.strays.push(peer),
    ...options,
  });
  world.transactions = transactions;
  return world;
}

export type Parts = {
  branch?: string | undefined;
  host?: string;
  callId?: string;
  cseq?: number;
  toTag?: string;
  uri?: string;
};

export function request(method: string, parts: Parts = {}): SipMessage {
  const { host = '192.0.2.21', callId = 'c1', cseq = 1, toTag, uri = 'sip:100@desk.example' } = parts;
  const branch = 'branch' in parts ? parts.branch : 'z9hG4bK1';
  return createRequest({
    method,
    uri,
    headers: [
      ['Via', `SIP/2.0/UDP ${host}${branch === undefined ? '' : `;branch=${branch}`}`],
      ['Route', '<sip:192.0.2.1;lr>'],
      ['From', '<sip:101@desk.example>;tag=a1'],
      ['To', `<sip:100@desk.example>${toTag === undefined ? '' : `;tag=${toTag}`}`],
      ['Call-ID', callId],
      ['CSeq', `${cseq} ${method}`],
    ],
  });
}

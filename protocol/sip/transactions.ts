/**
 * The transaction layer (RFC 3261 17, RFC 6026): between who reads and writes
 * datagrams and who decides what a call becomes.
 *
 *     receive ─┬─ response ───────── its client transaction, or a stray
 *              ├─ ACK ────────────── its INVITE's server transaction; for a 2xx: onAck
 *              ├─ CANCEL ─────────── 200 or 481, and onCancel of its INVITE
 *              ├─ known request ──── a repeat: its server transaction
 *              └─ new request ────── onRequest, or 503 when there are too many
 *     request ─── a client transaction: repeats, ACK for refusals, CANCEL, Timer C
 *
 * A peer is whatever the caller sends to (a flow, an address). The machines are
 * in ./invite-client.ts and its three neighbours; which transaction a message
 * belongs to says ./transaction-key.ts. Both tables are bounded: what a peer
 * can fill is refused with 503, what the caller asks for with a `Fault`.
 */

import { hash } from 'node:crypto';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { RunningClient } from './client-transaction.ts';
import type { Timing, Why } from './machine.ts';
import { createResponse, formatMessage, type HeaderList, type SipMessage } from './message.ts';
import { RunningServer } from './server-transaction.ts';
import { clientKey, mergeKey, serverKey } from './transaction-key.ts';

export interface ServerTransaction<Peer> {
  readonly request: SipMessage;
  readonly peer: Peer;
  /** The same request came before, over another way: a user agent answers 482, a proxy goes on (RFC 3261 8.2.2.2). */
  readonly isMerged: boolean;
  /** Provisional ones, then a final one; of an INVITE a 2xx again until its ACK comes. What comes late is dropped. */
  respond(response: SipMessage): void;
  /** The CANCEL is answered already; the INVITE wants its 487. */
  onCancel: (cancel: SipMessage) => void;
  onEnd: (why: Why) => void;
}

export interface ClientTransaction {
  readonly branch: string;
  /**
   * INVITE only. The CANCEL leaves once a provisional response has come (RFC 3261 9.1), never after a final one; the
   * answer is the INVITE's own 487, or `end('timeout')` 64*T1 after it. `extra`: a Reason, for one.
   */
  cancel(extra?: HeaderList): void;
}

export type OnClient = {
  /** Each provisional one; the final one, once, but for an INVITE every 2xx. */
  response(response: SipMessage): void;
  /** `timeout` and `transport`: no final response came, or none that matters any more. */
  end?(why: Why): void;
};

export type TransactionsOptions<Peer> = {
  clock: Clock;
  /** False when the peer cannot be reached. */
  send(peer: Peer, bytes: Uint8Array): boolean;
  isReliable(peer: Peer): boolean;
  /** Equal for the same peer, different for two. */
  keyOf(peer: Peer): string;
  onRequest(transaction: ServerTransaction<Peer>): void;
  /** An ACK to a 2xx: it belongs to a call, not to a transaction. */
  onAck(ack: SipMessage, peer: Peer): void;
  onStrayResponse?(response: SipMessage, peer: Peer): void;
  /** New requests that are taken though there are too many: emergency calls. */
  isExempt?(request: SipMessage, peer: Peer): boolean;
  maxTransactions?: number;
  /** Of one peer, so that one phone cannot shut out the others. */
  maxPerPeer?: number;
  timers?: Partial<Pick<Timing, 't1' | 't2' | 't4' | 'timerC'>>;
};

const rfcTimers = { t1: 500, t2: 4_000, t4: 5_000, timerC: 200_000 };
const retryAfterSeconds = '5';

export class Transactions<Peer> {
  readonly #options: TransactionsOptions<Peer>;
  readonly #reliable: Timing;
  readonly #unreliable: Timing;
  readonly #maxTransactions: number;
  readonly #maxPerPeer: number;
  readonly #servers = new Map<string, RunningServer<Peer>>();
  readonly #clients = new Map<string, RunningClient>();
  /** Server transactions of each peer, and of each request by what its copies share. */
  readonly #ofPeer = new Map<string, number>();
  readonly #ofMerge = new Map<string, number>();

  /** What was dropped or refused, for the metrics. */
  readonly counters = { repeats: 0, strayResponses: 0, strayAcks: 0, refused: 0, lateResponses: 0 };

  constructor(options: TransactionsOptions<Peer>) {
    this.#options = options;
    this.#reliable = { ...rfcTimers, ...options.timers, isReliable: true };
    this.#unreliable = { ...this.#reliable, isReliable: false };
    this.#maxTransactions = options.maxTransactions ?? 20_000;
    this.#maxPerPeer = options.maxPerPeer ?? Math.ceil(this.#maxTransactions / 10);
  }

  get size(): number {
    return this.#servers.size + this.#clients.size;
  }

  /** A message from `parseMessage`. */
  receive(message: SipMessage, peer: Peer): void {
    if (message.start.type === 'response') this.#receiveResponse(message, peer, message.start.status);
    else if (message.method === 'ACK') this.#receiveAck(message, peer);
    else this.#receiveRequest(message, peer);
  }

  /** A repeat of a request that is being dealt with, or its ACK or CANCEL: no reason to look at it again. */
  isKnown(request: SipMessage, peer: Peer): boolean {
    const method = ['ACK', 'CANCEL'].includes(request.method) ? 'INVITE' : request.method;
    return this.#servers.has(serverKey(request, this.#options.keyOf(peer), method));
  }

  /**
   * Sends it, and again as long as RFC 3261 says. Its top Via has a fresh
   * branch. The listeners are never called before this returns. Throws
   * `limit.reached`, unless it is exempt, and `conflict` for a branch in use.
   */
  request(
    message: SipMessage,
    peer: Peer,
    on: OnClient,
    { isExempt = false }: { isExempt?: boolean | undefined } = {},
  ): ClientTransaction {
    // Twice the servers' bound: what was let in may still be sent on.
    if (this.#clients.size >= 2 * this.#maxTransactions && !isExempt) {
      throw new Fault('limit.reached', 'too many SIP transactions', {
        maxTransactions: this.#maxTransactions,
      });
    }
    return this.#startClient(message, peer, on);
  }

  /** What was sent there never left: each request of ours to it ends with `transport` (RFC 3261 17.1.4). */
  fail(peer: Peer): void {
    const peerKey = this.#options.keyOf(peer);
    const there = [...this.#clients.values()].filter((each) => each.peerKey === peerKey);
    for (const client of there) client.fail();
  }

  /** Ends all, quietly. */
  close(): void {
    for (const each of this.#servers.values()) each.drop();
    for (const each of this.#clients.values()) each.drop();
    for (const table of [this.#servers, this.#clients, this.#ofPeer, this.#ofMerge]) table.clear();
  }

  #receiveResponse(response: SipMessage, peer: Peer, status: number): void {
    const client = this.#clients.get(clientKey(response));
    if (client !== undefined) {
      client.receive(response, status);
      return;
    }
    this.counters.strayResponses++;
    this.#options.onStrayResponse?.(response, peer);
  }

  #receiveAck(ack: SipMessage, peer: Peer): void {
    const server = this.#servers.get(serverKey(ack, this.#options.keyOf(peer), 'INVITE'));
    // RFC 6026 7.1: in Accepted an ACK is for the 2xx, whatever its branch.
    if (server === undefined || server.hasAccepted) this.#options.onAck(ack, peer);
    else if (server.hasFinal) server.acknowledged();
    else this.counters.strayAcks++;
  }

  #receiveRequest(request: SipMessage, peer: Peer): void {
    const peerKey = this.#options.keyOf(peer);
    const key = serverKey(request, peerKey);
    const known = this.#servers.get(key);
    if (known !== undefined) {
      this.counters.repeats++;
      known.repeated();
    } else if (!this.#hasRoom(request, peer, peerKey)) {
      this.counters.refused++;
      const toTag = tagOf(request);
      const refusal = createResponse(request, 503, { toTag, headers: [['Retry-After', retryAfterSeconds]] });
      this.#options.send(peer, formatMessage(refusal));
    } else {
      const server = this.#startServer(request, peer, key, peerKey);
      if (request.method === 'CANCEL') this.#cancel(server, serverKey(request, peerKey, 'INVITE'));
      else this.#options.onRequest(server);
    }
  }

  /** RFC 3261 9.2: a CANCEL is answered by itself, and its INVITE by its user, with 487. */
  #cancel(cancel: ServerTransaction<Peer>, inviteKey: string): void {
    const invite = this.#servers.get(inviteKey);
    if (invite === undefined) {
      cancel.respond(createResponse(cancel.request, 481, { toTag: tagOf(cancel.request) }));
      return;
    }
    cancel.respond(createResponse(cancel.request, 200, { toTag: invite.toTag ?? tagOf(cancel.request) }));
    if (!invite.hasFinal) invite.onCancel(cancel.request);
  }

  #hasRoom(request: SipMessage, peer: Peer, peerKey: string): boolean {
    const { isExempt } = this.#options;
    const isFull = this.#servers.size >= this.#maxTransactions;
    if (!isFull && (this.#ofPeer.get(peerKey) ?? 0) < this.#maxPerPeer) return true;
    // A CANCEL makes room; of exempt ones there are at most as many again.
    if (this.#servers.size >= 2 * this.#maxTransactions) return false;
    if (request.method === 'CANCEL') return this.#servers.has(serverKey(request, peerKey, 'INVITE'));
    return isExempt?.(request, peer) ?? false;
  }

  #startServer(request: SipMessage, peer: Peer, key: string, peerKey: string): RunningServer<Peer> {
    const { clock, send } = this.#options;
    const merge = request.method === 'CANCEL' ? undefined : mergeKey(request);
    const server = new RunningServer({
      request,
      peer,
      isMerged: merge !== undefined && this.#ofMerge.has(merge),
      clock,
      timing: this.#timingFor(peer),
      send: (bytes) => send(peer, bytes),
      onLate: () => this.counters.lateResponses++,
      onGone: () => {
        this.#servers.delete(key);
        count(this.#ofPeer, peerKey, -1);
        if (merge !== undefined) count(this.#ofMerge, merge, -1);
      },
    });
    this.#servers.set(key, server);
    count(this.#ofPeer, peerKey, 1);
    if (merge !== undefined) count(this.#ofMerge, merge, 1);
    server.begin();
    return server;
  }

  #startClient(request: SipMessage, peer: Peer, on: OnClient): RunningClient {
    const key = clientKey(request);
    if (this.#clients.has(key)) throw new Fault('conflict', 'a transaction with this branch is running');
    const { clock, send } = this.#options;
    const client = new RunningClient({
      request,
      peerKey: this.#options.keyOf(peer),
      on,
      clock,
      timing: this.#timingFor(peer),
      send: (bytes) => send(peer, bytes),
      cancel: (cancel) => void this.#startClient(cancel, peer, { response: () => undefined }),
      onGone: () => this.#clients.delete(key),
    });
    this.#clients.set(key, client);
    client.begin();
    return client;
  }

  #timingFor(peer: Peer): Timing {
    return this.#options.isReliable(peer) ? this.#reliable : this.#unreliable;
  }
}

function count(table: Map<string, number>, key: string, change: 1 | -1): void {
  const next = (table.get(key) ?? 0) + change;
  if (next === 0) table.delete(key);
  else table.set(key, next);
}

/** A To tag for what the layer answers itself: the same for a repeat, as RFC 3261 8.2.7 wants of who keeps no state. */
function tagOf(request: SipMessage): string {
  const identity = `${request.callId}\n${request.get('From')}\n${request.get('Via')}`;
  return hash('sha256', identity, 'hex').slice(0, 16);
}

/**
 * The phone's one UDP socket for SIP, or its connection to its server, with our
 * transactions on it, and sip.js as their user.
 *
 *     sip.js ── request, not ACK ──> client transaction ──┐
 *     sip.js ── ACK to a 2xx ────────────────────────────>├─ UDP, TCP, TLS
 *     sip.js ── response ──────────> server transaction ──┘
 *
 * sip.js was written for reliable transports: it repeats nothing but a 200. So
 * everything else that UDP may lose is repeated here, its ACK to a failure is
 * dropped (the transaction has sent one), its CANCEL becomes the transaction's,
 * and what arrives twice reaches it once. The Via on the wire is ours too, for
 * sip.js can write neither a port nor a branch that is unlikely to come again.
 */

import type { Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { createResponse, formatMessage, parseMessage, type SipMessage } from '#protocol/sip/message.ts';
import { parseNameAddr } from '#protocol/sip/name-addr.ts';
import {
  type ClientTransaction,
  type OnClient,
  type ServerTransaction,
  Transactions,
} from '#protocol/sip/transactions.ts';
import { parseUri } from '#protocol/sip/uri.ts';
import { formatVia } from '#protocol/sip/via.ts';
import type { Connection } from './connection.ts';
import { bindSocket } from './datagrams.ts';

/** What sits on the wire: sip.js. */
export type WireUser = {
  /** The Request-URI that is known to be its own; every request is handed up with it. */
  contactUri: string;
  receive(text: string): void;
};

export type WireOptions = {
  listen: HostPort;
  clock: Clock;
  /** A hexadecimal text that was never used before. */
  token: () => string;
  timers?: SipTimers;
};

/** SIP's T1, T2 and T4 in ms. */
export type SipTimers = { t1: number; t2: number; t4: number };

/** Rejects when the address is not to be had. */
export async function openWire({ listen, ...options }: WireOptions): Promise<Wire> {
  return new Wire(await bindSocket(listen), options);
}

export class Wire {
  readonly local: HostPort;
  /** Datagrams that were no SIP, and answers of sip.js that nobody waits for. */
  dropped = 0;
  user: WireUser | undefined;
  /** Asked before sip.js is: true says that it is answered. */
  onRequest: (transaction: ServerTransaction<HostPort>) => boolean = () => false;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #token: () => string;
  readonly #transactions: Transactions<HostPort>;
  /** By sip.js's branch and the method. */
  readonly #clients = new Map<string, ClientTransaction>();
  readonly #servers = new Map<string, ServerTransaction<HostPort>>();
  #connection: Connection | undefined;
  #unanswered = 0;
  #onSettled = () => {};
  #isOpen = true;

  constructor(socket: Socket, { clock, token, timers }: Omit<WireOptions, 'listen'>) {
    const { address, port } = socket.address();
    this.local = { address, port };
    this.#socket = socket;
    this.#clock = clock;
    this.#token = token;
    this.#transactions = new Transactions<HostPort>({
      clock,
      send: (peer, bytes) => this.#write(peer, bytes),
      isReliable: () => this.#connection !== undefined,
      keyOf: formatHostPort,
      onRequest: (transaction) => this.#serve(transaction),
      onAck: (ack) => this.#handUp(ack),
      ...(timers === undefined ? {} : { timers }),
    });
    socket.on('message', (bytes, { address, port }) => this.#receive(bytes, { address, port }));
    socket.on('error', () => this.dropped++); // an ICMP message about one datagram; timers deal with the rest
  }

  get transport(): 'udp' | 'tcp' | 'tls' {
    return this.#connection?.transport ?? 'udp';
  }

  /** All goes over it from now on; undefined: by UDP. The one before is closed. */
  use(connection: Connection | undefined): void {
    this.#connection?.close();
    this.#connection = connection;
  }

  /** What came over the connection in use. */
  take(bytes: Uint8Array, peer: HostPort): void {
    this.#receive(bytes, peer);
  }

  /** Resolves when every request that was sent has its final answer, or after `patienceMs`. */
  async settled(patienceMs: number): Promise<void> {
    await nextTurn(); // sip.js sends in later turns of the loop
    if (this.#unanswered === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(patienceMs, resolve);
      this.#onSettled = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Sends `message` under a Via of ours. */
  request(message: SipMessage, peer: HostPort, { response, end }: OnClient): ClientTransaction {
    message.prepend('Via', this.#newVia());
    let isWaiting = true;
    this.#unanswered++;
    const finish = () => {
      if (!isWaiting) return;
      isWaiting = false;
      if (--this.#unanswered === 0) this.#onSettled();
    };
    return this.#transactions.request(message, peer, {
      response: (answer) => {
        if (statusOf(answer) >= 200) finish();
        response(answer);
      },
      end: (why) => {
        finish();
        end?.(why);
      },
    });
  }

  /** What sip.js sends. */
  async send(text: string): Promise<void> {
    const message = parseMessage(Buffer.from(text));
    const key = keyOf(message, message.method);
    if (message.start.type === 'response') {
      const transaction = this.#servers.get(key);
      if (transaction === undefined) this.dropped++;
      else transaction.respond(message);
    } else if (message.method === 'ACK') {
      if (this.#clients.has(keyOf(message, 'INVITE'))) return;
      message.set('Via', this.#newVia());
      this.#write(await nextHop(message), formatMessage(message));
    } else if (message.method === 'CANCEL') {
      this.#clients.get(keyOf(message, 'INVITE'))?.cancel();
      this.#tell(createResponse(message, 200));
    } else {
      this.#request(message, key, await nextHop(message));
    }
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.user = undefined;
    this.#transactions.close();
    this.#connection?.close();
    this.#socket.close();
  }

  #request(original: SipMessage, key: string, peer: HostPort): void {
    if (!this.#isOpen) return;
    const via = original.get('Via') ?? '';
    const message = original.clone();
    message.removeAll('Via');
    const transaction = this.request(message, peer, {
      response: (answer) => {
        const copy = answer.clone();
        copy.set('Via', via);
        keepMd5(copy);
        this.#tell(copy);
      },
      end: (why) => {
        this.#clients.delete(key);
        // RFC 3261 8.1.3.1: treated as if it had been a 408, or a 503.
        if (why !== 'done') this.#tell(createResponse(original, why === 'timeout' ? 408 : 503));
      },
    });
    this.#clients.set(key, transaction);
  }

  #serve(transaction: ServerTransaction<HostPort>): void {
    const { request } = transaction;
    if (this.onRequest(transaction)) return;
    if (this.user === undefined) {
      transaction.respond(createResponse(request, 480, { toTag: this.#token() }));
      return;
    }
    const key = keyOf(request, request.method);
    this.#servers.set(key, transaction);
    transaction.onEnd = () => this.#servers.delete(key);
    // sip.js answers the CANCEL too, to nobody, and the INVITE with a 487.
    transaction.onCancel = (cancel) => this.#handUp(cancel);
    this.#handUp(request);
  }

  #handUp(request: SipMessage): void {
    if (this.user === undefined) return;
    const copy = request.clone();
    copy.start = { type: 'request', method: request.method, uri: this.user.contactUri };
    this.#tell(copy);
  }

  /** sip.js throws at what its grammar cannot read: a phone says nothing to that. */
  #tell(message: SipMessage): void {
    try {
      this.user?.receive(Buffer.from(formatMessage(message)).toString());
    } catch {
      this.dropped++;
    }
  }

  #receive(bytes: Uint8Array, peer: HostPort): void {
    if (bytes.length <= 4) return; // RFC 5626 3.5.1: CRLF keeps a NAT open
    let message: SipMessage;
    try {
      message = parseMessage(bytes);
    } catch {
      this.dropped++;
      return;
    }
    if (message.start.type === 'request') noteSource(message, peer);
    this.#transactions.receive(message, peer);
  }

  #write(peer: HostPort, bytes: Uint8Array): boolean {
    if (!this.#isOpen) return false;
    if (this.#connection !== undefined) this.#connection.send(bytes);
    else this.#socket.send(bytes, peer.port, peer.address);
    return true;
  }

  #newVia(): string {
    const params = new Map([['branch', `z9hG4bK${this.#token()}`], ['rport', undefined] as const]);
    const transport = this.transport.toUpperCase();
    return formatVia({ transport, host: this.local.address, port: this.local.port, params });
  }
}

const keyOf = (message: SipMessage, method: string) => `${message.topVia.params.get('branch')} ${method}`;

const statusOf = ({ start }: SipMessage) => (start.type === 'response' ? start.status : 0);

/** RFC 3261 16.12.1: to the first Route, else to the Request-URI. */
async function nextHop(request: SipMessage): Promise<HostPort> {
  const route = request.get('Route');
  const uri = request.start.type === 'request' ? request.start.uri : '';
  const { host, port = 5060 } = parseUri(route === undefined ? uri : parseNameAddr(route).uri);
  return { address: await resolveHost(host), port };
}

/** Rejects when the name has no address. */
export async function resolveHost(host: string): Promise<string> {
  return isIP(host) === 0 ? (await lookup(host)).address : host;
}

/** RFC 3261 18.2.1 and RFC 3581 4: where it really came from goes into the Via, and back in the answer. */
function noteSource(request: SipMessage, { address, port }: HostPort): void {
  const via = request.topVia;
  const hasRport = via.params.has('rport');
  if (via.host === address && !hasRport) return;
  const params = new Map(via.params).set('received', address);
  if (hasRport) params.set('rport', String(port));
  request.removeFirst('Via');
  request.prepend('Via', formatVia({ ...via, params }));
}

/** sip.js answers MD5 alone and takes the last challenge for the only one. */
function keepMd5(response: SipMessage): void {
  for (const name of ['WWW-Authenticate', 'Proxy-Authenticate']) {
    const challenges = response.getAll(name);
    const usable = challenges.find((challenge) => !/algorithm\s*=\s*"?(?!MD5\b(?!-))/i.test(challenge));
    if (challenges.length > 1 && usable !== undefined) response.set(name, usable);
  }
}

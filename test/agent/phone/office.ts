/**
 * What a phone needs around it, small and real: an HTTP server with its files, and a
 * registrar on a UDP socket that challenges, forgets nothing and can lose datagrams.
 */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PhoneEvent } from '#agent/phone/events.ts';
import { openPhone, type Phone } from '#agent/phone/phone.ts';
import type { HostPort } from '#protocol/address.ts';
import { formatHostPort } from '#protocol/address.ts';
import { systemClock } from '#protocol/clock.ts';
import { formatChallenge, isRightResponse, parseCredentials } from '#protocol/sip/digest.ts';
import { createRequest, createResponse, parseMessage, type SipMessage } from '#protocol/sip/message.ts';
import { type ServerTransaction, Transactions } from '#protocol/sip/transactions.ts';
import { parseUri } from '#protocol/sip/uri.ts';
import { formatVia } from '#protocol/sip/via.ts';
import type { Test } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

export const mac = '805ec0000001';
/** Short enough for a test that loses datagrams, long enough for a machine that is busy. */
const timers = { t1: 100, t2: 400, t4: 500 };

/** Waiting ends when it has what it waits for: only a test that fails, or a machine that is busy, waits this long. */
const patienceMs = 15_000;

/** The same, with time for all the waiting in it. */
export const patient =
  (test: Test): ((name: string, body: () => Promise<void>) => void) =>
  (name, body) =>
    test(name, body, 2 * patienceMs);

export type Registrar = {
  local: HostPort;
  /** Every REGISTER that reached it, repeats left out. */
  registers: SipMessage[];
  /** User → Contact, of those that were let in. */
  contacts: Map<string, string>;
  /** Loses the next datagrams that come in. */
  lose: number;
  /** Datagrams that came in, the lost ones too. */
  datagrams: number;
  expires: number;
  /** User → password; a user may register any AOR. */
  secrets: Map<string, string>;
  /** What AORs may be registered; undefined: all. */
  permitted: Set<string> | undefined;
  /** Anything but REGISTER. */
  onRequest: (transaction: ServerTransaction<HostPort>) => void;
  /** Sends a NOTIFY to the Contact of `user`; answers with the status of its answer. */
  notify(user: string, event: string): Promise<number>;
  close(): void;
};

export async function openRegistrar(address = '127.0.0.1'): Promise<Registrar> {
  const socket = createSocket('udp4').bind(0, address);
  await once(socket, 'listening');
  const transactions = new Transactions<HostPort>({
    clock: systemClock,
    send: (peer, bytes) => {
      socket.send(bytes, peer.port, peer.address);
      return true;
    },
    isReliable: () => false,
    keyOf: formatHostPort,
    onRequest: (transaction) => {
      if (transaction.request.method === 'REGISTER') register(transaction);
      else registrar.onRequest(transaction);
    },
    onAck: () => {},
    timers,
  });
  let serial = 0;
  const nonces = new Map<string, number>();

  function register(transaction: ServerTransaction<HostPort>): void {
    const { request } = transaction;
    registrar.registers.push(request);
    const header = request.get('Authorization');
    const credentials = header === undefined ? undefined : parseCredentials(header);
    const count = Number.parseInt(credentials?.nc ?? '0', 16);
    const last = nonces.get(credentials?.nonce ?? '');
    const password = registrar.secrets.get(credentials?.username ?? '');
    const isRight =
      credentials !== undefined &&
      password !== undefined &&
      last !== undefined &&
      count > last &&
      isRightResponse(credentials, { method: 'REGISTER', password });
    if (!isRight) {
      const nonce = `nonce-${++serial}`;
      nonces.set(nonce, 0);
      const sha = formatChallenge({ realm: 'test', nonce, algorithm: 'SHA-256', qop: 'auth' });
      const md5 = formatChallenge({ realm: 'test', nonce, qop: 'auth' });
      const headers: [string, string][] = [
        ['WWW-Authenticate', md5],
        ['WWW-Authenticate', sha],
      ];
      transaction.respond(createResponse(request, 401, { toTag: 'r', headers }));
      return;
    }
    nonces.set(credentials.nonce, count);
    const aor = parseUri(request.to.uri).user ?? '';
    if (registrar.permitted?.has(aor) === false) {
      transaction.respond(createResponse(request, 403, { toTag: 'r' }));
      return;
    }
    const contact = request.get('Contact') ?? '';
    registrar.contacts.set(aor, contact);
    const headers: [string, string][] = [['Contact', `${contact};expires=${registrar.expires}`]];
    transaction.respond(createResponse(request, 200, { toTag: 'r', headers }));
  }

  socket.on('message', (bytes, peer) => {
    registrar.datagrams++;
    if (registrar.lose > 0) registrar.lose--;
    else transactions.receive(parseMessage(bytes), peer);
  });

  const registrar: Registrar = {
    local: socket.address(),
    registers: [],
    contacts: new Map(),
    lose: 0,
    datagrams: 0,
    expires: 300,
    secrets: new Map([['HD0001', 'secret']]),
    permitted: undefined,
    onRequest: (transaction) => transaction.respond(createResponse(transaction.request, 403, { toTag: 'r' })),
    notify(user, event) {
      const contact = registrar.contacts.get(user)?.slice(1, -1) ?? '';
      const { host, port = 5060 } = parseUri(contact);
      const params = new Map([['branch', `z9hG4bKregistrar${++serial}`], ['rport', undefined] as const]);
      const message = createRequest({
        method: 'NOTIFY',
        uri: contact,
        headers: [
          ['Via', formatVia({ transport: 'UDP', host: '127.0.0.1', port: registrar.local.port, params })],
          ['From', `<sip:${user}@test>;tag=n${serial}`],
          ['To', `<${contact}>`],
          ['Call-ID', `notify-${serial}`],
          ['CSeq', '1 NOTIFY'],
          ['Event', event],
        ],
      });
      return new Promise((resolve, reject) => {
        transactions.request(
          message,
          { address: host, port },
          {
            response: ({ start }) => resolve(start.type === 'response' ? start.status : 0),
            end: (why) => reject(new Error(why)),
          },
        );
      });
    },
    close() {
      transactions.close();
      socket.close();
    },
  };
  return registrar;
}

export type Files = { url: string; files: Record<string, string>; fetched: string[]; close(): void };

/** `files` may change at any time. */
export async function openFiles(files: Record<string, string>): Promise<Files> {
  const fetched: string[] = [];
  const server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    const body = files[name];
    fetched.push(name);
    if (body === undefined) response.writeHead(404).end();
    else response.writeHead(200, { etag: `"${body.length}"` }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, files, fetched, close: () => void server.close() };
}

/** A complete config, as the controller would write it. */
export function configFor({ local }: Registrar, settings: Record<string, string | number> = {}): string {
  const all = {
    'account.1.enable': 1,
    'account.1.user_name': 'HD0001',
    'account.1.auth_name': 'HD0001',
    'account.1.password': 'secret',
    'account.1.label': 'HD0001',
    'account.1.display_name': 'Desk 1',
    'account.1.sip_server.1.address': local.address,
    'account.1.sip_server.1.port': local.port,
    'account.1.sip_server.1.expires': 300,
    'sip.notify_reboot_enable': 0,
    'linekey.1.type': 13,
    'linekey.1.value': '*77*',
    'linekey.1.label': 'Login',
    ...settings,
  };
  return ['#!version:1.0.0.1', ...Object.entries(all).map(([key, value]) => `${key} = ${value}`)].join('\n');
}

type Named<E extends PhoneEvent['event']> = Extract<PhoneEvent, { event: E }>;

export type Watched = {
  phone: Phone;
  events: PhoneEvent[];
  uri: string;
  /** The next event of that name which no other `saw` has had. */
  saw<E extends PhoneEvent['event']>(name: E): Promise<Named<E>>;
};

export async function watch(options: Omit<Parameters<typeof openPhone>[0], 'onEvent'>): Promise<Watched> {
  const events: PhoneEvent[] = [];
  const seen = new Map<string, number>();
  const phone = await openPhone({ timers, ...options, onEvent: (event) => events.push(event) });
  return {
    phone,
    events,
    uri: `sip:anyone@${formatHostPort(phone.sip)}`,
    async saw(name) {
      const nth = seen.get(name) ?? 0;
      seen.set(name, nth + 1);
      const found = await until(
        `${name}, after ${JSON.stringify(events.slice(-6))}`,
        () => events.filter((event) => event.event === name).at(nth),
        patienceMs,
      );
      return found as Named<typeof name>;
    },
  };
}

/**
 * A SIP core with everything around it faked: flows that record what is sent, a
 * clock that moves when told, phones that speak as phones do. Two sites, north
 * with HD0001 and HD0002, south with HD0003; users 100, 101 and 102.
 */

import { pino } from 'pino';
import { createKeys } from '#controller/keys.ts';
import type { Flow, Site } from '#controller/model/model.ts';
import type { Change, LoginCall } from '#controller/model/ports.ts';
import { createSipCore, type SipCore, type SipCoreOptions } from '#controller/sip/core.ts';
import { flowKey } from '#controller/sip/peer.ts';
import { formatHostPort } from '#protocol/address.ts';
import { answerChallenge, parseChallenge } from '#protocol/sip/digest.ts';
import {
  createRequest,
  createResponse,
  formatMessage,
  type HeaderList,
  parseMessage,
  type SipMessage,
} from '#protocol/sip/message.ts';
import { parseNameAddr } from '#protocol/sip/name-addr.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';

export const agents = { north: 'a'.repeat(16), south: 'b'.repeat(16) } as const;
const lans = { north: '192.0.2', south: '198.51.100' } as const;
const keys = createKeys(new Uint8Array(32).fill(7));

export type SiteName = keyof typeof agents;
export type World = ReturnType<typeof createWorld>;

export function flowAt(site: SiteName, host: number, port = 5060): Flow {
  return {
    agent: agents[site],
    site,
    transport: 'udp',
    local: { address: `${lans[site]}.1`, port: 5060 },
    remote: { address: `${lans[site]}.${host}`, port },
  };
}

const gateway = { address: '192.0.2.200', port: 5080 };

const places: Site = {
  id: 'north',
  timeZone: 'Europe/Berlin',
  language: 'en',
  emergencyNumbers: ['112', '110'],
  emergencyGateway: gateway,
  transport: 'udp',
  dialCodes: { login: '*77*', logout: '*77*5*' },
  idleMayCall: ['102'],
  media: 'direct',
  mayWatch: 'layout',
};

const device = (id: string, site: SiteName, nth: number): Change => ({
  type: 'put',
  collection: 'devices',
  value: {
    id,
    mac: `00000000000${nth}`,
    vendor: 'yealink',
    model: 'T46S',
    site,
    generation: 1,
    confirmedGeneration: 0,
  },
});

const user = (extension: string, name: string): Change => ({
  type: 'put',
  collection: 'users',
  value: { extension, name, hotdesk: true, keys: [] },
});

const agent = (site: SiteName): Change => ({
  type: 'put',
  collection: 'agents',
  value: { id: agents[site], site, publicKey: 'A'.repeat(43), enrolledAt: 0 },
});

export function createWorld(options: Partial<SipCoreOptions> = {}) {
  const clock = createFakeClock();
  const store = createMemoryStore([
    { type: 'put', collection: 'sites', value: places },
    { type: 'put', collection: 'sites', value: { ...places, id: 'south' } },
    agent('north'),
    agent('south'),
    device('HD0001', 'north', 1),
    device('HD0002', 'north', 2),
    device('HD0003', 'south', 3),
    user('100', 'Zoë Ädams'),
    user('101', 'Bob'),
    user('102', 'Carol'),
  ]);
  const phones = new Map<string, Phone>();
  const told = {
    registered: [] as string[],
    callEnded: [] as string[],
    /** Whatever was sent to a flow that has no phone. */
    lost: [] as SipMessage[],
    expected: [] as { branch: string; call: LoginCall }[],
  };
  const down = new Set<string>();
  const line = {
    inbox: [] as SipMessage[],
    expect: (branch: string, call: LoginCall) => void told.expected.push({ branch, call }),
    receive: (bytes: Uint8Array) => void line.inbox.push(parseMessage(bytes)),
    onSend: (_: Uint8Array): void => undefined,
  };

  const open = (): SipCore =>
    createSipCore({
      store,
      keys,
      clock,
      line,
      log: pino({ level: 'silent' }),
      changeOvers: {
        of: () => ({ state: 'active', ms: 0 }),
        times: () => [],
        fetched: () => undefined,
        registered: (id, aor, generation) => void told.registered.push(`${id} ${aor} ${generation}`),
        callEnded: (id) => void told.callEnded.push(id),
      },
      flows: {
        send(flow, bytes) {
          if (down.has(flowKey(flow))) return false;
          const message = parseMessage(bytes);
          const phone = phones.get(flowKey(flow));
          if (phone === undefined) told.lost.push(message);
          else phone.inbox.push(message);
          return true;
        },
        isUp: (flow) => !down.has(flowKey(flow)),
        toAddress: (site, remote) => (site === 'north' ? { ...flowAt('north', 0), remote } : undefined),
      },
      ...options,
    });

  const world = {
    clock,
    store,
    told,
    line,
    down,
    core: open(),
    gateway,
    /** As after `kill -9`: same store and keys, no memory. */
    restart() {
      world.core.close();
      world.core = open();
    },
    phone(id: string, flow: Flow): Phone {
      const phone = new Phone(world, id, flow);
      phones.set(flowKey(flow), phone);
      return phone;
    },
    login: (id: string, extension: string) =>
      store.note([
        {
          type: 'put',
          collection: 'sessions',
          value: { device: id, extension, since: clock.wall(), how: 'dial' },
        },
      ]),
    logout: (id: string) => store.note([{ type: 'delete', collection: 'sessions', id }]),
    raise(id: string, generation: number, confirmedGeneration = 0) {
      const { revision: _, ...value } = store.get('devices', id) ?? raiseMissing(id);
      store.note([
        { type: 'put', collection: 'devices', value: { ...value, generation, confirmedGeneration } },
      ]);
    },
  };
  return world;
}

function raiseMissing(id: string): never {
  throw new Error(`no device ${id}`);
}

let serial = 0;
const fresh = (what: string) => `${what}${++serial}`;

type Parts = {
  uri?: string;
  to?: string;
  from?: string;
  callId?: string;
  cseq?: number;
  headers?: HeaderList;
  body?: string;
  branch?: string;
  fromTag?: string;
};

/** One phone: its flow, what it received, and how a phone would answer or go on. */
export class Phone {
  readonly inbox: SipMessage[] = [];
  readonly #world: { core: SipCore };
  readonly id: string;
  readonly flow: Flow;
  generation = 1;
  readonly registration = { callId: fresh('reg'), cseq: 0 };

  constructor(world: { core: SipCore }, id: string, flow: Flow) {
    this.#world = world;
    this.id = id;
    this.flow = flow;
  }

  get host(): string {
    return formatHostPort(this.flow.local);
  }

  get contact(): string {
    return `sip:${this.id}@${formatHostPort(this.flow.remote)}`;
  }

  /** The last message received; `take` it to wait for the next. */
  take(): SipMessage {
    const message = this.inbox.shift();
    if (message === undefined) throw new Error(`${this.id} received nothing`);
    return message;
  }

  /** Statuses and methods received since the last look. */
  heard(): string {
    return this.inbox
      .splice(0)
      .map(({ start }) => (start.type === 'response' ? String(start.status) : start.method))
      .join(' ');
  }

  send(message: SipMessage): SipMessage {
    this.sendRaw(formatMessage(message));
    return message;
  }

  sendRaw(bytes: Uint8Array): void {
    this.#world.core.receive(this.flow, bytes);
  }

  build(method: string, parts: Parts = {}): SipMessage {
    const { uri = `sip:${this.host}`, to = uri, from = `sip:${this.id}@${this.host}` } = parts;
    return createRequest({
      method,
      uri,
      headers: [
        [
          'Via',
          `SIP/2.0/UDP ${formatHostPort({ ...this.flow.remote, port: 5060 })};branch=${parts.branch ?? fresh('z9hG4bKp')};rport`,
        ],
        ['From', `<${from}>;tag=${parts.fromTag ?? fresh('f')}`],
        ['To', to.startsWith('<') ? to : `<${to}>`],
        ['Call-ID', parts.callId ?? fresh('call')],
        ['CSeq', `${parts.cseq ?? 1} ${method}`],
        ['Contact', `<${this.contact}>`],
        ...(parts.headers ?? []),
      ],
      ...(parts.body !== undefined && { body: Buffer.from(parts.body) }),
    });
  }

  /** The same request again with the answer to `challenge`. */
  credential(
    request: SipMessage,
    challenge: SipMessage,
    { nc = 1, generation = this.generation } = {},
  ): SipMessage {
    const isProxy = challenge.start.type === 'response' && challenge.start.status === 407;
    const value = challenge.get(isProxy ? 'Proxy-Authenticate' : 'WWW-Authenticate') ?? '';
    const again = request.clone();
    const uri = request.start.type === 'request' ? request.start.uri : '';
    const password = keys.sipSecret(this.id, generation);
    const answer = { method: request.method, uri, username: this.id, password, cnonce: 'c', nc };
    again.set(
      isProxy ? 'Proxy-Authorization' : 'Authorization',
      answerChallenge(parseChallenge(value), answer),
    );
    again.set(
      'Via',
      `SIP/2.0/UDP ${formatHostPort({ ...this.flow.remote, port: 5060 })};branch=${fresh('z9hG4bKp')};rport`,
    );
    again.set('CSeq', `${request.cseq.number + 1} ${request.method}`);
    return again;
  }

  /** Sends, is challenged, sends again; answers the request that was let through. */
  ask(request: SipMessage): SipMessage {
    this.send(request);
    const challenge = this.take();
    if (request.method === 'INVITE') this.send(this.ackTo(request, challenge));
    return this.send(this.credential(request, challenge));
  }

  register({ aor = this.id, expires = 600, headers = [] as HeaderList } = {}): SipMessage {
    const { registration } = this;
    const at = `sip:${aor}@${this.host}`;
    const request = this.build('REGISTER', {
      to: at,
      from: at,
      callId: registration.callId,
      cseq: registration.cseq + 1,
      headers: [['Expires', String(expires)], ...headers],
    });
    registration.cseq += 2;
    this.ask(request);
    return this.take();
  }

  /** INVITE as far as the digest; what comes next is in the inbox. */
  call(number: string, headers: HeaderList = [], parts: Parts = {}): SipMessage {
    const uri = `sip:${number}@${this.host}`;
    return this.ask(this.build('INVITE', { uri, headers, body: 'v=0\r\n', ...parts }));
  }

  answer(request: SipMessage, status: number, headers: HeaderList = []): SipMessage {
    const routes = request.getAll('Record-Route').map((route) => ['Record-Route', route] as const);
    const more: HeaderList = [...routes, ['Contact', `<${this.contact}>`], ...headers];
    return this.send(createResponse(request, status, { toTag: `t${this.id}`, headers: more }));
  }

  /** ACK to a refusal: the same branch, no Route. */
  ackTo(invite: SipMessage, response: SipMessage): SipMessage {
    const ack = invite.clone();
    ack.start = {
      type: 'request',
      method: 'ACK',
      uri: invite.start.type === 'request' ? invite.start.uri : '',
    };
    ack.set('CSeq', `${invite.cseq.number} ACK`);
    ack.set('To', response.get('To') ?? '');
    ack.body = new Uint8Array(0);
    return ack;
  }

  /** A request in the dialog of a call this phone made and that `ok` answered. */
  asCaller(method: string, invite: SipMessage, ok: SipMessage, headers: HeaderList = []): SipMessage {
    const routes = ok.getAll('Record-Route').reverse();
    return this.#inDialog(
      method,
      { from: ok.get('From'), to: ok.get('To'), remote: ok, routes, of: invite },
      headers,
    );
  }

  /** A request in the dialog of a call this phone got. */
  asCallee(method: string, invite: SipMessage, headers: HeaderList = []): SipMessage {
    const from = `${invite.get('To')};tag=t${this.id}`;
    const routes = invite.getAll('Record-Route');
    return this.#inDialog(
      method,
      { from, to: invite.get('From'), remote: invite, routes, of: invite },
      headers,
    );
  }

  #inDialog(
    method: string,
    dialog: {
      from: string | undefined;
      to: string | undefined;
      remote: SipMessage;
      routes: string[];
      of: SipMessage;
    },
    headers: HeaderList,
  ): SipMessage {
    const { from = '', to = '', remote, routes, of } = dialog;
    const cseq = method === 'ACK' ? of.cseq.number : of.cseq.number + 1;
    const { uri } = parseNameAddr(remote.get('Contact') ?? '');
    return createRequest({
      method,
      uri,
      headers: [
        [
          'Via',
          `SIP/2.0/UDP ${formatHostPort({ ...this.flow.remote, port: 5060 })};branch=${fresh('z9hG4bKp')};rport`,
        ],
        ...routes.map((route) => ['Route', route] as const),
        ['From', from],
        ['To', to],
        ['Call-ID', of.callId],
        ['CSeq', `${cseq} ${method}`],
        ['Contact', `<${this.contact}>`],
        ...headers,
      ],
    });
  }
}

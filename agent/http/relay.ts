/**
 * Provisioning over HTTP: a phone asks for its config file, the agent asks the
 * controller through the tunnel. Nothing a client names is ever dialled.
 *
 *     GET or HEAD /p/<token>/<file>     what the controller answers: 200 or 304, to a Range 206 or
 *                                       416, to credentials of an old question 401
 *     GET or HEAD /<file>               the same, while an adoption window is open
 *     everything else                   the same 404, byte for byte
 *     the controller is not there       503 with Retry-After
 *
 * "Everything else" is other methods and paths, broken requests, headers
 * too long, whatever status the controller refuses with, and a source that has
 * guessed wrong too often. Paths hold the device's token: they are not logged.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import {
  type AddressInfo,
  createServer as createNetServer,
  type Server as NetServer,
  type Socket,
} from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBuckets } from '#agent/buckets.ts';
import { findMac, type ReadTable, readArpTable } from '#agent/neighbours.ts';
import { type Credentials, enterTls } from '#agent/tls-door.ts';
import type { AgentTunnel, Log, TunnelAnswer, TunnelRequest } from '#agent/tunnel.ts';
import { type HostPort, toCanonical } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { readPath } from './config-path.ts';
import { certificateOf, downward, hasBody, isForPhone, readThrough, upward } from './passage.ts';

export type RelayOptions = {
  listen: readonly HostPort[];
  /** The same by TLS, once there is a certificate to show. */
  tls?: {
    listen: readonly HostPort[];
    credentials(): Promise<Credentials>;
    /** The port was chosen; else it may be taken by another, and there is no HTTPS. */
    isWished: boolean;
  };
  uplink: Pick<AgentTunnel, 'request'>;
  clock: Clock;
  log: Log;
  readTable?: ReadTable;
  /** Somebody asked for what is not a config under a token. */
  onStray?(path: string, userAgent: string, remote: HostPort): void;
  maxConnections?: number;
  maxConnectionsPerSource?: number;
  maxRequests?: number;
  answerMs?: number;
  headersMs?: number;
  silentMs?: number;
  missesBurst?: number;
  missesPerSecond?: number;
};

const counterNames = [
  'answered',
  'refused',
  'absent',
  'broken',
  'overRate',
  'overLimit',
  'unavailable',
  'cut',
  'handshakesFailed',
] as const;

export type RelayCounters = Record<(typeof counterNames)[number], number>;

export type HttpRelay = {
  readonly addresses: readonly HostPort[];
  /** By TLS. */
  readonly tlsAddresses: readonly HostPort[];
  readonly counters: Readonly<RelayCounters>;
  /** Answers what is asked already, for a moment, and takes no more. */
  close(): Promise<void>;
};

const maxHeaderBytes = 8_192;
const drainMs = 2_000;
const retryAfterSeconds = 15;

const refusalBody = 'not found\n';
const refusalHeaders: [string, string][] = [
  ['Content-Type', 'text/plain; charset=utf-8'],
  ['Cache-Control', 'no-store'],
  ['Content-Length', String(refusalBody.length)],
  ['Connection', 'close'],
];
/** The controller's word for a file that such phones ask for on their own, and that there is not: a 404, and no guess. */
const absentStatus = 410;

/** What a refused request gets, whether Node could parse it or not. */
export const refusal = [
  'HTTP/1.1 404 Not Found',
  ...refusalHeaders.map(([name, value]) => `${name}: ${value}`),
  '',
  refusalBody,
].join('\r\n');

export async function listenRelay({
  listen,
  tls,
  uplink,
  clock,
  log,
  readTable = readArpTable,
  onStray = () => {},
  maxConnections = 512,
  maxConnectionsPerSource = 64,
  maxRequests = 64,
  answerMs = 15_000,
  headersMs = 5_000,
  silentMs = 15_000,
  missesBurst = 32,
  missesPerSecond = 0.5,
}: RelayOptions): Promise<HttpRelay> {
  const counters = Object.fromEntries(counterNames.map((name) => [name, 0])) as RelayCounters;
  const misses = createBuckets({ clock, burst: missesBurst, perSecond: missesPerSecond });
  const perSource = new Map<string, number>();
  const servers: (Server | HttpsServer)[] = [];
  /** In front of those that speak TLS. */
  const doors: NetServer[] = [];
  /** Raw sockets under TLS. */
  const waiting = new Set<Socket>();
  let asking = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.sendDate = false;
    const { remoteAddress, remotePort } = request.socket;
    const remote = hostPort(remoteAddress, remotePort);
    const path = readPath(request);
    if (path === undefined || hasBody(request)) {
      await readThrough(request);
      return refuseStray(request, remote, response);
    }
    if (!misses.has(remote.address)) {
      if (path === 'bare') onStray(request.url ?? '', request.headers['user-agent'] ?? '', remote);
      return refuse(response, 'overRate');
    }
    if (asking >= maxRequests) return sayUnavailable(response, 'overLimit');

    asking++;
    await relay(path, { request, response, remote }).finally(() => asking--);
  }

  type Exchange = { request: IncomingMessage; response: ServerResponse; remote: HostPort };

  async function relay(path: 'token' | 'bare', { request, response, remote }: Exchange): Promise<void> {
    const answered = await ask(await toTunnel(request, remote));
    if (answered !== undefined && isForPhone(answered, request))
      return await pass(answered, request, response);
    if (answered !== undefined) await drop(answered);
    if (answered === undefined || answered.status === 503) return sayUnavailable(response, 'unavailable');
    if (answered.status === absentStatus) return refuse(response, 'absent');
    misses.take(remote.address);
    if (path === 'bare') refuseStray(request, remote, response);
    else refuse(response, 'refused');
  }

  async function toTunnel(request: IncomingMessage, remote: HostPort): Promise<TunnelRequest> {
    const headers = upward(request);
    const mac = findMac(await readTable().catch(() => ''), remote.address);
    const certificate = certificateOf(request.socket);
    return {
      method: request.method === 'HEAD' ? 'HEAD' : 'GET',
      path: request.url ?? '',
      headers,
      remote,
      ...(mac !== undefined && { mac }),
      ...(certificate !== undefined && { certificate }),
    };
  }

  /** Undefined when the controller does not answer, or not in time. */
  function ask(request: TunnelRequest): Promise<TunnelAnswer | undefined> {
    return new Promise((resolve) => {
      let isLate = false;
      const cancel = clock.after(answerMs, () => {
        isLate = true;
        resolve(undefined);
      });
      uplink
        .request(request)
        .then((answered) => (isLate ? drop(answered) : resolve(answered)))
        .catch((err: unknown) => {
          log.debug({ err }, 'config request not answered');
          resolve(undefined);
        })
        .finally(cancel);
    });
  }

  async function pass(
    { status, headers, body }: TunnelAnswer,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    response.writeHead(status, downward(headers));
    const source = Readable.from(body, { objectMode: false });
    try {
      await pipeline(source, response);
      counters.answered++;
    } catch (err) {
      counters.cut++;
      log.debug({ err }, 'config answer cut short');
      request.socket.destroy();
    }
  }

  function refuseStray({ url, headers }: IncomingMessage, remote: HostPort, response: ServerResponse): void {
    onStray(url ?? '', headers['user-agent'] ?? '', remote);
    refuse(response, 'refused');
  }

  function refuse(response: ServerResponse, why: 'refused' | 'overRate' | 'absent'): void {
    counters[why]++;
    response.writeHead(404, refusalHeaders.flat());
    response.end(refusalBody);
  }

  function sayUnavailable(response: ServerResponse, why: 'unavailable' | 'overLimit'): void {
    counters[why]++;
    response.writeHead(503, {
      'Retry-After': retryAfterSeconds,
      'Cache-Control': 'no-store',
      'Content-Length': 0,
      Connection: 'close',
    });
    response.end();
  }

  /** What Node could not parse, or will not: the same answer, and the end of the connection. */
  function refuseRaw(socket: Duplex): void {
    counters.broken++;
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(refusal, () => socket.destroy());
  }

  /** False: it has been closed. */
  function admit(socket: Socket): boolean {
    const source = socket.remoteAddress ?? '';
    const open = (perSource.get(source) ?? 0) + 1;
    if (open > maxConnectionsPerSource) {
      counters.overLimit++;
      socket.destroy();
      return false;
    }
    perSource.set(source, open);
    socket.once('close', () => {
      const left = (perSource.get(source) ?? 1) - 1;
      if (left > 0) perSource.set(source, left);
      else perSource.delete(source);
    });
    return true;
  }

  const limits = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersMs,
    requestTimeout: headersMs,
    keepAliveTimeout: headersMs,
    connectionsCheckingInterval: Math.min(1_000, headersMs),
    requireHostHeader: false,
  };

  function serve(): Server {
    const server = createServer(limits);
    server.maxConnections = maxConnections;
    server.on('connection', admit);
    equip(server);
    return server;
  }

  /** A phone may show its certificate and need not: whose it is, the controller judges. */
  function serveTls(credentials: () => Promise<Credentials>): NetServer {
    const server = createHttpsServer({
      ...limits,
      minVersion: 'TLSv1.2',
      handshakeTimeout: headersMs,
      requestCert: true,
      rejectUnauthorized: false,
    });
    equip(server);
    const failed = (err: unknown, raw: Socket) => {
      counters.handshakesFailed++;
      log.debug({ err }, 'no TLS with a phone');
      raw.destroy();
    };
    server.on('tlsClientError', failed);
    const door = createNetServer((raw) => {
      if (!admit(raw)) return;
      raw.on('error', () => {}); // its close is enough to know
      raw.once('close', () => waiting.delete(raw));
      waiting.add(raw);
      enterTls(server, raw, credentials).catch((err: unknown) => failed(err, raw));
    });
    door.maxConnections = maxConnections;
    servers.push(server);
    doors.push(door);
    return door;
  }

  function equip(server: Server | HttpsServer): void {
    server.maxRequestsPerSocket = 100;
    server.timeout = silentMs;
    const refuseUnread = (_: IncomingMessage, response: ServerResponse) => {
      response.sendDate = false;
      refuse(response, 'refused');
    };
    server.on('request', (request, response) => {
      answer(request, response).catch((err: unknown) => {
        log.warn({ err }, 'config request failed');
        request.socket.destroy();
      });
    });
    server.on('checkContinue', refuseUnread);
    server.on('checkExpectation', refuseUnread);
    server.on('connect', (_, socket) => refuseRaw(socket));
    server.on('upgrade', (_, socket) => refuseRaw(socket));
    server.on('clientError', (_, socket) => refuseRaw(socket));
  }

  async function close(): Promise<void> {
    const patience = clock.after(drainMs, () => {
      for (const server of servers) server.closeAllConnections();
      for (const raw of waiting) raw.destroy();
    });
    const closed = doors.map((door) => new Promise<void>((resolve) => door.close(() => resolve())));
    await Promise.all([...servers.map(closeServer), ...closed]);
    patience();
  }

  async function open(server: NetServer, { address, port }: HostPort): Promise<HostPort> {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port }, resolve);
    });
    server.on('error', (err) => log.warn({ err }, 'a connection could not be accepted'));
    const at = server.address() as AddressInfo;
    return { address: at.address, port: at.port };
  }

  /** At all of the addresses, or at none where the port is nobody's wish and another has it. */
  async function listenTls({ listen: all, credentials, isWished }: NonNullable<RelayOptions['tls']>) {
    try {
      for (const at of all) tlsAddresses.push(await open(serveTls(credentials), at));
    } catch (err) {
      if (isWished) throw err;
      tlsAddresses.length = 0;
      log.warn({ err }, 'no provisioning over HTTPS');
    }
  }

  const addresses: HostPort[] = [];
  const tlsAddresses: HostPort[] = [];

  try {
    for (const at of listen) {
      const server = serve();
      addresses.push(await open(server, at));
      servers.push(server);
    }
    if (tls !== undefined) await listenTls(tls);
  } catch (error) {
    await close();
    throw error;
  }

  return { addresses, tlsAddresses, counters, close };
}

function hostPort(address: string | undefined, port: number | undefined): HostPort {
  return { address: toCanonical(address ?? ''), port: port ?? 0 };
}

/** Ends a body nobody wants, so that the controller stops sending it. */
async function drop({ body }: TunnelAnswer): Promise<void> {
  await body[Symbol.asyncIterator]().return?.();
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/**
 * The public listener: agents come in here, and get what they are installed from; nothing else is served.
 *
 *     GET  /v1/tunnel/signal, /v1/tunnel/media   upgrade, with a proof (protocol/tunnel/proof.ts)
 *     POST /v1/enrol                             { secret, publicKey } → { agent, site, pins }
 *     GET  /v1/nonce                             only where TLS ends before us
 *     GET  /install.sh, /bundle/…                controller/release, where there is one
 *
 * Whoever is refused gets the same bytes for whatever reason; anything else is
 * 404. Who is slow, silent or long is let go: nothing may be held open here
 * without a key.
 */

import {
  createServer as createPlainServer,
  type IncomingMessage,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Agent } from '#controller/model/model.ts';
import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { socketOptions } from '#protocol/tunnel/attach.ts';
import { nextPinHeader, paths, type SocketKind, subprotocol } from '#protocol/tunnel/version.ts';
import type { Authenticate } from './authentication.ts';
import type { Enrolment } from './enrolment.ts';
import type { Log } from './log.ts';
import type { Nonces } from './nonces.ts';

const limits = { headersTimeout: 5_000, requestTimeout: 5_000, keepAliveTimeout: 5_000 } as const;
const maxHeaderSize = 8 * 1024;
const maxEnrolBytes = 4 * 1024;
const maxConnections = 10_000;
/** How long agents have to hear that we stop. */
const lastWordsMs = 500;

const refusal = 'HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
const nothingHere = 'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
const otherVersion = `HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nSec-WebSocket-Protocol: ${subprotocol}\r\nContent-Length: 0\r\n\r\n`;

const kinds: ReadonlyMap<string | undefined, SocketKind> = new Map([
  [paths.signal, 'signal'],
  [paths.media, 'media'],
]);

export type ListenerOptions = {
  listen: HostPort;
  /** Absent: plain, for TLS ends at a proxy, or we are on loopback. */
  tls?: { key: string; certificate: string };
  nextPin?: string;
  authenticate: Authenticate;
  nonces: Nonces;
  enrolment: Enrolment;
  clock: Clock;
  log: Log;
  /** May this agent's new socket take its place? */
  admit(agent: Agent, kind: SocketKind): Promise<boolean>;
  onSocket(agent: Agent, kind: SocketKind, socket: WebSocket): void;
  /** Answers what is asked for without a key; false: nothing is there. */
  download?(request: IncomingMessage, response: ServerResponse): boolean;
};

export type Listener = {
  readonly address: HostPort;
  readonly counters: { refused: number; enrolled: number; strayed: number };
  close(): Promise<void>;
};

export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { listen, tls, nextPin, authenticate, nonces, enrolment, clock, log, admit, onSocket } = options;
  const { download = () => false } = options;
  const counters = { refused: 0, enrolled: 0, strayed: 0 };
  const serverOptions: ServerOptions = { ...limits, maxHeaderSize, connectionsCheckingInterval: 1_000 };
  const server = tls
    ? createTlsServer({
        ...serverOptions,
        key: tls.key,
        cert: tls.certificate,
        // Below 1.3 an exporter is not bound to the whole handshake (RFC 7627).
        minVersion: 'TLSv1.3',
        handshakeTimeout: 5_000,
      })
    : createPlainServer(serverOptions);
  server.maxConnections = maxConnections;

  const upgrades = new WebSocketServer({
    ...socketOptions,
    noServer: true,
    clientTracking: false,
    handleProtocols: () => subprotocol,
  });
  if (nextPin !== undefined) {
    upgrades.on('headers', (headers) => headers.push(`${nextPinHeader}: ${nextPin}`));
  }

  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });

  function refuse(socket: Duplex, why: string): void {
    counters.refused++;
    log.debug({ why }, 'agent refused');
    end(socket, refusal);
  }

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const kind = kinds.get(request.url);
    if (kind === undefined) {
      counters.strayed++;
      end(socket, nothingHere);
      return;
    }
    const agent = authenticate(request, kind);
    if (agent === undefined) return refuse(socket, 'no right proof');
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.includes(subprotocol)) {
      log.warn({ agent: agent.id, offered: offered.join() }, 'agent speaks another version');
      end(socket, otherVersion);
      return;
    }
    if (!(await admit(agent, kind))) return refuse(socket, 'another one with this key is connected');
    if (socket.destroyed) return;
    upgrades.handleUpgrade(request, socket, head, (opened) => onSocket(agent, kind, opened));
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    upgrade(request, socket, head).catch((err: unknown) => {
      log.error({ err }, 'upgrade failed');
      socket.destroy();
    });
  });

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'POST' && request.url === paths.enrol) {
      enrol(request, response).catch((err: unknown) => {
        log.error({ err }, 'enrolment failed');
        answer(response, 503, '');
      });
    } else if (request.method === 'GET' && request.url === paths.nonce && tls === undefined) {
      answer(response, 200, nonces.create());
    } else if (!download(request, response)) {
      counters.strayed++;
      request.resume();
      answer(response, 404, '');
    }
  });
  server.on('clientError', (_error: Error, socket: Duplex) => socket.destroy());

  async function enrol(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(request);
    const answered = await enrolment.enrol(body);
    if (answered === undefined) return refuse(request.socket, 'no right enrolment token');
    counters.enrolled++;
    log.info({ agent: answered.agent, site: answered.site }, 'agent enrolled');
    answer(response, 200, JSON.stringify(answered));
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.address, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (err) => log.error({ err }, 'a connection could not be accepted'));
  const { address, port } = server.address() as AddressInfo;

  let closing: Promise<void> | undefined;
  return {
    address: { address, port },
    counters,
    close() {
      closing ??= new Promise((resolve) => {
        // Sockets end by themselves once the other end has heard the last word.
        const cancel = clock.after(lastWordsMs, () => {
          for (const socket of open) socket.destroy();
        });
        server.close(() => {
          cancel();
          resolve();
        });
        server.closeIdleConnections();
      });
      return closing;
    },
  };
}

/** No server looks after a socket that was to be upgraded: without its end the other side would hold it for ever. */
function end(socket: Duplex, lastWords: string): void {
  socket.end(lastWords, () => socket.destroy());
}

function answer(response: ServerResponse, status: number, body: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    connection: 'close',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** Undefined for what is too long or no JSON. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early would end the socket, and with it our answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxEnrolBytes) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined; // the caller refuses it like any other
  }
}

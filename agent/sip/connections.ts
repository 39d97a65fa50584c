/**
 * The listeners for phones that come by TCP and by TLS, beside the UDP sockets:
 * one of each for every local address. A connection is one flow; we accept
 * them and make none.
 *
 *     SYN ─ caps, address ─┬─ TCP ─────────────────────────────────┬─ connection ─ relay
 *                          └─ TLS ─ certificate ─ handshake ───────┘
 *
 * Who comes by TLS before the controller has signed our certificate waits for
 * it, at most as long as a mute connection would.
 */

import { once } from 'node:events';
import { type AddressInfo, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { type Credentials, enterTls } from '#agent/tls-door.ts';
import type { Log } from '#agent/tunnel.ts';
import { formatHostPort, type HostPort, toCanonical } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { type Connection, type ConnectionLimits, createConnection } from './connection.ts';
import { type Path, pathOf } from './flows.ts';
import type { SipRelay } from './relay.ts';

export type ConnectionsOptions = ConnectionLimits & {
  relay: SipRelay;
  /** Resolves when there is a certificate to show. */
  credentials(): Promise<Credentials>;
  clock: Clock;
  log: Log;
  maxConnections?: number | undefined;
  maxPerSource?: number | undefined;
  handshakeMs?: number | undefined;
};

export type Connections = {
  /** Where it listens; port 0 asks for a free one. */
  listen(transport: 'tcp' | 'tls', at: HostPort): Promise<HostPort>;
  /** False: there is no such connection any more. */
  send(path: Path, bytes: Uint8Array): boolean;
  hangUp(path: Path): void;
  readonly size: number;
  close(): Promise<void>;
};

export function createConnections(options: ConnectionsOptions): Connections {
  const { relay, log, maxConnections = 1_024, maxPerSource = 64, handshakeMs = 10_000 } = options;
  const { counters } = relay;
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  /** Those of them that, as far as we know, never registered; the oldest first. */
  const strangers = new Map<Socket, Path>();
  const bySource = new Map<string, number>();
  const byPath = new Map<string, Connection>();

  /** Counts it in until it is gone; false when there are too many. */
  function admit(socket: Socket, path: Path): boolean {
    const source = path.remote.address;
    const ofSource = bySource.get(source) ?? 0;
    if (ofSource >= maxPerSource || relay.whyNotFrom(path) !== undefined) return false;
    if (sockets.size >= maxConnections && !makeRoom()) return false;
    sockets.add(socket);
    strangers.set(socket, path);
    bySource.set(source, ofSource + 1);
    socket.once('close', () => {
      sockets.delete(socket);
      strangers.delete(socket);
      const left = (bySource.get(source) ?? 1) - 1;
      if (left > 0) bySource.set(source, left);
      else bySource.delete(source);
    });
    return true;
  }

  /** The oldest connection of a stranger goes, so that no crowd of them keeps a phone out. */
  function makeRoom(): boolean {
    for (const [socket, path] of strangers) {
      strangers.delete(socket);
      // Looked at once, when it matters: a phone stays a phone for as long as it is connected.
      if (relay.isRegistered(path)) continue;
      counters.connectionsRefused++;
      sockets.delete(socket);
      socket.destroy();
      return true;
    }
    return false;
  }

  function accept(path: Path | undefined, socket: Socket, tls: TlsServer | undefined): void {
    if (path === undefined || !admit(socket, path)) {
      counters.connectionsRefused++;
      socket.destroy();
    } else if (tls === undefined) serve(path, socket);
    else void handshake(tls, path, socket);
  }

  /** Never rejects. */
  async function handshake(tls: TlsServer, path: Path, raw: Socket): Promise<void> {
    raw.on('error', () => {}); // its close is enough to know
    try {
      await enterTls(tls, raw, options.credentials);
    } catch (err) {
      handshakeFailed(err, path.remote);
      raw.destroy();
    }
  }

  function handshakeFailed(err: unknown, remote: HostPort): void {
    counters.handshakesFailed++;
    log.debug({ err, remote: formatHostPort(remote) }, 'no TLS with a phone');
  }

  /** Listens at nothing: it is given the sockets that were let in. */
  function createTls(local: () => HostPort): TlsServer {
    const tls = createTlsServer({ minVersion: 'TLSv1.2', handshakeTimeout: handshakeMs }, (secure) => {
      const path = pathFrom('tls', local(), secure);
      if (path === undefined) secure.destroy();
      else serve(path, secure);
    });
    tls.on('tlsClientError', (err, secure) => {
      handshakeFailed(err, remoteOf(secure));
      secure.destroy();
    });
    return tls;
  }

  function serve(path: Path, socket: Socket): void {
    const key = pathOf(path);
    // The same port again, before we heard of the end of the first.
    byPath.get(key)?.close();
    const connection = createConnection({
      ...options,
      socket,
      counters,
      onMessage: (bytes) => relay.receive(path, bytes),
      onPing: () => relay.receive(path, ping),
      onEnd() {
        if (byPath.get(key) !== connection) return;
        byPath.delete(key);
        relay.ended(path);
      },
    });
    byPath.set(key, connection);
  }

  return {
    async listen(transport, { address, port }) {
      let local = { address: toCanonical(address), port };
      const tls = transport === 'tls' ? createTls(() => local) : undefined;
      const server = createServer((socket) => accept(pathFrom(transport, local, socket), socket, tls));
      server.listen({ host: address, port, ipv6Only: isIPv6(address) });
      await once(server, 'listening');
      local = { ...local, port: (server.address() as AddressInfo).port };
      server.on('error', (err) => log.warn({ err, transport }, 'SIP listener failed'));
      servers.push(server);
      return local;
    },
    send: (path, bytes) => byPath.get(pathOf(path))?.send(bytes) ?? false,
    hangUp: (path) => byPath.get(pathOf(path))?.close(),
    get size() {
      return sockets.size;
    },
    async close() {
      const closed = [
        ...servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))),
        ...[...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
      ];
      for (const connection of [...byPath.values()]) connection.close();
      for (const socket of sockets) socket.destroySoon();
      await Promise.all(closed);
    },
  };
}

const ping = Buffer.from('\r\n\r\n');

const remoteOf = ({ remoteAddress = '', remotePort = 0 }: Socket): HostPort => ({
  address: remoteAddress,
  port: remotePort,
});

/** Undefined: gone before it could be looked at. */
function pathFrom(transport: 'tcp' | 'tls', local: HostPort, socket: Socket): Path | undefined {
  const { address, port } = remoteOf(socket);
  return address === '' ? undefined : { transport, local, remote: { address: toCanonical(address), port } };
}

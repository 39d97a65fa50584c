/**
 * TCP and TLS towards an upstream: one connection to each of its addresses, made
 * when the first message goes there and again when it was lost. What the upstream
 * sends us comes over that connection (RFC 5923); over TCP also over one that it
 * opens to us, from an address it is configured with. Over TLS nobody may: that
 * would want a certificate that the upstream trusts.
 */

import { once } from 'node:events';
import { connect, createServer, isIP, type Server, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { type Connection, createConnection } from './connection.ts';
import type { Endpoint } from './udp.ts';

export type StreamsOptions = {
  /** Port 0: any free one. */
  local: HostPort;
  /** Undefined: TCP. */
  tls?: { name: string; ca?: string | undefined } | undefined;
  clock: Clock;
  /** Whether somebody may open a connection to us from there. */
  isKnown(address: string): boolean;
  onMessage(remote: HostPort, bytes: Buffer): void;
  /** A connection that we made is over; `wasUp` false: there never was one, and what was to go over it has not. */
  onLost(remote: HostPort, wasUp: boolean): void;
  onError(error: Error): void;
};

const connectMs = 10_000;
/** Where nobody listens, but what is called 0 no PBX can read. */
const tlsPort = 5_061;
/** A PBX has a few, one of them maybe half dead. */
const maxConnections = 64;

export async function openStreams(options: StreamsOptions): Promise<Endpoint> {
  const { tls, clock, isKnown, onMessage, onLost, onError } = options;
  const connections = new Map<string, Connection>();
  let isOpen = true;
  const server = tls === undefined ? await listen(options.local) : undefined;
  server?.on('connection', accept);
  server?.on('error', onError);
  const address = server?.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.local.port || tlsPort;
  const local = { address: options.local.address, port };

  function adopt(socket: Socket, remote: HostPort, onEnd = () => {}): Connection {
    const key = formatHostPort(remote);
    const connection: Connection = createConnection({
      socket,
      clock,
      onMessage: (bytes) => onMessage(remote, bytes),
      onEnd(error) {
        if (connections.get(key) === connection) connections.delete(key);
        if (error !== undefined) onError(error);
        onEnd();
      },
    });
    connections.set(key, connection);
    return connection;
  }

  function accept(socket: Socket): void {
    const { remoteAddress = '', remotePort = 0 } = socket;
    const from = remoteAddress.replace(/^::ffff:(?=\d+\.)/, '');
    if (!isKnown(from) || connections.size >= maxConnections) socket.destroy();
    else adopt(socket, { address: from, port: remotePort });
  }

  function dial(remote: HostPort): Connection {
    const to = { host: remote.address, port: remote.port, localAddress: local.address };
    const socket = tls === undefined ? connect(to) : dialTls(to, tls);
    const cancel = clock.after(connectMs, () => socket.destroy(new Error('no connection in time')));
    let wasUp = false;
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      wasUp = true;
      cancel();
    });
    socket.once('close', cancel);
    return adopt(socket, remote, () => onLost(remote, wasUp));
  }

  return {
    local,
    send(remote, bytes) {
      if (!isOpen) return false;
      const connection = connections.get(formatHostPort(remote)) ?? dial(remote);
      return connection.send(bytes);
    },
    endIfQuiet(remote, ms) {
      connections.get(formatHostPort(remote))?.endIfQuiet(ms);
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      server?.close();
      for (const connection of connections.values()) connection.close();
      connections.clear();
    },
  };
}

/** By the domain's name, or by the address where there is no name; by the system's authorities or the one configured. */
function dialTls(
  to: { host: string; port: number; localAddress: string },
  { name, ca }: { name: string; ca?: string | undefined },
): Socket {
  const isName = isIP(name.replace(/^\[|\]$/g, '')) === 0;
  return connectTls({
    ...to,
    minVersion: 'TLSv1.2',
    ...(isName && { servername: name }),
    ...(ca !== undefined && { ca }),
  });
}

async function listen({ address, port }: HostPort): Promise<Server> {
  const server = createServer().listen({ host: address, port });
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    server.close();
    throw error;
  }
}

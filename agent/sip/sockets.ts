/**
 * The phones' SIP sockets: one UDP socket for each local address, never the
 * wildcard, for Node does not tell where a packet was sent to, and a phone
 * takes an answer only from the address it asked.
 */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { toCanonical } from '#agent/target.ts';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import { SipRelay, type SipRelayOptions } from './relay.ts';

export type SipSocketsOptions = Omit<SipRelayOptions, 'transmit' | 'isOurSocket'> & {
  /** Port 0: a free one for each address. */
  listen: readonly HostPort[];
};

export type SipSockets = {
  readonly addresses: readonly HostPort[];
  readonly relay: SipRelay;
  close(): Promise<void>;
};

const receiveBufferBytes = 1 << 20;

export async function openSipSockets({ listen, ...options }: SipSocketsOptions): Promise<SipSockets> {
  const sockets = new Map<string, Socket>();
  const addresses: HostPort[] = [];
  const relay = new SipRelay({
    ...options,
    isOurSocket: (address) => sockets.has(formatHostPort(address)),
    transmit(local, { address, port }, bytes) {
      const socket = sockets.get(formatHostPort(local));
      socket?.send(bytes, port, address, counted);
      return socket !== undefined;
    },
  });
  const counted = (error: Error | null) => {
    if (error !== null) relay.counters.sendFailures++;
  };

  async function close(): Promise<void> {
    relay.close();
    const open = [...sockets.values()];
    sockets.clear();
    await Promise.all(open.map((socket) => new Promise<void>((resolve) => socket.close(resolve))));
  }

  try {
    for (const { address, port } of listen) {
      const socket = await bindSocket(address, port);
      const local = { address: toCanonical(address), port: socket.address().port };
      sockets.set(formatHostPort(local), socket);
      addresses.push(local);
      socket.on('message', (bytes, source) =>
        relay.receive(local, { address: source.address, port: source.port }, bytes),
      );
      socket.on('error', (err) =>
        options.log.warn({ err, local: formatHostPort(local) }, 'SIP socket failed'),
      );
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { addresses, relay, close };
}

async function bindSocket(address: string, port: number): Promise<Socket> {
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    ipv6Only: isIPv6(address),
    recvBufferSize: receiveBufferBytes,
  });
  try {
    socket.bind({ address, port });
    await once(socket, 'listening');
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

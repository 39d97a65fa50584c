/** The controller's own UDP socket towards upstreams: one for a named local address, never the wildcard. */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { HostPort } from '#protocol/address.ts';

export type Endpoint = {
  readonly local: HostPort;
  /** False: there is no way, or it is over. */
  send(remote: HostPort, bytes: Uint8Array): boolean;
  /** A connection there, if that is how it is reached, is made anew when nothing came over it for so long. */
  endIfQuiet?(remote: HostPort, ms: number): void;
  close(): void;
};

export type UdpOptions = {
  /** Port 0: any free one. */
  local: HostPort;
  onMessage(remote: HostPort, bytes: Buffer): void;
  onError(error: Error): void;
};

const receiveBufferBytes = 1 << 20;
/** A keep-alive, as CRLF CRLF, is shorter than any message. */
const shortestMessage = 16;

/** Rejects with the system's own error when the address is not ours or the port taken. */
export async function openUdp({ local, onMessage, onError }: UdpOptions): Promise<Endpoint> {
  const socket = await bind(local);
  let isOpen = true;
  socket.on('message', (bytes, { address, port }) => {
    if (bytes.length >= shortestMessage) onMessage({ address, port }, bytes);
  });
  socket.on('error', onError);
  return {
    local: { address: local.address, port: socket.address().port },
    send(remote, bytes) {
      if (isOpen) socket.send(bytes, remote.port, remote.address, (error) => error && onError(error));
      return isOpen;
    },
    close() {
      if (isOpen) socket.close();
      isOpen = false;
    },
  };
}

async function bind({ address, port }: HostPort): Promise<Socket> {
  const type = isIPv6(address) ? 'udp6' : 'udp4';
  const socket = createSocket({ type, ipv6Only: isIPv6(address), recvBufferSize: receiveBufferBytes });
  try {
    socket.bind({ address, port });
    await once(socket, 'listening');
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** The address this machine has on the way there; nothing is sent. */
export async function localAddressTo({ address, port }: HostPort): Promise<string> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  try {
    socket.connect(port, address);
    await once(socket, 'connect');
    return socket.address().address;
  } finally {
    socket.close();
  }
}

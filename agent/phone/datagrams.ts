/** A UDP socket bound to one address; closed again when the address is not to be had. */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { HostPort } from '#protocol/address.ts';

export async function bindSocket({ address, port }: HostPort): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  try {
    socket.bind(port, address);
    await once(socket, 'listening');
    return socket;
  } catch (cause) {
    socket.close();
    throw cause;
  }
}

/**
 * A bound pair of the controller's own UDP ports, RTP on the even one and RTCP
 * on the odd one above (RFC 3550 11): from the pool, or, when there is none,
 * wherever the kernel has such a pair.
 */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { addressOnly } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import type { PortPool } from '#protocol/media/port-pool.ts';

export type Pair = { readonly port: number; readonly rtp: Socket; readonly rtcp: Socket; close(): void };

/** A port that another program has is left and the next tried, this often. */
const maxTries = 32;

/** Rejects with `limit.reached`; with the system's own error for what another port would not mend. */
export async function openPair(address: string, pool?: PortPool): Promise<Pair> {
  for (let tries = 0; tries < maxTries; tries++) {
    const wanted = pool === undefined ? 0 : pool.take();
    if (wanted === undefined) break;
    let rtp: Socket | undefined;
    let rtcp: Socket | undefined;
    try {
      rtp = await bind(address, wanted);
      const port = rtp?.address().port ?? 1;
      rtcp = port % 2 === 0 ? await bind(address, port + 1) : undefined;
    } finally {
      if (rtcp === undefined) {
        rtp?.close();
        pool?.giveBack(wanted);
      }
    }
    if (rtp !== undefined && rtcp !== undefined) return pairOf(rtp, rtcp, () => pool?.giveBack(wanted));
  }
  throw new Fault('limit.reached', 'no RTP port is free');
}

function pairOf(rtp: Socket, rtcp: Socket, onClosed: () => void): Pair {
  const { port } = rtp.address();
  let isClosed = false;
  return {
    port,
    rtp,
    rtcp,
    close() {
      if (isClosed) return;
      isClosed = true;
      rtp.close();
      rtcp.close();
      onClosed();
    },
  };
}

/** Undefined when the port is taken. */
async function bind(address: string, port: number): Promise<Socket | undefined> {
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    ipv6Only: isIPv6(address),
    lookup: addressOnly,
  });
  try {
    const listening = once(socket, 'listening');
    socket.bind({ address, port });
    await listening;
    return socket;
  } catch (error) {
    socket.close();
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

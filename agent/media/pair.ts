/**
 * A bound pair of UDP ports, RTP on the even one and RTCP on the odd one above:
 * from the pool, or, when there is none, wherever the kernel has such a pair.
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

/** Rejects with `limit.reached`. */
export async function openPair(address: string, pool: PortPool | undefined): Promise<Pair> {
  for (let tries = 0; tries < maxTries; tries++) {
    const wanted = pool === undefined ? 0 : pool.take();
    if (wanted === undefined) break;
    let pair: Omit<Pair, 'close'> | undefined;
    try {
      pair = await bindPair(address, wanted);
    } finally {
      if (pair === undefined) pool?.giveBack(wanted);
    }
    if (pair !== undefined) return closingOnce(pair, () => pool?.giveBack(wanted));
  }
  throw new Fault('limit.reached', 'no RTP port is free');
}

async function bindPair(address: string, wanted: number): Promise<Omit<Pair, 'close'> | undefined> {
  const rtp = await bind(address, wanted);
  if (rtp === undefined) return undefined;
  let rtcp: Socket | undefined;
  try {
    const { port } = rtp.address();
    rtcp = port % 2 === 0 ? await bind(address, port + 1) : undefined;
    return rtcp && { port, rtp, rtcp };
  } finally {
    if (rtcp === undefined) rtp.close();
  }
}

/** Undefined when the port is taken; throws for what another port would not mend. */
async function bind(address: string, port: number): Promise<Socket | undefined> {
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    ipv6Only: isIPv6(address),
    lookup: addressOnly,
  });
  try {
    const listening = once(socket, 'listening');
    // Of ours alone: sockets that phones know are handed from one version to the next, these are not.
    socket.bind({ address, port, exclusive: true });
    await listening;
    return socket;
  } catch (error) {
    socket.close();
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

function closingOnce(pair: Omit<Pair, 'close'>, onClosed: () => void): Pair {
  let isClosed = false;
  return {
    ...pair,
    close() {
      if (isClosed) return;
      isClosed = true;
      pair.rtp.close();
      pair.rtcp.close();
      onClosed();
    },
  };
}

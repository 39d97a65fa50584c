/**
 * Ports for programs that must be told one. They are below those that the system
 * gives out by itself, and above those that baresip takes for RTP, so nothing takes
 * them between the look and the use, or while a program starts again; of two
 * lanes that run side by side (test/run.ts) each has its own.
 */

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const [lowest, highest] = [20_000, 32_000];
const atOnce = 4;
const ofLane = process.argv.includes('--lane=peers') ? 0 : atOnce;
const given = new Set<number>();

/** An even port of `address` that is free now by UDP and TCP, as are the three above it. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  for (;;) {
    const block = randomInt(lowest / (2 * atOnce), highest / (2 * atOnce));
    const port = block * 2 * atOnce + ofLane;
    if (given.has(port)) continue;
    given.add(port);
    const all = Array.from({ length: atOnce }, (_, at) => port + at);
    const free = await Promise.all(all.map((each) => isFree(each, address)));
    if (free.every(Boolean)) return port;
  }
}

async function isFree(port: number, host: string): Promise<boolean> {
  const stream = createServer();
  const datagrams = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  try {
    await once(stream.listen(port, host), 'listening');
    await once(datagrams.bind(port, host), 'listening');
    return true;
  } catch {
    return false; // taken, or not of this host
  } finally {
    await new Promise<unknown>((done) => stream.close(done));
    await new Promise<void>((done) => datagrams.close(done));
  }
}

/** Phones by TCP beside an agent's sockets: what they say, what they hear, and how the agent counts it. */

import { connect as connectTcp, type Socket } from 'node:net';
import * as assert from 'uvu/assert';
import { openSipSockets, type SipSocketsOptions } from '#agent/sip/sockets.ts';
import type { HostPort } from '#protocol/address.ts';
import { createFakeTunnel, silent } from '#test/agent/fake-tunnel.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { until } from '#test/support/until.ts';

/** A request as text, by TCP. */
export function toText(method: string, id: string, lines: readonly string[] = ['Content-Length: 0']): string {
  return [
    `${method} sip:127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK${id}`,
    'From: <sip:HD0001@127.0.0.1>;tag=a',
    'To: <sip:HD0001@127.0.0.1>',
    `Call-ID: ${id}`,
    `CSeq: 1 ${method}`,
    ...lines,
    '',
    '',
  ].join('\r\n');
}

export const ok = Buffer.from('SIP/2.0 200 OK\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n');

export type Peer = { socket: Socket; heard(): string; isEnded(): boolean };

export function watch(socket: Socket): Peer {
  let text = '';
  let ended = false;
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    ended = true;
  });
  return { socket, heard: () => text, isEnded: () => ended };
}

export async function openWorld(options: Partial<SipSocketsOptions> = {}) {
  const tunnel = createFakeTunnel();
  const clock = createFakeClock(Date.now());
  const sip = await openSipSockets({
    listen: [{ address: '127.0.0.1', port: 0 }],
    uplink: tunnel,
    clock,
    log: silent,
    ...options,
  });
  const [at] = sip.all as [Record<'udp' | 'tcp' | 'tls', HostPort>];
  const peers: Peer[] = [];
  const { counters } = sip.relay;
  return {
    tunnel,
    clock,
    sip,
    at,
    counters,
    connect(localAddress = '127.0.0.1') {
      const peer = watch(connectTcp({ host: at.tcp.address, port: at.tcp.port, localAddress }));
      peer.socket.setNoDelay(true);
      peers.push(peer);
      return peer;
    },
    came: (count: number) => until(`${count} messages went up`, () => tunnel.sips.length >= count),
    counted: (name: keyof typeof counters, count = 1) =>
      until(`${name} is ${count}`, () => counters[name] >= count),
    async close() {
      for (const { socket } of peers) socket.destroy();
      await sip.close();
      assert.is(clock.pending(), 0, 'no timer is left');
    },
  };
}

/** A UDP socket on loopback that keeps what it receives: all that the agent sees of a phone. */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { HostPort } from '#protocol/address.ts';
import { until } from '#test/support/until.ts';

export type FakePhone = {
  readonly at: HostPort;
  readonly received: Buffer[];
  send(to: HostPort, bytes: string | Uint8Array): void;
  /** The next datagram not yet taken. */
  next(): Promise<string>;
  close(): Promise<void>;
};

export async function openFakePhone(address = '127.0.0.1', port = 0): Promise<FakePhone> {
  const socket: Socket = createSocket('udp4');
  socket.bind({ address, port });
  await once(socket, 'listening');
  const received: Buffer[] = [];
  let taken = 0;
  socket.on('message', (bytes) => received.push(bytes));
  return {
    at: { address, port: socket.address().port },
    received,
    send: (to, bytes) => socket.send(bytes, to.port, to.address),
    async next() {
      const at = taken++;
      return (await until('a datagram', () => received[at])).toString('latin1');
    },
    close: () => new Promise((resolve) => socket.close(resolve)),
  };
}

export type RequestParts = { method?: string; branch?: string; from?: string; rport?: boolean };

/** A request as a phone would send it. */
export function toRequest({
  method = 'REGISTER',
  branch = 'z9hG4bK1',
  rport = true,
}: RequestParts = {}): string {
  return [
    `${method} sip:127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 192.0.2.9:5060;branch=${branch}${rport ? ';rport' : ''}`,
    'Max-Forwards: 70',
    'From: <sip:HD0001@127.0.0.1>;tag=a',
    'To: <sip:HD0001@127.0.0.1>',
    'Call-ID: call-1',
    `CSeq: 1 ${method}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

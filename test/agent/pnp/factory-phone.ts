/** A phone from the factory on loopback: asks the group, acknowledges, and keeps what it was told. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { HostPort } from '#protocol/address.ts';
import type { Shape } from './phones.ts';

export type Asking = Pick<Shape, 'text'>;

export type FactoryPhone = {
  readonly at: HostPort;
  /** Whole messages, in order. */
  readonly heard: readonly string[];
  /** Bodies of the NOTIFYs; one that was sent again counts once. */
  readonly urls: readonly string[];
  ask(callId: string): void;
  close(): Promise<void>;
};

export async function openFactoryPhone(
  { text }: Asking,
  group: HostPort,
  { isDeaf = false }: { isDeaf?: boolean } = {},
): Promise<FactoryPhone> {
  const socket = createSocket('udp4');
  socket.bind({ address: '127.0.0.1', port: 0 });
  await once(socket, 'listening');
  socket.setMulticastInterface('127.0.0.1');
  const at = { address: '127.0.0.1', port: socket.address().port };
  const heard: string[] = [];
  const urls = new Map<string, string>();

  socket.on('message', (bytes, source) => {
    const message = bytes.toString('latin1');
    heard.push(message);
    if (!message.startsWith('NOTIFY ') || isDeaf) return;
    const [head = '', body = ''] = message.split('\r\n\r\n');
    const echoed = head.split('\r\n').filter((line) => /^(?:Via|From|To|Call-ID|CSeq):/.test(line));
    urls.set(echoed.find((line) => line.startsWith('Call-ID')) ?? '', body);
    const answer = ['SIP/2.0 200 OK', ...echoed, 'Content-Length: 0', '', ''].join('\r\n');
    socket.send(answer, source.port, source.address);
  });

  return {
    at,
    heard,
    get urls() {
      return [...urls.values()];
    },
    ask: (callId) => socket.send(text(at, callId), group.port, group.address),
    close: () => new Promise((resolve) => socket.close(resolve)),
  };
}

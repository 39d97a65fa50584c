/** A small web proxy on 127.0.0.1: CONNECT, Basic, and the ways it goes wrong. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export type ConnectProxy = {
  url: URL;
  /** What was asked for, in order. */
  readonly asked: { to: string; authorization: string | undefined }[];
  close(): Promise<void>;
};

export type ConnectProxyOptions = {
  /** `name:password` that it wants; undefined: none. */
  credentials?: string;
  /** Answers everyone with it. */
  status?: number;
  /** Takes the request and says nothing. */
  hangs?: boolean;
  /** Whatever was asked for, leads to this port of 127.0.0.1. */
  leadsTo?: number;
};

export async function openConnectProxy({
  credentials,
  status,
  hangs = false,
  leadsTo,
}: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const asked: ConnectProxy['asked'] = [];
  const open = new Set<Socket>();
  const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
  });
  server.on('connect', ({ url = '', headers }, socket: Socket) => {
    const authorization = headers['proxy-authorization'];
    asked.push({ to: url, authorization });
    if (hangs) return;
    const refusal = status ?? (wanted !== undefined && authorization !== wanted ? 407 : undefined);
    if (refusal !== undefined) return void socket.end(`HTTP/1.1 ${refusal} No\r\ncontent-length: 0\r\n\r\n`);
    const onward = connect(leadsTo ?? Number(url.split(':').at(-1)), '127.0.0.1');
    open.add(onward);
    onward.on('error', () => socket.destroy());
    onward.once('close', () => socket.destroy());
    socket.once('close', () => onward.destroy());
    onward.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://${credentials === undefined ? '' : `${credentials}@`}127.0.0.1:${port}`),
    asked,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

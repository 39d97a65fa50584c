/**
 * The phone's way to its server by TCP or TLS: one connection, dialled when
 * there is something to say, and again after it was lost. What comes over it is
 * cut into messages; between them a ping says that the phone is there
 * (RFC 5626 3.5.1).
 */

import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { SipStream } from '#protocol/sip/stream.ts';

export type ConnectionOptions = {
  transport: 'tcp' | 'tls';
  to: HostPort;
  /** Our own address. */
  from: string;
  /** PEM: whom a TLS phone believes; without it, the usual authorities. */
  trusted?: string | undefined;
  clock: Clock;
  onMessage(bytes: Uint8Array): void;
  /** Could not be had, or has ended: nobody can call until something is sent again. */
  onLost(): void;
  pingMs?: number;
};

export type Connection = {
  readonly transport: 'tcp' | 'tls';
  readonly peer: HostPort;
  send(bytes: Uint8Array): void;
  close(): void;
};

const ping = Buffer.from('\r\n\r\n');

export function createConnection(options: ConnectionOptions): Connection {
  const { transport, to, from, trusted, clock, onMessage, onLost, pingMs = 60_000 } = options;
  let current: Socket | undefined;
  let cancelPing = () => {};
  let isClosed = false;

  function dial(): Socket {
    const way = { host: to.address, port: to.port, localAddress: from };
    const socket =
      transport === 'tcp'
        ? connectTcp(way)
        : connectTls({ ...way, minVersion: 'TLSv1.2', ...(trusted && { ca: trusted }) });
    const stream = new SipStream();
    socket.setNoDelay(true);
    socket.on('error', () => {}); // `close` follows
    socket.on('close', () => lost(socket));
    socket.on('data', (chunk: Buffer) => {
      for (const event of stream.take(chunk, clock.now())) {
        if (event.type === 'message') onMessage(event.bytes);
        else if (event.type === 'broken') socket.destroy();
      }
    });
    current = socket;
    keepAlive(socket);
    return socket;
  }

  function keepAlive(socket: Socket): void {
    cancelPing();
    cancelPing = clock.after(pingMs, () => {
      socket.write(ping);
      keepAlive(socket);
    });
  }

  function lost(socket: Socket): void {
    if (socket !== current) return;
    current = undefined;
    cancelPing();
    if (!isClosed) onLost();
  }

  return {
    transport,
    peer: to,
    send(bytes) {
      if (!isClosed) (current ?? dial()).write(bytes);
    },
    close() {
      isClosed = true;
      cancelPing();
      current?.destroySoon();
    },
  };
}

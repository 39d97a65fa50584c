/**
 * One TCP or TLS connection to or from an upstream: its bytes become messages,
 * and its messages bytes (RFC 3261 18.3). It is given up when it breaks the
 * frame, leaves a message half sent, or does not read what it is sent; and when
 * it is told to answer and nothing comes, for whatever lies between forgets a
 * connection without a word, and TCP itself would try for a quarter of an hour.
 */

import type { Socket } from 'node:net';
import type { Clock } from '#protocol/clock.ts';
import { refuse } from '#protocol/sip/refusal.ts';
import { SipStream } from '#protocol/sip/stream.ts';

export type ConnectionOptions = {
  socket: Socket;
  clock: Clock;
  onMessage(bytes: Buffer): void;
  /** Once, whoever ended it and why. */
  onEnd(error: Error | undefined): void;
  maxUnreadBytes?: number;
};

export type Connection = {
  send(bytes: Uint8Array): boolean;
  /** Gives it up when nothing came over it for so long. */
  endIfQuiet(ms: number): void;
  close(): void;
};

const pong = Buffer.from('\r\n');
const keepAliveMs = 30_000;

export function createConnection(options: ConnectionOptions): Connection {
  const { socket, clock, onMessage, maxUnreadBytes = 1 << 20 } = options;
  const stream = new SipStream();
  let isOver = false;
  let heardAt = clock.now();
  let failure: Error | undefined;
  let cancelDeadline = () => {};

  function watchDeadline(): void {
    cancelDeadline();
    if (stream.deadline === undefined) return;
    cancelDeadline = clock.after(stream.deadline - clock.now(), () => {
      socket.destroy(new Error('a message was left half sent'));
    });
  }

  function send(bytes: Uint8Array): boolean {
    if (isOver) return false;
    socket.write(bytes);
    if (socket.writableLength > maxUnreadBytes) socket.destroy(new Error('does not read what it is sent'));
    return !isOver;
  }

  socket.setKeepAlive(true, keepAliveMs);
  socket.setNoDelay(true);
  socket.on('data', (chunk: Buffer) => {
    heardAt = clock.now();
    for (const event of stream.take(chunk, clock.now())) {
      if (event.type === 'message') onMessage(event.bytes);
      else if (event.type === 'ping') send(pong);
      else {
        const refusal = refuse(event.head, event.error);
        if (refusal !== undefined) send(refusal);
        socket.destroy(event.error);
      }
    }
    watchDeadline();
  });
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('close', () => {
    if (isOver) return;
    isOver = true;
    cancelDeadline();
    options.onEnd(failure);
  });

  return {
    send,
    endIfQuiet(ms) {
      if (clock.now() - heardAt >= ms) socket.destroy(new Error('does not answer'));
    },
    close() {
      isOver = true;
      cancelDeadline();
      socket.destroy();
    },
  };
}

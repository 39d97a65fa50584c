/** Puts a WebSocket, of whichever package, under a link. */

import type { Clock } from '#protocol/clock.ts';
import { maxMessageBytes } from './frame.ts';
import type { Link } from './link.ts';

/** The part of a WebSocket that a link needs; `ws` has it. */
export type MessageSocket = {
  /** Bytes that the other end has not taken yet. */
  readonly bufferedAmount: number;
  send(message: Uint8Array): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'message', listener: (message: Buffer, isBinary: boolean) => void): unknown;
  on(event: 'close', listener: (code: number, reason: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
};

/** What every WebSocket of a tunnel is opened with. */
export const socketOptions = {
  perMessageDeflate: false,
  maxPayload: maxMessageBytes,
  // Our own pings are frames; those of RFC 6455 would only be a way to make us write.
  autoPong: false,
} as const;

/**
 * Four times what the link itself keeps: who asks, with pings and requests, and does not read the
 * answers would else be given all our memory.
 */
const maxUnreadBytes = 16 * 1024 * 1024;

/** How long the other end has to close in turn. */
const closeMs = 1_000;

export function attachSocket(link: Link, socket: MessageSocket, clock: Clock): void {
  let cancelClose = () => {};
  let isUnread = false;
  const events = link.connect({
    send(message) {
      isUnread ||= socket.bufferedAmount > maxUnreadBytes;
      if (isUnread) socket.terminate();
      else socket.send(message);
    },
    close(code, reason) {
      cancelClose = clock.after(closeMs, () => socket.terminate());
      socket.close(code, reason.slice(0, 100));
    },
  });
  socket.on('message', (message, isBinary) => {
    if (isBinary) events.message(message);
    else socket.close(1003, 'binary messages only');
  });
  // ws tells an error and then the close: one of them is enough.
  socket.on('error', () => {});
  socket.on('close', (code, reason) => {
    cancelClose();
    events.closed(isUnread ? 'it does not read' : reason.toString() || `closed with ${code}`);
  });
}

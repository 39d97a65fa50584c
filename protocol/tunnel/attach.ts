/** Puts a WebSocket, of whichever package, under a link. */

import { maxMessageBytes } from './frame.ts';
import type { Link } from './link.ts';

/** The part of a WebSocket that a link needs; `ws` has it. */
export type MessageSocket = {
  send(message: Uint8Array): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'message', listener: (message: Buffer, isBinary: boolean) => void): unknown;
  on(event: 'close', listener: (code: number, reason: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
};

/** What every WebSocket of a tunnel is opened with. */
export const socketOptions = { perMessageDeflate: false, maxPayload: maxMessageBytes } as const;

export function attachSocket(link: Link, socket: MessageSocket): void {
  const events = link.connect({
    send: (message) => socket.send(message),
    close(code, reason) {
      socket.close(code, reason.slice(0, 100));
      // Where the other end does not close in turn, ws would wait for it for 30 s: it has had its time.
      if (code === 1001 && reason === 'nothing heard') socket.terminate();
    },
  });
  socket.on('message', (message, isBinary) => {
    if (isBinary) events.message(message);
    else socket.close(1003, 'binary messages only');
  });
  // ws tells an error and then the close: one of them is enough.
  socket.on('error', () => {});
  socket.on('close', (code, reason) => events.closed(reason.toString() || `closed with ${code}`));
}

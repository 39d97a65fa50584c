/**
 * One connection of a phone, TCP or TLS: its bytes become messages, and its
 * messages bytes. It gives up a peer that
 *
 *     says nothing in `muteMs`              (no message: pings alone do not count)
 *     leaves a message half sent            (protocol/sip/stream.ts says when)
 *     breaks the frame                      400 where there is somebody to answer, then the end
 *     does not read what it is sent         over `maxUnreadBytes`, or nothing of it in `unreadMs`
 */

import type { Socket } from 'node:net';
import type { Clock } from '#protocol/clock.ts';
import { refuse } from '#protocol/sip/refusal.ts';
import { SipStream, type StreamEvent } from '#protocol/sip/stream.ts';
import type { SipCounters } from './relay.ts';

export type ConnectionLimits = {
  muteMs?: number | undefined;
  maxUnreadBytes?: number | undefined;
  unreadMs?: number | undefined;
};

export type ConnectionOptions = ConnectionLimits & {
  /** Where messages are read and written; for TLS, what is inside of it. */
  socket: Socket;
  clock: Clock;
  counters: SipCounters;
  onMessage(bytes: Buffer): void;
  /** The peer pinged, and was answered. */
  onPing(): void;
  /** Once, whoever ended it. */
  onEnd(): void;
};

export type Connection = {
  /** False: it is over. */
  send(bytes: Uint8Array): boolean;
  /** What was written is still sent. */
  close(): void;
};

const pong = Buffer.from('\r\n');
const keepAliveMs = 60_000;
/** How long a peer has to take our last words. */
const lastWordsMs = 2_000;

export function createConnection(options: ConnectionOptions): Connection {
  const { socket, clock, counters } = options;
  const { muteMs = 30_000, maxUnreadBytes = 256 * 1_024, unreadMs = 30_000 } = options;
  const stream = new SipStream();
  let isOver = false;
  let cancelDeadline = () => {};
  let cancelUnread = () => {};
  const cancelMute = clock.after(muteMs, () => giveUp('muteConnections'));

  function end(): void {
    if (isOver) return;
    isOver = true;
    cancelDeadline();
    cancelUnread();
    cancelMute();
    options.onEnd();
  }

  function giveUp(why: 'muteConnections' | 'streamsLate' | 'slowReaders'): void {
    counters[why]++;
    end();
    socket.destroy();
  }

  /** Half closed first, so that the peer can read why. */
  function close(): void {
    end();
    const cancel = clock.after(lastWordsMs, () => socket.destroy());
    socket.once('close', cancel);
    socket.end();
  }

  function send(bytes: Uint8Array): boolean {
    if (isOver || socket.destroyed) return false;
    if (socket.write(bytes)) return true;
    if (socket.writableLength > maxUnreadBytes) {
      giveUp('slowReaders');
      return false;
    }
    cancelUnread();
    cancelUnread = clock.after(unreadMs, () => giveUp('slowReaders'));
    return true;
  }

  function watchDeadline(): void {
    const { deadline } = stream;
    cancelDeadline();
    cancelDeadline =
      deadline === undefined || isOver
        ? () => {}
        : clock.after(Math.max(0, deadline - clock.now()), () => giveUp('streamsLate'));
  }

  function obey(event: StreamEvent): void {
    switch (event.type) {
      case 'ping':
        options.onPing();
        send(pong);
        break;
      case 'message':
        cancelMute();
        options.onMessage(event.bytes);
        break;
      case 'broken': {
        counters.streamsBroken++;
        const refusal = refuse(event.head, event.error);
        if (refusal !== undefined) send(refusal);
        close();
      }
    }
  }

  function take(chunk: Buffer): void {
    const before = stream.deadline;
    for (const event of stream.take(chunk, clock.now())) {
      // What stands behind a message that ended the connection is not looked at.
      if (!isOver) obey(event);
    }
    if (stream.deadline !== before) watchDeadline();
  }

  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveMs);
  socket.on('data', (chunk: Buffer) => {
    if (!isOver) take(chunk);
  });
  socket.on('drain', () => cancelUnread());
  socket.on('error', end); // reset by the peer; `close` follows
  socket.on('end', end);
  socket.on('close', end);

  return { send, close };
}

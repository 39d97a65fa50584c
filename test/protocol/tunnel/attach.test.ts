/** A link over a socket whose other end does not read. */

import { EventEmitter } from 'node:events';
import * as assert from 'uvu/assert';
import { attachSocket } from '#protocol/tunnel/attach.ts';
import { encodeFrames, encodeHello, noEpoch } from '#protocol/tunnel/frame.ts';
import { Link } from '#protocol/tunnel/link.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

describe('a socket under a link', (test) => {
  // biome-ignore format: a table
  const rows: { unread: number; sends: boolean }[] = [
    { unread: 0,                sends: true },
    { unread: 4 * 1024 * 1024,  sends: true },
    { unread: 17 * 1024 * 1024, sends: false },
  ];
  for (const { unread, sends } of rows) {
    test(`with ${unread} bytes unread is ${sends ? 'written to' : 'ended'}`, () => {
      const clock = createFakeClock();
      const soon: (() => void)[] = [];
      const said: string[] = [];
      const ignore = () => {};
      const link = new Link({
        ...{ kind: 'signal', clock, onFrame: ignore, onFailed: ignore, onUp: ignore },
        onDown: (reason) => said.push(reason),
        soon: (run) => soon.push(run),
      });
      const socket = Object.assign(new EventEmitter(), {
        bufferedAmount: 0,
        send: () => void said.push('sent'),
        close: () => void said.push('closed'),
        terminate: () => socket.emit('close', 1006, Buffer.alloc(0)),
      });
      attachSocket(link, socket, clock);
      const hello = encodeHello({ version: 1, epoch: '0011223344556677', seen: noEpoch, received: 0 });
      socket.emit('message', Buffer.from(encodeFrames([hello])), true);
      socket.bufferedAmount = unread;
      // A ping is answered at once, whoever reads the answer.
      socket.emit(
        'message',
        Buffer.from(encodeFrames([{ type: 'ping', channel: 0, number: 1, body: new Uint8Array() }])),
        true,
      );
      for (const run of soon.splice(0)) run();
      assert.equal(said, ['sent', sends ? 'sent' : 'it does not read']);
      link.close();
    });
  }
});

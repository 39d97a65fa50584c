/**
 * How many 200-byte SIP frames two links carry over one WebSocket on loopback,
 * both ends in this process: gathered a turn, and one frame a message. Asserts
 * nothing.
 *
 *     npx tsx test/bench/tunnel.ts
 */

import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { systemClock } from '#protocol/clock.ts';
import { attachSocket, socketOptions } from '#protocol/tunnel/attach.ts';
import { Link } from '#protocol/tunnel/link.ts';

const measuredMs = 2_000;
const frame = Buffer.alloc(200, 'x');

// biome-ignore format: a table
const ways: { name: string; soon: (run: () => void) => void; perTurn: number }[] = [
  { name: 'one frame a message, 32 a turn', soon: (run) => run(),  perTurn: 32 },
  { name: 'gathered, 1 a turn',             soon: setImmediate,    perTurn: 1 },
  { name: 'gathered, 32 a turn',            soon: setImmediate,    perTurn: 32 },
  { name: 'gathered, 300 a turn',           soon: setImmediate,    perTurn: 300 },
];

for (const way of ways)
  process.stdout.write(`${way.name.padEnd(32)} ${await measure(way)} frames a second\n`);

async function measure({ soon, perTurn }: (typeof ways)[number]): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...socketOptions });
  await new Promise((resolve) => {
    server.once('listening', resolve);
  });
  let received = 0;
  const end = { kind: 'signal', clock: systemClock, onDown() {} } as const;
  const far = new Link({ ...end, soon: setImmediate, onUp() {}, onFrame: () => received++, onFailed() {} });
  const near = new Link({ ...end, soon, onUp() {}, onFrame() {}, onFailed() {} });
  server.on('connection', (socket) => attachSocket(far, socket, systemClock));
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, socketOptions);
  await new Promise<void>((resolve) => {
    socket.once('open', () => {
      attachSocket(near, socket, systemClock); // at once, or the other end's hello is missed
      resolve();
    });
  });

  const since = performance.now();
  while (performance.now() - since < measuredMs) {
    // Full: what is not acknowledged yet is bounded, so nobody runs ahead of the other end.
    for (let i = 0; i < perTurn && near.sendKept('sip', 1, frame); i++);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const rate = Math.round(received / ((performance.now() - since) / 1_000));
  near.close();
  far.close();
  server.close();
  for (const client of server.clients) client.terminate();
  return rate;
}

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import * as assert from 'uvu/assert';
import { createConnection } from '#agent/phone/connection.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

const message = 'SIP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok';

async function openWorld() {
  const heard: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => heard.push(chunk.toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const clock = createFakeClock();
  const got: string[] = [];
  const told = { lost: 0 };
  const connection = createConnection({
    transport: 'tcp',
    to: { address: '127.0.0.1', port },
    from: '127.0.0.1',
    clock,
    onMessage: (bytes) => got.push(Buffer.from(bytes).toString()),
    onLost: () => told.lost++,
  });
  return {
    clock,
    got,
    told,
    connection,
    sockets,
    heard: () => heard.join(''),
    stopListening: () => new Promise((resolve) => server.close(resolve)),
    async close() {
      connection.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      assert.is(clock.pending(), 0);
    },
  };
}

describe('connection of a phone', (test) => {
  test('is dialled when there is something to say, and carries both ways', async () => {
    const { connection, sockets, heard, got, close } = await openWorld();
    assert.is(sockets.length, 0);
    connection.send(Buffer.from('one '));
    connection.send(Buffer.from('two'));
    await until('both', () => heard() === 'one two');
    assert.is(sockets.length, 1);
    for (const part of [message.slice(0, 20), `${message.slice(20)}\r\n${message}`]) sockets[0]?.write(part);
    await until('two messages', () => got.length === 2);
    assert.equal(got, [message, message]);
    await close();
  });

  test('pings while it is there', async () => {
    const { connection, heard, clock, close } = await openWorld();
    connection.send(Buffer.from('x'));
    await until('x', () => heard() === 'x');
    clock.advance(60_000);
    await until('a ping', () => heard() === 'x\r\n\r\n');
    clock.advance(60_000);
    await until('another', () => heard() === 'x\r\n\r\n\r\n\r\n');
    await close();
  });

  test('lost, says so, and is dialled again by the next that is sent', async () => {
    const { connection, sockets, heard, told, close } = await openWorld();
    connection.send(Buffer.from('one '));
    await until('one', () => heard() === 'one ');
    sockets[0]?.destroy();
    await until('its loss', () => told.lost === 1);
    connection.send(Buffer.from('two'));
    await until('two', () => heard() === 'one two');
    assert.is(sockets.length, 2);
    await close();
    assert.is(told.lost, 1, 'an end of our own is no loss');
  });

  test('a server that is not there is a loss', async () => {
    const { connection, told, stopListening, close } = await openWorld();
    await stopListening();
    connection.send(Buffer.from('x'));
    await until('its loss', () => told.lost === 1);
    await close();
  });

  test('a server that breaks the frame is left', async () => {
    const { connection, sockets, heard, told, got, close } = await openWorld();
    connection.send(Buffer.from('x'));
    await until('x', () => heard() === 'x');
    sockets[0]?.write(`SIP/2.0 200 OK\r\n\r\n${message}`);
    await until('its loss', () => told.lost === 1);
    assert.equal(got, []);
    await close();
  });
});

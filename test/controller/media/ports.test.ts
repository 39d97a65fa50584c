/** The controller's own RTP ports: only whom the SDP names, both ways, RTP and RTCP. */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { pino } from 'pino';
import * as assert from 'uvu/assert';
import { createLocalPorts } from '#controller/media/ports.ts';
import { systemClock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

const log = pino({ level: 'silent' });
const address = '127.0.0.1';

const rtp = (mark: number) => Buffer.concat([Buffer.of(0x80, 0), Buffer.alloc(20, mark)]);

const rtcp = (mark: number) => Buffer.concat([Buffer.of(0x80, 201), Buffer.alloc(20, mark)]);

async function peer(): Promise<{ socket: Socket; port: number; heard: number[] }> {
  const socket = createSocket('udp4').bind(0, address);
  await once(socket, 'listening');
  const heard: number[] = [];
  socket.on('message', (packet) => heard.push(packet[2] ?? 0));
  return { socket, port: socket.address().port, heard };
}

describe('controller/media: local ports', (test) => {
  test('an even port and the odd one above; nothing passes before the far side is known', async () => {
    const ports = createLocalPorts({ clock: systemClock, log });
    const far = await peer();
    const stream = await ports.open(address);
    const heard: number[] = [];
    stream.onPacket = (packet) => heard.push(packet[2] ?? 0);
    assert.is(stream.local.port % 2, 0);

    far.socket.send(rtp(1), stream.local.port, address);
    await until('the early packet is counted', () => ports.counters.foreign === 1);
    stream.send(rtp(2));
    assert.is(ports.counters.sent, 0);

    stream.retarget({ address, port: far.port });
    far.socket.send(rtp(3), stream.local.port, address);
    stream.send(rtp(4));
    await until('both ways', () => heard.length === 1 && far.heard.length === 1);
    assert.equal([heard, far.heard], [[3], [4]]);
    ports.close();
    far.socket.close();
    assert.is(ports.size, 0);
  });

  test('a third port is a stranger once one is known', async () => {
    const ports = createLocalPorts({ clock: systemClock, log });
    const [far, stranger] = [await peer(), await peer()];
    const stream = await ports.open(address, { address, port: far.port });
    const heard: number[] = [];
    stream.onPacket = (packet) => heard.push(packet[2] ?? 0);
    far.socket.send(rtp(1), stream.local.port, address);
    await until('the first', () => heard.length === 1);
    stranger.socket.send(rtp(2), stream.local.port, address);
    await until('the stranger is counted', () => ports.counters.foreign === 1);
    assert.equal(heard, [1]);
    ports.close();
    far.socket.close();
    stranger.socket.close();
  });

  test('RTCP goes to the port above, and comes from the signalled address', async () => {
    const ports = createLocalPorts({ clock: systemClock, log });
    const far = await peer();
    const stream = await ports.open(address, { address, port: far.port - 1 });
    const heard: number[] = [];
    stream.onRtcp = (packet) => heard.push(packet[2] ?? 0);
    stream.send(rtcp(7));
    await until('sent', () => far.heard.length === 1);
    far.socket.send(rtcp(8), stream.local.port + 1, address);
    await until('received', () => heard.length === 1);
    assert.equal([far.heard, heard], [[7], [8]]);
    stream.close();
    stream.close();
    assert.is(ports.size, 0);
    far.socket.close();
  });

  test('too many streams, and an address that is not ours', async () => {
    const ports = createLocalPorts({ clock: systemClock, log, maxStreams: 1 });
    const code = async (local: string) => {
      try {
        await ports.open(local);
        return 'opened';
      } catch (error) {
        return Fault.is(error) ? error.code : String(error);
      }
    };
    assert.is(await code('192.0.2.77'), 'unavailable');
    assert.is(await code(address), 'opened');
    assert.is(await code(address), 'limit.reached');
    ports.close();
  });
});

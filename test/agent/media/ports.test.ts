import * as assert from 'uvu/assert';
import { type MediaPortsOptions, openMediaPorts } from '#agent/media/ports.ts';
import type { HostPort } from '#protocol/address.ts';
import type { PortRange } from '#protocol/media/port-pool.ts';
import type { ControlMessage } from '#protocol/tunnel/control.ts';
import { openFakePhone } from '#test/agent/fake-phone.ts';
import { createFakeTunnel, silent } from '#test/agent/fake-tunnel.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { freePort } from '#test/support/ports.ts';
import { until } from '#test/support/until.ts';

const local = '127.0.0.1';

function rtp(mark: number): Buffer {
  const packet = Buffer.alloc(172, mark);
  packet.set([0x80, 0]);
  return packet;
}

/** A sender report of nobody about nothing. */
const senderReport = Buffer.from([0x80, 200, 0, 1, 0, 0, 0, 0]);

async function openWorld(options: Partial<MediaPortsOptions> = {}) {
  const tunnel = createFakeTunnel();
  const clock = createFakeClock();
  const media = openMediaPorts({
    addresses: [local],
    range: undefined,
    isPhone: () => true,
    uplink: tunnel,
    clock,
    log: silent,
    ...options,
  });
  const phone = await openFakePhone();
  return {
    tunnel,
    clock,
    media,
    phone,
    /** The agent's answer to `media.open`. */
    async open(stream: number, remote: HostPort = phone.at) {
      const before = tunnel.controls.length;
      media.control({ type: 'media.open', stream, local, remote });
      return until('an answer', () => tunnel.controls[before]);
    },
    close: () => Promise.all([media.close(), phone.close()]),
  };
}

/** Two pairs that nobody has. */
async function freeRange(): Promise<PortRange> {
  const first = await freePort();
  return { first, last: first + 3 };
}

function portOf(message: ControlMessage): HostPort {
  assert.is(message.type, 'media.opened');
  return message.type === 'media.opened' ? message.local : { address: '', port: 0 };
}

describe('RTP ports', (test) => {
  test('a stream carries both ways, from an even port', async () => {
    const { open, phone, tunnel, media, close } = await openWorld();
    const port = portOf(await open(7));
    assert.is(port.port % 2, 0);
    phone.send(port, rtp(1));
    const [up] = await until('a packet up', () => (tunnel.rtps.length > 0 ? tunnel.rtps : undefined));
    assert.is(up?.stream, 7);
    assert.equal(Buffer.from(up?.packet ?? []), rtp(1));
    media.send(7, rtp(2));
    assert.is(await phone.next(), rtp(2).toString('latin1'));
    assert.is(media.counters.toPhone, 1);
    await close();
  });

  test('another source is not heard and hears nothing', async () => {
    const { open, phone, tunnel, media, close } = await openWorld();
    const stranger = await openFakePhone('127.0.0.2');
    const port = portOf(await open(7));
    stranger.send(port, rtp(9));
    await until('the stranger counted', () => media.counters.foreign === 1);
    phone.send(port, rtp(1));
    await until('the phone heard', () => tunnel.rtps.length === 1);
    media.send(7, rtp(2));
    await phone.next();
    assert.is(stranger.received.length, 0);
    await stranger.close();
    await close();
  });

  test('RTCP comes and goes by the port above', async () => {
    const { media, phone, tunnel, open, close } = await openWorld();
    const control = await openFakePhone();
    const { address, port } = await open(7).then(portOf);
    media.control({ type: 'media.remote', stream: 7, remote: phone.at, rtcpPort: control.at.port });
    control.send({ address, port: port + 1 }, senderReport);
    await until('RTCP up', () => tunnel.rtps.length === 1);
    assert.equal(Buffer.from(tunnel.rtps[0]?.packet ?? []), senderReport);
    media.send(7, senderReport);
    assert.is(await control.next(), senderReport.toString('latin1'));
    control.send({ address, port: port + 1 }, rtp(1));
    await until('RTP there counted', () => media.counters.notRtp === 1);
    await control.close();
    await close();
  });

  test('RTCP that shares the port of RTP is answered there', async () => {
    const { media, phone, tunnel, open, close } = await openWorld();
    const at = portOf(await open(7));
    media.control({ type: 'media.remote', stream: 7, remote: phone.at, rtcpPort: phone.at.port });
    phone.send(at, senderReport);
    await until('RTCP up', () => tunnel.rtps.length === 1);
    media.send(7, senderReport);
    assert.is(await phone.next(), senderReport.toString('latin1'));
    await close();
  });

  test('a phone that has not said its port is heard, and told nothing before', async () => {
    const { media, phone, tunnel, open, close } = await openWorld();
    const at = portOf(await open(7, { ...phone.at, port: 0 }));
    media.send(7, rtp(1));
    assert.is(media.counters.noTarget, 1);
    phone.send(at, rtp(2));
    await until('heard', () => tunnel.rtps.length === 1);
    media.send(7, rtp(3));
    assert.is(await phone.next(), rtp(3).toString('latin1'));
    await close();
  });

  test('joined streams carry from phone to phone, and the controller hears a report', async () => {
    const { media, clock, phone, tunnel, open, close } = await openWorld();
    const other = await openFakePhone();
    const [one, two] = [portOf(await open(1)), portOf(await open(2, other.at))];
    media.control({ type: 'media.remote', stream: 1, remote: phone.at, join: 2 });
    media.control({ type: 'media.remote', stream: 2, remote: other.at, join: 1 });
    phone.send(one, rtp(1));
    assert.is(await other.next(), rtp(1).toString('latin1'));
    other.send(two, rtp(2));
    assert.is(await phone.next(), rtp(2).toString('latin1'));
    assert.equal(tunnel.rtps, []);
    clock.advance(5_000);
    assert.equal(
      tunnel.controls.filter(({ type }) => type === 'media.report'),
      [
        { type: 'media.report', stream: 1, packets: 1, lost: 0, jitterMs: 0 },
        { type: 'media.report', stream: 2, packets: 1, lost: 0, jitterMs: 0 },
      ],
    );
    await other.close();
    await close();
  });

  test('closed, its packets are for nobody, and its port rests', async () => {
    const world = await openWorld({ range: await freeRange(), random: () => 0 });
    const { open, media, tunnel, clock, close } = world;
    const first = portOf(await open(1)).port;
    media.control({ type: 'media.close', stream: 1 });
    media.send(1, rtp(1));
    assert.is(media.counters.unknownStreams, 1);
    const second = portOf(await open(2)).port;
    assert.is.not(second, first);
    assert.is((await open(3)).type, 'media.failed');
    clock.advance(5_000);
    assert.is(portOf(await open(4)).port, first);
    assert.is(tunnel.controls.length, 4);
    await close();
  });

  test('closed while it is being bound, nothing stays open', async () => {
    const { media, phone, tunnel, close } = await openWorld();
    media.control({ type: 'media.open', stream: 1, local, remote: phone.at });
    media.control({ type: 'media.close', stream: 1 });
    await close();
    assert.equal(tunnel.controls, []);
    assert.is(media.size, 0);
  });

  test('a new remote is heard, the old one no longer', async () => {
    const { open, phone, tunnel, media, close } = await openWorld();
    const moved = await openFakePhone();
    const port = portOf(await open(1));
    phone.send(port, rtp(1));
    await until('the first', () => tunnel.rtps.length === 1);
    media.control({ type: 'media.remote', stream: 1, remote: moved.at });
    moved.send(port, rtp(2));
    await until('the second', () => tunnel.rtps.length === 2);
    phone.send(port, rtp(3));
    await until('the old one counted', () => media.counters.foreign === 1);
    await moved.close();
    await close();
  });

  // biome-ignore format: a table
  const refused: [what: string, remote: HostPort][] = [
    ['loopback’s neighbour',    { address: '192.0.2.9', port: 11_780 }],
    ['no host',                 { address: '0.0.0.0', port: 11_780 }],
    ['IPv6 loopback',           { address: '::1', port: 11_780 }],
    ['no host, IPv6',           { address: '::', port: 11_780 }],
    ['cloud metadata',          { address: '169.254.169.254', port: 11_780 }],
    ['multicast',               { address: '224.0.1.75', port: 11_780 }],
    ['broadcast',               { address: '255.255.255.255', port: 11_780 }],
    ['a privileged port',       { address: '127.0.0.1', port: 22 }],
  ];
  for (const [what, remote] of refused) {
    test(`a stream to ${what} is refused`, async () => {
      const { open, media, close } = await openWorld();
      assert.is((await open(1, remote)).type, 'media.failed');
      assert.is(media.size, 0);
      await close();
    });
    test(`a stream that moves to ${what} ends`, async () => {
      const { open, media, tunnel, close } = await openWorld();
      await open(1);
      media.control({ type: 'media.remote', stream: 1, remote });
      assert.is(tunnel.controls[1]?.type, 'media.failed');
      assert.is(media.size, 0);
      await close();
    });
  }

  test('a stream that moves to port 0 ends', async () => {
    const { open, media, tunnel, close } = await openWorld();
    await open(1);
    media.control({ type: 'media.remote', stream: 1, remote: { address: local, port: 0 } });
    assert.is(tunnel.controls[1]?.type, 'media.failed');
    await close();
  });

  test('a stream to where no phone is, is refused', async () => {
    const { open, close } = await openWorld({ isPhone: (address) => address === '192.0.2.9' });
    const answer = await open(1);
    assert.equal(answer, { type: 'media.failed', stream: 1, reason: 'no phone is at this address' });
    await close();
  });

  test('a stream to a port of our own is refused', async () => {
    const { open, close } = await openWorld();
    const port = portOf(await open(1));
    assert.is((await open(2, port)).type, 'media.failed');
    await close();
  });

  test('a stream at an address that is not ours is refused', async () => {
    const { media, phone, tunnel, close } = await openWorld();
    media.control({ type: 'media.open', stream: 1, local: '127.0.0.9', remote: phone.at });
    assert.is(tunnel.controls[0]?.type, 'media.failed');
    await close();
  });

  test('streams are bounded, and a number names one', async () => {
    const { open, close } = await openWorld({ maxStreams: 1 });
    await open(1);
    assert.is((await open(1)).type, 'media.failed');
    assert.is((await open(2)).type, 'media.failed');
    await close();
  });

  test('a stream without packets is given up', async () => {
    const { open, clock, tunnel, media, close } = await openWorld({ idleMs: 60_000 });
    await open(1);
    clock.advance(60_000);
    assert.is(media.size, 0);
    assert.is(tunnel.controls.at(-1)?.type, 'media.failed');
    await close();
  });
});

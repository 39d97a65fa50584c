import * as assert from 'uvu/assert';
import { openSipSockets, type SipSocketsOptions } from '#agent/sip/sockets.ts';
import type { HostPort } from '#protocol/address.ts';
import { openFakePhone, toRequest } from '#test/agent/fake-phone.ts';
import { createFakeTunnel, silent } from '#test/agent/fake-tunnel.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

const loopback = { address: '127.0.0.1', port: 0 };

async function openWorld(options: Partial<SipSocketsOptions> = {}) {
  const tunnel = createFakeTunnel();
  const clock = createFakeClock();
  const sip = await openSipSockets({
    listen: [loopback],
    uplink: tunnel,
    clock,
    log: silent,
    random: () => 0.5,
    ...options,
  });
  const [agent] = sip.addresses as [HostPort];
  const phone = await openFakePhone();
  const received = (count: number) => until(`${count} datagrams`, () => sip.relay.counters.received >= count);
  return {
    tunnel,
    clock,
    sip,
    agent,
    phone,
    received,
    close: () => Promise.all([sip.close(), phone.close()]),
  };
}

describe('SIP sockets', (test) => {
  test('a first message opens a flow and goes up it, the next goes up the same', async () => {
    const { tunnel, phone, agent, received, close } = await openWorld();
    phone.send(agent, toRequest());
    phone.send(agent, toRequest({ branch: 'z9hG4bK2' }));
    await received(2);
    assert.equal(tunnel.controls, [
      { type: 'flow.open', flow: 1, transport: 'udp', local: agent, remote: phone.at },
    ]);
    assert.equal(
      tunnel.sips.map(({ flow }) => flow),
      [1, 1],
    );
    assert.is(tunnel.sips[0]?.text, toRequest());
    await close();
  });

  test('what comes down a flow goes to its remote, from the socket it came to', async () => {
    const { sip, phone, agent, received, close } = await openWorld();
    phone.send(agent, toRequest());
    await received(1);
    sip.relay.send(1, Buffer.from('SIP/2.0 200 OK\r\n\r\n'));
    assert.is(await phone.next(), 'SIP/2.0 200 OK\r\n\r\n');
    sip.relay.send(99, Buffer.from('nobody'));
    assert.is(sip.relay.counters.unknownFlows, 1);
    await close();
  });

  test('a phone asks two addresses: two flows, answered from each', async () => {
    const world = await openWorld({ listen: [loopback, { address: '127.0.0.2', port: 0 }] });
    const { sip, phone, received, tunnel } = world;
    for (const [at, address] of sip.addresses.entries()) {
      phone.send(address, toRequest());
      await received(at + 1);
    }
    const locals = tunnel.controls.map((each) => each.type === 'flow.open' && each.local);
    assert.equal(locals, sip.addresses);
    await world.close();
  });

  for (const [what, bytes] of [
    ['bytes that are no SIP', 'GET / HTTP/1.1\r\n\r\n'],
    ['noise', Buffer.from(Array.from({ length: 200 }, (_, at) => (at * 37) % 256))],
    ['a message longer than any', toRequest() + 'x'.repeat(60_001)],
  ] as const) {
    test(`${what}: counted, not answered, no flow`, async () => {
      const { sip, phone, agent, received, tunnel, close } = await openWorld();
      phone.send(agent, bytes);
      await received(1);
      assert.is(sip.relay.counters.junk, 1);
      assert.equal(tunnel.controls, []);
      assert.is(sip.relay.counters.sent, 0);
      await close();
    });
  }

  test('a keep-alive opens nothing, but keeps a flow', async () => {
    const { sip, phone, agent, received, clock, tunnel, close } = await openWorld({ idleMs: 100_000 });
    phone.send(agent, '\r\n\r\n');
    await received(1);
    assert.equal(tunnel.controls, []);
    phone.send(agent, toRequest());
    await received(2);
    clock.advance(70_000);
    phone.send(agent, '\r\n\r\n');
    await received(3);
    clock.advance(70_000);
    assert.is(sip.relay.flows().length, 1);
    clock.advance(120_000);
    assert.is(sip.relay.flows().length, 0);
    assert.equal(tunnel.controls.at(-1), { type: 'flow.close', flow: 1 });
    await close();
  });

  test('new flows of one source are bounded in time', async () => {
    const { sip, phone, agent, received, clock, close } = await openWorld({
      newFlowsBurst: 1,
      newFlowsPerSecond: 1,
    });
    const other = await openFakePhone();
    phone.send(agent, toRequest());
    await received(1);
    other.send(agent, toRequest());
    await received(2);
    assert.is(sip.relay.counters.overRate, 1);
    phone.send(agent, toRequest());
    await received(3);
    assert.is(sip.relay.counters.overRate, 1, 'a known flow is not new');
    clock.advance(1_000);
    other.send(agent, toRequest());
    await received(4);
    assert.is(sip.relay.flows().length, 2);
    await other.close();
    await close();
  });
});

describe('SIP from nobody', (test) => {
  // biome-ignore format: a table
  const forged: [what: string, source: (agent: HostPort) => HostPort][] = [
    ['port 0',         () => ({ address: '127.0.0.1', port: 0 })],
    ['our own socket', (agent) => agent],
    ['the network, on loopback', () => ({ address: '192.0.2.9', port: 5060 })],
    ['link-local',     () => ({ address: '169.254.169.254', port: 5060 })],
  ];
  for (const [what, source] of forged) {
    test(`from ${what}: counted, not carried, not answered`, async () => {
      const { sip, agent, tunnel, close } = await openWorld();
      tunnel.isUp = false;
      tunnel.takes = false;
      sip.relay.receive({ transport: 'udp', local: agent, remote: source(agent) }, Buffer.from(toRequest()));
      assert.is(sip.relay.counters.impossibleSources, 1);
      assert.is(sip.relay.counters.sent, 0);
      assert.equal(tunnel.controls, []);
      await close();
    });
  }

  test('a flood of strangers does not push a registered phone out', async () => {
    const { sip, agent, phone, received, close } = await openWorld({ maxFlows: 4, newFlowsBurst: 1_000 });
    phone.send(agent, toRequest());
    await received(1);
    sip.relay.send(1, Buffer.from('SIP/2.0 200 OK\r\nCSeq: 1 REGISTER\r\n\r\n'));
    for (let port = 1; port <= 500; port++) {
      const path = { transport: 'udp', local: agent, remote: { address: '127.0.0.3', port } } as const;
      sip.relay.receive(path, Buffer.from(toRequest()));
    }
    assert.is(sip.relay.flows().length, 4);
    assert.ok(sip.relay.flows().some(({ flow }) => flow === 1));
    await close();
  });
});

describe('SIP while the tunnel is down', (test) => {
  async function openDown() {
    const world = await openWorld();
    world.tunnel.isUp = false;
    world.tunnel.takes = false;
    return world;
  }

  test('a request is answered 503 with Retry-After, to where it came from', async () => {
    const { phone, agent, sip, close } = await openDown();
    phone.send(agent, toRequest());
    const answer = await phone.next();
    assert.match(answer, /^SIP\/2\.0 503 /);
    assert.match(answer, /\r\nRetry-After: 20\r\n/);
    assert.match(answer, /;received=127\.0\.0\.1/);
    assert.match(answer, new RegExp(`;rport=${phone.at.port}`));
    assert.match(answer, /\r\nTo: <sip:HD0001@127\.0\.0\.1>;tag=\w+\r\n/);
    assert.ok(answer.length < toRequest().length + 400);
    assert.is(sip.relay.flows().length, 0);
    await close();
  });

  test('a repeated request gets the same answer', async () => {
    const { phone, agent, close } = await openDown();
    phone.send(agent, toRequest());
    phone.send(agent, toRequest());
    assert.is(await phone.next(), await phone.next());
    await close();
  });

  for (const [what, text] of [
    ['an ACK', toRequest({ method: 'ACK' })],
    ['a response', toRequest().replace(/^.*/, 'SIP/2.0 200 OK')],
    ['a request without a Via', toRequest().replace(/Via: .*\r\n/, '')],
  ] as const) {
    test(`${what} is not answered`, async () => {
      const { phone, agent, received, sip, close } = await openDown();
      phone.send(agent, text);
      await received(1);
      assert.is(sip.relay.counters.sent, 0);
      await close();
    });
  }

  test('once it refused, strangers cost no state until it is up', async () => {
    const { phone, agent, received, tunnel, sip, close } = await openDown();
    phone.send(agent, toRequest());
    await phone.next();
    const before = tunnel.controls.length;
    phone.send(agent, toRequest());
    await phone.next();
    assert.is(tunnel.controls.length, before);
    tunnel.isUp = true;
    tunnel.takes = true;
    phone.send(agent, toRequest());
    await received(3);
    assert.is(sip.relay.flows().length, 1);
    await close();
  });

  test('in a short gap the tunnel queues: the flow is opened and the message goes in', async () => {
    const { phone, agent, received, tunnel, close } = await openWorld();
    tunnel.isUp = false;
    phone.send(agent, toRequest());
    await received(1);
    assert.is(tunnel.sips.length, 1);
    await close();
  });

  test('draining, a known phone is served and a new one is told to come back', async () => {
    const { phone, agent, received, tunnel, sip, close } = await openWorld();
    const late = await openFakePhone();
    phone.send(agent, toRequest());
    await received(1);
    sip.relay.drain();
    late.send(agent, toRequest());
    assert.match(await late.next(), /^SIP\/2\.0 503 /);
    phone.send(agent, toRequest());
    await received(3);
    assert.is(tunnel.sips.length, 2);
    await late.close();
    await close();
  });
});

describe('a flow the controller opens', (test) => {
  test('carries both ways', async () => {
    const { sip, agent, phone, received, tunnel, close } = await openWorld();
    sip.relay.openFlow({ flow: 2, transport: 'udp', local: agent, remote: phone.at });
    sip.relay.send(2, Buffer.from('hello'));
    assert.is(await phone.next(), 'hello');
    phone.send(agent, 'SIP/2.0 200 OK\r\n\r\n');
    await received(1);
    assert.equal(tunnel.sips, [{ flow: 2, text: 'SIP/2.0 200 OK\r\n\r\n' }]);
    assert.equal(tunnel.controls, []);
    sip.relay.closeFlow(2);
    assert.equal(tunnel.controls, [], 'who closes need not be told');
    await close();
  });

  // biome-ignore format: a table
  const refused: [what: string, change: (agent: HostPort) => object][] = [
    ['an odd number',             () => ({ flow: 3 })],
    ['TCP',                       () => ({ transport: 'tcp' })],
    ['a socket that is not ours', () => ({ local: { address: '127.0.0.1', port: 9 } })],
    ['the network, from loopback', () => ({ remote: { address: '192.0.2.9', port: 5060 } })],
    ['multicast',                 () => ({ remote: { address: '224.0.1.75', port: 5060 } })],
    ['link-local',                () => ({ remote: { address: '169.254.169.254', port: 80 } })],
    ['port 0',                    () => ({ remote: { address: '127.0.0.1', port: 0 } })],
    ['our own socket',            (agent) => ({ remote: agent })],
  ];
  for (const [what, change] of refused) {
    test(`to ${what} is refused`, async () => {
      const { sip, agent, phone, tunnel, close } = await openWorld();
      const opening = { flow: 2, transport: 'udp', local: agent, remote: phone.at } as const;
      const changed = { ...opening, ...change(agent) };
      sip.relay.openFlow(changed);
      assert.equal(tunnel.controls, [{ type: 'flow.close', flow: changed.flow }]);
      assert.is(sip.relay.flows().length, 0);
      await close();
    });
  }
});

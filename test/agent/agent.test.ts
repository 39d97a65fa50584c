import { generateKeyPairSync } from 'node:crypto';
import * as assert from 'uvu/assert';
import { runAgent } from '#agent/agent.ts';
import { loadConfig } from '#agent/config.ts';
import type { TunnelOptions } from '#agent/tunnel.ts';
import { version } from '#agent/version.ts';
import type { HostPort } from '#protocol/address.ts';
import { openFakePhone, toRequest } from '#test/agent/fake-phone.ts';
import { createFakeTunnel, silent, toAnswer } from '#test/agent/fake-tunnel.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { freePort } from '#test/support/ports.ts';
import { until } from '#test/support/until.ts';

/** A SIP port that is free by UDP and by TCP: of one that the system gives only the first is known. */
const flagsNow = async () =>
  new Map([
    ['listen', ['127.0.0.1']],
    ['sip-port', [String(await freePort())]],
    ['http-port', ['0']],
    ['rtp-ports', ['0']],
  ]);

async function runWorld() {
  const tunnel = createFakeTunnel();
  let dialled: TunnelOptions | undefined;
  let ups = 0;
  const agent = await runAgent({
    config: loadConfig({ flags: await flagsNow() }),
    identity: {
      agent: '0123456789abcdef',
      privateKey: generateKeyPairSync('ed25519').privateKey,
      controller: new URL('wss://127.0.0.1:1'),
      pins: ['pin'],
    },
    clock: createFakeClock(),
    log: silent,
    onUp: () => ups++,
    dial(options) {
      dialled = options;
      return tunnel;
    },
  });
  const ends = await until('the dialling', () => dialled);
  const [sip] = agent.sip as [HostPort];
  const phone = await openFakePhone();
  return { agent, tunnel, ends, sip, phone, ups: () => ups };
}

describe('agent', (test) => {
  test('says where it listens, carries SIP, RTP and HTTP, and ends', async () => {
    const { agent, tunnel, ends, sip, phone } = await runWorld();
    const { sip: listening, ...status } = ends.status();
    assert.equal(status, {
      ...{ type: 'status', version, http: agent.http[0], https: agent.https[0] },
      ...{ hears: true, seesNeighbours: true },
    });
    assert.equal(
      listening.map(({ transport }) => transport),
      ['udp', 'tcp', 'tls'],
    );
    assert.equal(listening[0]?.address, sip);
    assert.equal(listening[1]?.address, sip, 'TCP at the same port');

    phone.send(sip, toRequest());
    await until('SIP up', () => tunnel.sips.length === 1);
    assert.is(ends.flows().length, 1);
    ends.onSip(1, Buffer.from('SIP/2.0 100 Trying\r\n\r\n'));
    assert.match(await phone.next(), /^SIP\/2\.0 100/);

    ends.onControl({ type: 'media.open', stream: 2, local: '127.0.0.1', remote: phone.at });
    await until('a port', () => tunnel.controls.find(({ type }) => type === 'media.opened'));
    ends.onRtp(2, Buffer.concat([Buffer.from([0x80, 0]), Buffer.alloc(170)]));
    await phone.next();
    assert.is(agent.counters.media.toPhone, 1);

    tunnel.answer = () => Promise.resolve(toAnswer(200, 'x'));
    const url = `http://127.0.0.1:${agent.http[0]?.port}/p/AAAAAAAAAAAAAAAAAAAAAA/a.cfg`;
    assert.is((await fetch(url, { headers: { connection: 'close' } })).status, 200);

    await agent.close();
    assert.equal(tunnel.controls.at(-1), { type: 'closing', reason: 'the agent stops' });
    await agent.close();
    await phone.close();
  });

  test('a stream is lent only to where a phone is', async () => {
    const { agent, tunnel, ends, phone } = await runWorld();
    ends.onControl({ type: 'media.open', stream: 2, local: '127.0.0.1', remote: phone.at });
    await until('an answer', () => tunnel.controls.length === 1);
    assert.is(tunnel.controls[0]?.type, 'media.failed');
    await agent.close();
    await phone.close();
  });

  test('in a new epoch the streams of before are closed, the flows stay', async () => {
    const { agent, tunnel, ends, sip, phone, ups } = await runWorld();
    phone.send(sip, toRequest());
    await until('a flow', () => ends.flows().length === 1);
    ends.onControl({ type: 'media.open', stream: 2, local: '127.0.0.1', remote: phone.at });
    await until('a port', () => tunnel.controls.find(({ type }) => type === 'media.opened'));
    ends.onUp(true);
    ends.onRtp(2, Buffer.concat([Buffer.from([0x80, 0]), Buffer.alloc(170)]));
    assert.is(agent.counters.media.unknownStreams, 1);
    assert.is(ends.flows().length, 1);
    assert.is(ups(), 1);
    await agent.close();
    await phone.close();
  });

  test('a control message that only an agent sends does nothing', async () => {
    const { agent, tunnel, ends, phone } = await runWorld();
    ends.onControl({ type: 'flows', flows: [] });
    ends.onControl({ type: 'closing', reason: 'restart' });
    assert.equal(tunnel.controls, []);
    await agent.close();
    await phone.close();
  });
});

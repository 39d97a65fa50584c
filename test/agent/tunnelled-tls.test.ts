/** A phone by TLS through a real agent and a real hub: the certificate comes by the tunnel, and outlives it. */

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import * as assert from 'uvu/assert';
import { runAgent } from '#agent/agent.ts';
import { loadConfig } from '#agent/config.ts';
import { enrol } from '#agent/enrol.ts';
import { type Flow, site } from '#controller/model/model.ts';
import type { RelayedRequest } from '#controller/model/ports.ts';
import { type HubOptions, listenHub } from '#controller/tunnel/hub.ts';
import { systemClock } from '#protocol/clock.ts';
import { toRequest } from '#test/agent/fake-phone.ts';
import { silent } from '#test/agent/fake-tunnel.ts';
import { describe } from '#test/support/describe.ts';
import { openFactory } from '#test/support/factory.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
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
const text = toRequest().replace('SIP/2.0/UDP', 'SIP/2.0/TLS');

async function openWorld() {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-tls-'));
  const sites = ['berlin', 'paris'].map((id) => site.parse({ id }));
  const store = createMemoryStore(
    sites.map((value) => ({ type: 'put', collection: 'sites', value }) as const),
  );
  const received: Flow[] = [];
  const asked: RelayedRequest[] = [];
  const options: HubOptions = {
    listen: { address: '127.0.0.1', port: await freePort() },
    folder,
    store,
    clock: systemClock,
    log: silent,
    gapMs: 200,
    onSip: (flow) => received.push(flow),
    onHttp(request) {
      asked.push(request);
      return Promise.resolve({ status: 200, headers: {}, body: Buffer.from('config') });
    },
  };
  let hub = await listenHub(options);
  const controller = new URL(`wss://127.0.0.1:${hub.address.port}`);
  const identity = await enrol({ controller, token: await hub.createEnrolToken('berlin') });
  const config = loadConfig({ flags: await flagsNow() });
  const agent = await runAgent({
    config,
    identity,
    clock: systemClock,
    log: silent,
    intervals: { gapMs: 200 },
  });
  const at = await until('the tunnel', () => (agent.isUp ? hub.agents()[0]?.sipTls : undefined));
  const phones: TLSSocket[] = [];
  return {
    hub: () => hub,
    received,
    asked,
    https: await until('HTTPS is told of', () => hub.agents()[0]?.https),
    async phone(ofSite = 'berlin') {
      const phone = connect({ host: at.address, port: at.port, ca: await hub.certificateOf(ofSite) });
      phone.on('error', () => {});
      phones.push(phone);
      return phone;
    },
    async restartHub() {
      await hub.close();
      hub = await listenHub({ ...options, listen: hub.address });
    },
    async close() {
      for (const phone of phones) phone.destroy();
      await agent.close();
      await hub.close();
      await rm(folder, { recursive: true });
    },
  };
}

describe('TLS by the tunnel', (test) => {
  test('HTTPS too: by the same certificate, and the controller sees the phone’s own', async () => {
    const { hub, https, asked, close } = await openWorld();
    try {
      const phone = await (await openFactory()).makePhone('CN=001565aabb01');
      const path = '/p/AAAAAAAAAAAAAAAAAAAAAA/001565aabb01.cfg';
      const ca = await hub().certificateOf('berlin');
      const wanted = { host: https.address, port: https.port, path, agent: false, ca };
      const sent = request({ ...wanted, cert: phone.cert, key: phone.key });
      const done = once(sent, 'response');
      sent.end();
      const [response] = await done;
      let body = '';
      for await (const part of response) body += String(part);
      assert.equal([response.statusCode, body], [200, 'config']);
      assert.equal([asked[0]?.path, asked[0]?.site, asked[0]?.certificate], [path, 'berlin', phone.der]);
    } finally {
      await close();
    }
  });

  test('the agent lists its three addresses, and a phone that trusts the site is served', async () => {
    const { hub, phone, received, close } = await openWorld();
    const [agent] = hub().agents();
    assert.is(agent?.sip?.port, agent?.sipTcp?.port, 'TCP at the port of UDP');
    assert.is.not(agent?.sipTls?.port, agent?.sip?.port);
    const socket = await phone();
    socket.write(text);
    const [flow] = await until('SIP', () => (received.length > 0 ? received : undefined));
    assert.is(flow?.transport, 'tls');
    assert.is(socket.getPeerCertificate().subject.CN, '127.0.0.1');
    assert.ok(flow && hub().isUp(flow) && hub().send(flow, Buffer.from('SIP/2.0 200 OK\r\n\r\n')));
    await until('the answer', () => socket.read()?.toString().startsWith('SIP/2.0 200'));
    socket.destroy();
    await until('the end of the flow', () => flow && !hub().isUp(flow));
    assert.not(flow && hub().send(flow, Buffer.from('SIP/2.0 200 OK\r\n\r\n')), 'nobody connects to a phone');
    await close();
  }, 20_000);

  test('a phone of another site does not believe the agent', async () => {
    const { phone, received, close } = await openWorld();
    const socket = await phone('paris');
    const failure = new Promise<Error>((resolve) => socket.once('error', resolve));
    assert.match(String(await failure), /certificate|signature/i);
    assert.equal(received, []);
    await close();
  }, 20_000);

  test('a restarted controller: the connection stays, its flow is found again, new phones are served', async () => {
    const { hub, phone, received, restartHub, close } = await openWorld();
    const socket = await phone();
    socket.write(text);
    const [flow] = await until('SIP', () => (received.length > 0 ? received : undefined));
    await restartHub();
    await until('the flow', () => flow && hub().isUp(flow));
    socket.write(text);
    await until('SIP over the same connection', () => received.length === 2);
    const next = await phone();
    next.write(text);
    await until('SIP over another', () => received.length === 3);
    await close();
  }, 20_000);
});

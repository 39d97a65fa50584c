/** Agent and hub together: real WebSockets and TLS between them, real UDP and HTTP at the phone's side. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { runAgent } from '#agent/agent.ts';
import { loadConfig } from '#agent/config.ts';
import { enrol } from '#agent/enrol.ts';
import { type Flow, site } from '#controller/model/model.ts';
import type { RelayedRequest } from '#controller/model/ports.ts';
import { type HubOptions, listenHub } from '#controller/tunnel/hub.ts';
import type { HostPort } from '#protocol/address.ts';
import { systemClock } from '#protocol/clock.ts';
import { openFakePhone, toRequest } from '#test/agent/fake-phone.ts';
import { silent } from '#test/agent/fake-tunnel.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
import { freePort } from '#test/support/ports.ts';
import { until } from '#test/support/until.ts';

const flags = new Map([
  ['listen', ['127.0.0.1']],
  ['sip-port', ['0']],
  ['http-port', ['0']],
  ['rtp-ports', ['0']],
]);
const deadlineMs = 20_000;
const voice = Buffer.concat([Buffer.from([0x80, 0]), Buffer.alloc(170, 7)]);

async function openWorld() {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-hub-'));
  const store = createMemoryStore([
    { type: 'put', collection: 'sites', value: site.parse({ id: 'berlin' }) },
  ]);
  const received: { flow: Flow; text: string }[] = [];
  const requests: RelayedRequest[] = [];
  const said: string[] = [];
  const options: HubOptions = {
    listen: { address: '127.0.0.1', port: await freePort() },
    folder,
    store,
    clock: systemClock,
    log: { ...silent, info: (_, message) => said.push(message) },
    gapMs: 200,
    onSip: (flow, bytes) => received.push({ flow, text: Buffer.from(bytes).toString('latin1') }),
    onHttp(request) {
      requests.push(request);
      const body = Buffer.from('account.1.enable = 1\n');
      return Promise.resolve({ status: 200, headers: { etag: '"a"' }, body });
    },
  };
  const hub = await listenHub(options);
  const controller = new URL(`wss://127.0.0.1:${hub.address.port}`);
  const identity = await enrol({ controller, token: await hub.createEnrolToken('berlin') });
  const agent = await runAgent({
    config: loadConfig({ flags }),
    identity,
    clock: systemClock,
    log: silent,
    intervals: { gapMs: 200 },
  });
  await until('the tunnel', () => agent.isUp && hub.agents()[0]?.sip);
  const phone = await openFakePhone();
  return {
    hub,
    agent,
    phone,
    received,
    requests,
    said,
    sip: agent.sip[0] as HostPort,
    restartHub: () => listenHub({ ...options, listen: hub.address }),
    async close() {
      await agent.close();
      await hub.close();
      await phone.close();
      await rm(folder, { recursive: true });
    },
  };
}

describe('agent and hub', (test) => {
  test(
    'SIP, both ways',
    async () => {
      const { hub, agent, phone, received, sip, close } = await openWorld();
      phone.send(sip, toRequest());
      const [first] = await until('SIP', () => (received.length > 0 ? received : undefined));
      assert.is(first?.text, toRequest());
      assert.equal(first?.flow, {
        agent: hub.agents()[0]?.agent,
        site: 'berlin',
        transport: 'udp',
        local: sip,
        remote: phone.at,
      });
      assert.ok(first && hub.send(first.flow, Buffer.from('SIP/2.0 200 OK\r\n\r\n')));
      assert.match(await phone.next(), /^SIP\/2\.0 200/);
      assert.is(agent.counters.sip.flowsClosed, 0);
      await close();
    },
    deadlineMs,
  );

  test(
    'a flow the controller opens to a gateway',
    async () => {
      const { hub, phone, received, sip, close } = await openWorld();
      const flow = hub.toAddress('berlin', phone.at);
      assert.ok(flow);
      assert.ok(hub.send(flow, Buffer.from(toRequest({ method: 'OPTIONS' }))));
      assert.match(await phone.next(), /^OPTIONS /);
      phone.send(sip, 'SIP/2.0 200 OK\r\n\r\n');
      await until('the answer', () => received.length === 1);
      assert.equal(received[0]?.flow, flow);
      await close();
    },
    deadlineMs,
  );

  test(
    'a config file',
    async () => {
      const { agent, requests, close } = await openWorld();
      const path = '/p/AAAAAAAAAAAAAAAAAAAAAA/001565123456.cfg';
      const answer = await fetch(`http://127.0.0.1:${agent.http[0]?.port}${path}`, {
        headers: { 'user-agent': 'Yealink', connection: 'close' },
      });
      assert.is(await answer.text(), 'account.1.enable = 1\n');
      assert.is(answer.headers.get('etag'), '"a"');
      assert.is(requests[0]?.path, path);
      assert.is(requests[0]?.site, 'berlin');
      assert.is(requests[0]?.headers['user-agent'], 'Yealink');
      await close();
    },
    deadlineMs,
  );

  test(
    'voice, both ways',
    async () => {
      const { hub, phone, received, sip, close } = await openWorld();
      phone.send(sip, toRequest({ method: 'INVITE' }));
      await until('SIP', () => received.length === 1);
      const stream = await hub.open(received[0]?.flow as Flow, phone.at);
      const heard: Uint8Array[] = [];
      stream.onPacket = (packet) => heard.push(packet);
      await until('voice up', () => {
        phone.send(stream.local, voice);
        return heard.length > 0;
      });
      assert.equal(Buffer.from(heard[0] ?? []), voice);
      stream.send(voice);
      assert.is(await phone.next(), voice.toString('latin1'));
      stream.close();
      await close();
    },
    deadlineMs,
  );

  test(
    'without the controller a phone is told to come back',
    async () => {
      const { hub, agent, phone, sip, close } = await openWorld();
      await hub.close();
      await until('the tunnel down', () => !agent.isUp);
      await until('503', () => {
        phone.send(sip, toRequest());
        return agent.counters.sip.unavailable > 0;
      });
      assert.match(await phone.next(), /^SIP\/2\.0 503 /);
      await close();
    },
    deadlineMs,
  );

  test(
    'a restarted controller finds the flow again by its path',
    async () => {
      const { hub, agent, phone, received, sip, restartHub, close } = await openWorld();
      phone.send(sip, toRequest());
      await until('SIP', () => received.length === 1);
      const flow = received[0]?.flow as Flow;
      await hub.close();
      const again = await restartHub();
      await until('the tunnel', () => agent.isUp && again.isUp(flow));
      assert.ok(again.send(flow, Buffer.from('NOTIFY sip:a SIP/2.0\r\n\r\n')));
      assert.match(await phone.next(), /^NOTIFY /);
      assert.is(agent.counters.sip.flowsClosed, 0);
      await agent.close();
      await again.close();
      await close();
    },
    deadlineMs,
  );

  test(
    'an agent that stops says so',
    async () => {
      const { hub, agent, said, close } = await openWorld();
      await agent.close();
      await until('its word', () => said.includes('agent stops'));
      await until('its end', () => hub.agents()[0]?.isUp === false);
      await close();
    },
    deadlineMs,
  );
});

import * as assert from 'uvu/assert';
import type { Flow } from '#controller/model/model.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { agentSip, inWorld, opening, phone, startUp, summaryOf } from './world.ts';

const text = (content: string) => Buffer.from(content);

describe('hub', (test) => {
  test('carries SIP both ways along a flow', () =>
    inWorld(async (world, defer) => {
      const identity = await world.enrol();
      const agent = await startUp(world, identity);
      defer(() => agent.close());
      agent.sip(1, text('REGISTER'));
      const { flow, text: said } = await until('the message', () => world.sip[0]);
      const path = {
        agent: identity.agent,
        site: 'berlin',
        transport: 'udp',
        local: agentSip,
        remote: phone,
      };
      assert.equal([flow, said], [path, 'REGISTER']);
      assert.ok(world.hub.isUp(flow));
      assert.ok(world.hub.send(structuredClone(flow), text('200')));
      await until('the answer', () => agent.heard[0]);
      assert.equal(agent.heard, ['1 200']);
    }));

  test('tells who is there', () =>
    inWorld(async (world, defer) => {
      const identity = await world.enrol();
      defer(() => Promise.resolve());
      const away = { agent: identity.agent, site: 'berlin', isUp: false, flows: 0 };
      assert.equal(world.hub.agents(), [away]);
      const agent = await startUp(world, identity);
      await until('a round trip', () => summaryOf(world.hub, identity.agent)?.latencyMs);
      const { latencyMs: _, ...summary } = summaryOf(world.hub, identity.agent) ?? {};
      const http = { address: '127.0.0.1', port: 8080 };
      assert.equal(summary, { ...away, isUp: true, version: '0.1.0', sip: agentSip, http, flows: 1 });
      await agent.close();
      await until('it is gone', () => summaryOf(world.hub, identity.agent)?.isUp === false);
    }));

  test('opens a flow to a gateway, and to a phone the agent has forgotten', () =>
    inWorld(async (world, defer) => {
      const agent = await startUp(world, await world.enrol());
      defer(() => agent.close());
      const gateway = { address: '192.0.2.9', port: 5060 };
      const flow = world.hub.toAddress('berlin', gateway);
      assert.is(world.hub.toAddress('wien', gateway), undefined);
      assert.ok(flow && world.hub.send(flow, text('INVITE')));
      assert.ok(world.hub.send(flow, text('CANCEL')));
      await until('both messages', () => agent.heard.length === 2);
      assert.equal(agent.controls, [
        { type: 'flow.open', flow: 2, transport: 'udp', local: agentSip, remote: gateway },
      ]);
      assert.equal(agent.heard, ['2 INVITE', '2 CANCEL']);
    }));

  test('goes on after a message over which something of ours broke, and counts it', () => {
    const taken: string[] = [];
    const onSip = (_: Flow, bytes: Uint8Array) => {
      if (bytes[0] === 'I'.charCodeAt(0)) throw new TypeError('of ours');
      taken.push(Buffer.from(bytes).toString());
    };
    return inWorld(
      async (world, defer) => {
        const agent = await startUp(world, await world.enrol());
        defer(() => agent.close());
        for (const message of ['INVITE', 'OPTIONS']) agent.sip(1, text(message));
        await until('the next one is taken', () => taken[0]);
        assert.equal([taken, world.hub.counters.framesFailed], [['OPTIONS'], 1]);
      },
      { onSip },
    );
  });

  test('cannot open a TCP flow that the phone has closed', () =>
    inWorld(async (world, defer) => {
      const identity = await world.enrol();
      const agent = await startUp(world, identity);
      defer(() => agent.close());
      const flow: Flow = {
        agent: identity.agent,
        site: 'berlin',
        transport: 'tcp',
        local: agentSip,
        remote: phone,
      };
      assert.not(world.hub.isUp(flow));
      assert.not(world.hub.send(flow, text('INVITE')));
    }));

  test('sends nothing along a flow of another site', () =>
    inWorld(async (world, defer) => {
      const identity = await world.enrol();
      const agent = await startUp(world, identity);
      defer(() => agent.close());
      const flow: Flow = {
        agent: identity.agent,
        site: 'wien',
        transport: 'udp',
        local: agentSip,
        remote: phone,
      };
      assert.not(world.hub.send(flow, text('INVITE')));
      assert.not(world.hub.isUp(flow));
      await rejects(() => world.hub.open(flow, phone), 'unavailable');
      assert.is(world.hub.counters.forbidden, 3);
    }));

  test('drops SIP on a flow that nobody opened', () =>
    inWorld(async (world, defer) => {
      const agent = await startUp(world, await world.enrol());
      defer(() => agent.close());
      agent.sip(77, text('INVITE'));
      agent.sip(1, text('OPTIONS'));
      await until('the second', () => world.sip.length > 0);
      assert.equal(
        world.sip.map((each) => each.text),
        ['OPTIONS'],
      );
    }));

  test('relays HTTP with the site of the agent that asked', () =>
    inWorld(async (world, defer) => {
      const identity = await world.enrol('wien');
      const agent = await startUp(world, identity);
      defer(() => agent.close());
      const asked = {
        method: 'GET',
        path: '/p/x/1.cfg',
        headers: { 'user-agent': 'Yealink' },
        remote: phone,
      } as const;
      const { status, headers, body } = await agent.request({ ...asked, mac: '001122334455' });
      assert.equal([status, headers], [200, { etag: '"1"' }]);
      assert.is(await readAll(body), 'for /p/x/1.cfg');
      assert.equal(world.http, [{ ...asked, mac: '001122334455', agent: identity.agent, site: 'wien' }]);
    }));

  test('carries answers longer than any window, and short ones past them', () => {
    const long = Buffer.alloc(600_000, 'firmware');
    return inWorld(
      async (world, defer) => {
        const agent = await startUp(world, await world.enrol());
        defer(() => agent.close());
        const ask = (path: string) => agent.request({ method: 'GET', path, headers: {}, remote: phone });
        const stuck = await Promise.all(Array.from({ length: 3 }, () => ask('/long')));
        const short = await ask('/short');
        assert.is(await readAll(short.body), 'short');
        const whole = await Promise.all(stuck.map(({ body }) => readAll(body)));
        assert.ok(whole.every((content) => content === long.toString()));
      },
      {
        onHttp: async ({ path }) => ({
          status: 200,
          headers: {},
          body: path === '/long' ? long : Buffer.from('short'),
        }),
      },
    );
  });

  test('answers 500 when what answers fails', () =>
    inWorld(
      async (world, defer) => {
        const agent = await startUp(world, await world.enrol());
        defer(() => agent.close());
        const { status } = await agent.request({ method: 'GET', path: '/', headers: {}, remote: phone });
        assert.is(status, 500);
      },
      {
        onHttp: () => Promise.reject(new Error('bug')),
      },
    ));

  test('lends an RTP port of the agent', () =>
    inWorld(async (world, defer) => {
      const agent = await startUp(world, await world.enrol(), { onControl: lend });
      defer(() => agent.close());
      function lend(message: { type: string; stream?: number }) {
        const { type, stream = 0 } = message;
        agent.controls.push(message as never);
        const local = { address: '127.0.0.1', port: 20_000 };
        if (type === 'media.open') agent.control({ type: 'media.opened', stream, local });
      }
      agent.sip(1, text('INVITE'));
      const { flow } = await until('a flow', () => world.sip[0]);
      await rejects(() => world.hub.open(flow, { address: '192.0.2.66', port: 9 }), 'forbidden');
      const stream = await world.hub.open(flow, { ...phone, port: 4_000 });
      assert.equal(stream.local, { address: '127.0.0.1', port: 20_000 });
      const heard: string[] = [];
      stream.onPacket = (packet) => heard.push(Buffer.from(packet).toString());
      await until('voice both ways', () => {
        agent.rtp(2, text('from the phone'));
        stream.send(text('to the phone'));
        return heard.length > 0 && agent.packets.length > 0;
      });
      assert.is(heard[0], 'from the phone');
      stream.close();
      await until('it is given back', () => agent.controls.some(({ type }) => type === 'media.close'));
    }));

  test('tells its agent where a phone moved, joins two streams, and hears what the agent reports', () =>
    inWorld(async (world, defer) => {
      const agent = await startUp(world, await world.enrol(), {
        onControl: (message) => {
          agent.controls.push(message);
          const local = { address: '127.0.0.1', port: 20_000 };
          if (message.type === 'media.open') {
            agent.control({ type: 'media.opened', stream: message.stream, local });
          }
        },
      });
      defer(() => agent.close());
      const flow = { ...opening, agent: summary(world.hub.agents()), site: 'berlin' };
      const at = (port: number) => ({ ...opening.remote, port });
      const one = await world.hub.open(flow, at(0), { carries: 'datagram', packetsPerSecond: 500 });
      const two = await world.hub.open(flow, at(4_002));
      await rejects(async () => one.retarget({ address: '192.0.2.66', port: 9 }), 'forbidden');
      one.retarget(at(4_000), 4_000);
      assert.ok(one.join(two));
      const reports: number[] = [];
      one.onReport = ({ packets }) => reports.push(packets);
      agent.control({ type: 'media.report', stream: 2, packets: 250, lost: 1, jitterMs: 0.5 });
      await until('a report', () => reports[0] === 250);
      await until('all is told', () => agent.controls.length >= 5);
      assert.equal(
        agent.controls.map((message) => JSON.stringify(message)),
        [
          {
            type: 'media.open',
            stream: 2,
            local: opening.local.address,
            remote: at(0),
            carries: 'datagram',
            packetsPerSecond: 500,
          },
          { type: 'media.open', stream: 4, local: opening.local.address, remote: at(4_002) },
          { type: 'media.remote', stream: 2, remote: at(4_000), rtcpPort: 4_000 },
          { type: 'media.remote', stream: 2, remote: at(4_000), rtcpPort: 4_000, join: 4 },
          { type: 'media.remote', stream: 4, remote: at(4_002), join: 2 },
        ].map((message) => JSON.stringify(message)),
      );
    }));

  test('says why there is no media', () =>
    inWorld(async (world, defer) => {
      const agent = await startUp(world, await world.enrol(), {
        onControl: (message) => {
          if (message.type === 'media.open') {
            agent.control({ type: 'media.failed', stream: message.stream, reason: 'no port left' });
          }
        },
      });
      defer(() => agent.close());
      const flow = { ...opening, agent: summary(world.hub.agents()), site: 'berlin' };
      await rejects(() => world.hub.open(flow, phone), 'unavailable');
    }));

  test('says goodbye, and finds flows and calls again after a restart', () =>
    inWorld(async (world, defer) => {
      const identity = await world.enrol();
      const agent = await startUp(world, identity);
      defer(() => agent.close());
      agent.sip(1, text('REGISTER'));
      const { flow } = await until('a flow', () => world.sip[0]);
      const restarted = world.restartHub();
      await until('the last word', () => agent.controls.some(({ type }) => type === 'closing'));
      await until('it is down', () => agent.downs > 0);
      assert.ok(agent.sip(1, text('BYE')), 'kept over the gap');
      await restarted;
      assert.ok(world.hub.send(flow, text('NOTIFY')), 'waits for the agent to come back');
      await until('both', () => world.sip.length === 2 && agent.heard.length === 1);
      assert.is(world.sip[1]?.text, 'BYE');
      assert.equal(agent.heard, ['1 NOTIFY']);
      assert.equal(agent.ups, [true, true]);
    }));

  test('sends along the same paths after the agent was restarted and numbers them anew', () =>
    inWorld(async (world, defer) => {
      const identity = await world.enrol();
      const before = await startUp(world, identity);
      before.sip(1, text('REGISTER'));
      const { flow } = await until('a flow', () => world.sip[0]);
      await before.close();
      await until('it is down', () => !world.hub.isUp(flow));
      assert.ok(world.hub.send(flow, text('INVITE')), 'kept over the gap');
      const after = await startUp(world, identity, { flows: () => [{ ...opening, flow: 31 }] });
      defer(() => after.close());
      await until('the message', () => after.heard[0]);
      assert.equal(after.heard, ['31 INVITE']);
    }));

  test('answers false when an agent is away for longer than the gap', () =>
    inWorld(
      async (world) => {
        const identity = await world.enrol();
        const flow = { ...opening, agent: identity.agent, site: 'berlin' };
        assert.ok(world.hub.send(flow, text('kept')));
        await until('the gap is over', () => !world.hub.send(flow, text('refused')));
        assert.not(world.hub.send({ ...flow, agent: '0123456789abcdef' }, text('nobody')));
      },
      { gapMs: 200 },
    ));

  test('closes the tunnel of an agent that is revoked, at once, and does not let it in again', () =>
    inWorld(async (world, defer) => {
      const identity = await world.enrol();
      const agent = await startUp(world, identity);
      defer(() => agent.close());
      await world.hub.revoke(identity.agent);
      await until('it is down', () => agent.downs > 0 && !agent.isUp, 2_000);
      await until('it is refused', () => world.hub.counters.refused > 1);
      assert.not(agent.isUp);
      assert.equal(world.hub.agents(), []);
      await rejects(() => world.hub.revoke('0123456789abcdef'), 'not.found');
    }));

  test('closes the tunnel of an agent that is deleted', () =>
    inWorld(async (world, defer) => {
      const identity = await world.enrol();
      const agent = await startUp(world, identity);
      defer(() => agent.close());
      await world.store.commit([{ type: 'delete', collection: 'agents', id: identity.agent }]);
      await until('it is down', () => agent.downs > 0, 2_000);
    }));
});

const summary = (agents: { agent: string }[]) => agents[0]?.agent ?? '';

async function readAll(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function rejects(run: () => Promise<unknown>, code: string): Promise<void> {
  const error = await run().then(
    () => assert.unreachable(`should have failed with ${code}`),
    (why: unknown) => why,
  );
  assert.ok(Fault.is(error), String(error));
  assert.is(error.code, code);
}

/** Phones that are heard, between peers that know of it and peers that do not. */

import * as assert from 'uvu/assert';
import type { AgentStatus } from '#agent/tunnel.ts';
import type { HeardPhone } from '#controller/model/ports.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import {
  agentSip,
  type Identity,
  inWorld,
  opening,
  phone,
  startUp,
  type TestAgent,
  type World,
} from './world.ts';

const status = (): AgentStatus => ({
  type: 'status',
  version: '0.1.0',
  sip: [{ transport: 'udp', address: agentSip }],
  http: { address: '127.0.0.1', port: 8080 },
  hears: true,
});
const mac = '001565aabb01';
const url = 'http://127.0.0.1:8080/p/x/';

/** What the hub told it until now has come: control and SIP keep their order. */
async function hearsAllBefore({ hub }: World, { agent: id }: Identity, agent: TestAgent): Promise<void> {
  assert.ok(hub.send({ ...opening, agent: id, site: 'berlin' }, Buffer.from('NOTIFY')));
  await until('the last word', () => agent.heard.length > 0);
}

describe('a phone that was heard', (test) => {
  test('is asked for, told of with its site, and offered its URL', async () => {
    const heard: HeardPhone[] = [];
    const onHeard = (each: HeardPhone) => {
      heard.push(each);
      return each.by === 'pnp' ? url : undefined;
    };
    await inWorld(
      async (world, defer) => {
        const identity = await world.enrol();
        const agent = await startUp(world, identity, { status });
        defer(() => agent.close());
        await until('it is asked for', () => agent.controls.some(({ type }) => type === 'hear'));
        agent.control({ type: 'heard', mac, by: 'http', remote: phone });
        agent.control({ type: 'heard', mac, by: 'pnp', remote: phone });
        await until('the offer', () => agent.controls.find(({ type }) => type === 'offer'));
        assert.equal(agent.controls.at(-1), { type: 'offer', mac, url });
        const from = { agent: identity.agent, site: 'berlin', mac, remote: phone };
        assert.equal(heard, [
          { ...from, by: 'http' },
          { ...from, by: 'pnp' },
        ]);
      },
      { onHeard },
    );
  });

  test('an agent that does not know of it is not asked', async () => {
    await inWorld(async (world, defer) => {
      const identity = await world.enrol();
      const agent = await startUp(world, identity);
      defer(() => agent.close());
      await hearsAllBefore(world, identity, agent);
      assert.equal(agent.controls, []);
    });
  });

  test('whose MAC is at an address is asked of an agent that can tell, and of no other', async () => {
    const heard: HeardPhone[] = [];
    const onHeard = (each: HeardPhone) => void heard.push(each);
    await inWorld(
      async (world, defer) => {
        const [sees, not] = [await world.enrol(), await world.enrol()];
        const agent = await startUp(world, sees, { status: () => ({ ...status(), seesNeighbours: true }) });
        defer(() => agent.close());
        const blind = await startUp(world, not, { status });
        defer(() => blind.close());
        await until('both said what they can', () =>
          [agent, blind].every(({ controls }) => controls.some(({ type }) => type === 'hear')),
        );
        for (const { agent: id } of [sees, not, { agent: 'f'.repeat(16) }])
          world.hub.who(id, phone, { vendor: 'yealink' });
        await until('it is asked', () => agent.controls.find(({ type }) => type === 'who'));
        assert.equal(agent.controls.at(-1), { type: 'who', remote: phone, vendor: 'yealink' });
        await hearsAllBefore(world, not, blind);
        assert.not(blind.controls.some(({ type }) => type === 'who'));
        agent.control({ type: 'heard', mac, by: 'sip', remote: phone });
        await until('it is told of', () => heard.length === 1);
        assert.is(heard[0]?.by, 'sip');
      },
      { onHeard },
    );
  });
});

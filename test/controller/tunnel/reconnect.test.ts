import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { openForwarder } from '#test/support/forwarder.ts';
import { until } from '#test/support/until.ts';
import { type Identity, inWorld, startAgent, startUp, type World } from './world.ts';

/** These wait for real sockets, pings and back-offs. */
const patienceMs = 15_000;

const text = (content: string) => Buffer.from(content);

describe('tunnel over a bad network', (test) => {
  test(
    'delivers everything once and in order over connections that are reset',
    () =>
      inWorld(async (world, defer) => {
        const identity = await world.enrol();
        const { agent, forwarder } = await startBehind(world, defer, identity);
        const flow = { ...agent.flows[0], transport: 'udp', agent: identity.agent, site: 'berlin' } as never;

        const count = 400;
        for (let i = 1; i <= count; i++) {
          assert.ok(agent.sip(1, text(`${i}`)));
          assert.ok(world.hub.send(flow, text(`${i}`)));
          await new Promise((resolve) => setImmediate(resolve));
          if (i % 100 === 50) {
            await until('it is up', () => agent.isUp);
            const { downs } = agent;
            forwarder.cut();
            await until('the cut is noticed', () => agent.downs > downs);
          }
        }
        await until('all arrived', () => world.sip.length >= count && agent.heard.length >= count);
        const numbers = Array.from({ length: count }, (_, i) => `${i + 1}`);
        assert.equal(
          world.sip.map((each) => each.text),
          numbers,
        );
        assert.equal(
          agent.heard,
          numbers.map((number) => `1 ${number}`),
        );
        assert.equal(agent.ups.slice(1).includes(true), false, 'never a fresh start');
      }),
    patienceMs,
  );

  test(
    'notices a connection that is half open, dials another, and loses nothing',
    () =>
      inWorld(async (world, defer) => {
        const soon = { deadMs: 1_500 };
        const { agent, forwarder } = await startBehind(world, defer, await world.enrol(), soon);
        forwarder.hold();
        agent.sip(1, text('INVITE'));
        await until('it is noticed', () => agent.downs > 0);
        await until('the message arrived after all', () => world.sip.length > 0);
        assert.equal(agent.ups, [true, false]);
      }),
    patienceMs,
  );

  test('fails requests that were under way', () => {
    let asked = false;
    return inWorld(
      async (world, defer) => {
        const { agent, forwarder } = await startBehind(world, defer, await world.enrol());
        const answer = agent.request({
          method: 'GET',
          path: '/',
          headers: {},
          remote: { address: '127.0.0.1', port: 9 },
        });
        const outcome = answer.then(
          () => 'answered',
          (error: { code: string }) => error.code,
        );
        await until('it is asked', () => asked);
        forwarder.cut();
        assert.is(await outcome, 'unavailable');
      },
      {
        onHttp: () => {
          asked = true;
          return new Promise(() => {});
        },
      },
    );
  });
});

describe('two agents with one key', (test) => {
  test(
    'the newer is refused while the older answers',
    () =>
      inWorld(async (world, defer) => {
        const identity = await world.enrol();
        const older = await startUp(world, identity);
        defer(() => older.close());
        const newer = startAgent(world.url, identity);
        defer(() => newer.close());
        await until('it was refused', () => world.hub.counters.duplicates > 1);
        assert.ok(older.isUp);
        assert.is(older.downs, 0);
        assert.equal(newer.ups, []);
      }),
    patienceMs,
  );

  test(
    'the newer wins when the older does not answer, but not again at once',
    () =>
      inWorld(
        async (world, defer) => {
          const identity = await world.enrol();
          const { forwarder } = await startBehind(world, defer, identity, { deadMs: 60_000 });
          forwarder.hold();
          const newer = await startUp(through(world, forwarder.port), identity, { deadMs: 60_000 });
          defer(() => newer.close());
          await until('both sockets were taken over', () => world.hub.counters.takeovers === 2);
          assert.is(world.hub.counters.duplicates, 0);
          // Until its own hello came through, the newer one is not yet worth a probe.
          await until('the hub has heard the newer one', () => world.hub.agents()[0]?.isUp);

          forwarder.hold();
          const third = startAgent(world.url, identity);
          defer(() => third.close());
          await until('it was refused', () => world.hub.counters.duplicates > 0);
          assert.is(world.hub.counters.takeovers, 2);
          assert.equal(third.ups, []);
        },
        { deadMs: 60_000, probeMs: 300 },
      ),
    patienceMs,
  );
});

describe('rotation of the controller key', (test) => {
  test(
    'loses no agent: it knows the next pin already, and learns the one after',
    () =>
      inWorld(async (world, defer) => {
        const identity = await world.enrol();
        const agent = await startUp(world, identity);
        defer(() => agent.close());
        const before = world.hub.pin;
        assert.is(identity.pins[0], before);
        await world.hub.close();
        await rename(join(world.folder, 'tls-next.key'), join(world.folder, 'tls.key'));
        await rm(join(world.folder, 'tls.crt'));
        await world.restartHub();
        await until('it is up again', () => agent.ups.length === 2);
        assert.is(world.hub.pin, identity.pins[1]);
        await until('the new pins were told', () => agent.pins[0]);
        assert.is(agent.pins[0]?.[0], world.hub.pin);
        assert.not(agent.pins[0]?.includes(before));
        assert.is(agent.pins.length, 1);
      }),
    patienceMs,
  );
});

/** An agent, and what it reaches the hub through. */
async function startBehind(
  world: World,
  defer: (close: () => Promise<unknown>) => void,
  identity: Identity,
  options: { deadMs?: number } = {},
) {
  const forwarder = await openForwarder(world.hub.address.port);
  defer(() => forwarder.close());
  const agent = await startUp(through(world, forwarder.port), identity, options);
  defer(() => agent.close());
  return { agent, forwarder };
}

function through(world: World, port: number): World {
  const url = new URL(world.url);
  url.port = String(port);
  return { ...world, url };
}

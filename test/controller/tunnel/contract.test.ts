/** An agent with a right key and wrong frames. */

import * as assert from 'uvu/assert';
import { openSocket } from '#agent/socket.ts';
import { emptyBody, encodeFrames, encodeHello, type Frame, noEpoch } from '#protocol/tunnel/frame.ts';
import type { SocketKind } from '#protocol/tunnel/version.ts';
import { describe } from '#test/support/describe.ts';
import { createRandom } from '#test/support/random.ts';
import { until } from '#test/support/until.ts';
import { type Identity, inWorld, opening, startAgent, startUp, summaryOf, type World } from './world.ts';

const hello = encodeHello({ version: 1, epoch: '0011223344556677', seen: noEpoch, received: 0 });
const kept = (number: number, message: object): Frame => ({
  type: 'control',
  channel: 0,
  number,
  body: Buffer.from(JSON.stringify(message)),
});
const flows = { type: 'flows', flows: [opening] };
const sip: Frame = { type: 'sip', channel: 1, number: 1, body: Buffer.from('x') };

// biome-ignore format: a table
const rows: { name: string; kind?: SocketKind; sends: (Frame[] | string | Uint8Array)[]; code: number }[] = [
  { name: 'a text message',                   sends: ['hello'],                                                  code: 1003 },
  { name: 'noise',                            sends: [createRandom(7).bytes(100)],                               code: 1002 },
  { name: 'an empty message',                 sends: [new Uint8Array(0)],                                        code: 1002 },
  { name: 'a message over 64 KiB',            sends: [new Uint8Array(65_537)],                                   code: 1009 },
  { name: 'SIP before hello',                 sends: [[sip]],                                                    code: 1002 },
  { name: 'two hellos',                       sends: [[hello], [hello]],                                         code: 1002 },
  { name: 'a number left out',                sends: [[hello, { ...sip, number: 2 }]],                           code: 1002 },
  { name: 'RTP on the signal socket',         sends: [[hello, { ...sip, type: 'rtp' }]],                         code: 1002 },
  { name: 'SIP on the media socket',          sends: [[hello, sip]],                             kind: 'media',  code: 1002 },
  { name: 'control on the media socket',      sends: [[hello, kept(1, flows)]],                  kind: 'media',  code: 1002 },
  { name: 'a control message of no type',     sends: [[hello, kept(1, { reboot: true })]],                       code: 1002 },
  { name: 'a control message of ours',        sends: [[hello, kept(1, { type: 'media.close', stream: 2 })]],     code: 1002 },
  { name: 'a flow number used twice',         sends: [[hello, kept(1, flows), kept(2, { ...opening, type: 'flow.open' })]], code: 1002 },
  { name: 'a flow to no address',             sends: [[hello, kept(1, { ...opening, type: 'flow.open', remote: { address: 'x', port: 1 } })]], code: 1002 },
  { name: 'an HTTP answer',                   sends: [[hello, { ...sip, type: 'http.answer' }]],                 code: 1002 },
  { name: 'an HTTP request that is none',     sends: [[hello, { ...sip, type: 'http.request' }]],                code: 1002 },
  { name: 'credit for what was never sent',   sends: [[hello, { type: 'http.window', channel: 0, number: 1, body: emptyBody }]], code: 1002 },
];

describe('hub, with frames out of contract', (test) => {
  for (const { name, kind = 'signal', sends, code } of rows) {
    test(`closes at ${name}`, () =>
      inWorld(async (world) => {
        const socket = await openAs(world, await world.enrol(), kind);
        const closed = new Promise<number>((resolve) => {
          socket.once('close', resolve);
        });
        for (const each of sends)
          socket.send(
            typeof each === 'string' ? each : Buffer.from(Array.isArray(each) ? encodeFrames(each) : each),
          );
        assert.is(await closed, code);
        await until('the hub is done with it', () => world.hub.agents().every(({ isUp }) => !isUp));
      }));
  }

  test('counts a control message of a later version, and goes on', () =>
    inWorld(async (world) => {
      const socket = await openAs(world, await world.enrol(), 'signal');
      const status = {
        type: 'status',
        version: '9.9.9',
        sip: [],
        http: opening.local,
        colour: 'of a later version',
      };
      socket.send(encodeFrames([hello, kept(1, { type: 'reboot', at: 9 }), kept(2, status)]));
      await until('it has the status', () => world.hub.agents()[0]?.version === '9.9.9');
      assert.is(world.hub.counters.unknownControl, 1);
      assert.ok(world.hub.agents()[0]?.isUp);
      socket.terminate();
    }));

  test('answers no ping of WebSocket itself', () =>
    inWorld(async (world) => {
      const socket = await openAs(world, await world.enrol(), 'signal');
      let pongs = 0;
      socket.on('pong', () => pongs++);
      socket.send(encodeFrames([hello]));
      for (let i = 0; i < 1_000; i++) socket.ping();
      socket.send(encodeFrames([{ type: 'ping', channel: 0, number: 9, body: emptyBody }]));
      await new Promise((resolve) => {
        socket.on('message', (message: Buffer) => message.includes(Buffer.of(4, 0, 0, 0)) && resolve(true));
      });
      assert.is(pongs, 0);
      socket.terminate();
    }));

  test('takes 4096 flows of an agent, and tells it to close the next', () =>
    inWorld(async (world, defer) => {
      const identity = await world.enrol();
      const agent = await startUp(world, identity);
      defer(() => agent.close());
      for (let flow = 3; flow < 2 * 4_096 + 3; flow += 2) {
        agent.control({
          ...opening,
          type: 'flow.open',
          flow,
          remote: { address: '10.0.0.1', port: 1_000 + flow },
        });
      }
      await until('one is refused', () => agent.controls[0]);
      assert.equal(agent.controls, [{ type: 'flow.close', flow: 2 * 4_096 + 1 }]);
      assert.is(summaryOf(world.hub, identity.agent)?.flows, 4_096);
      assert.is(world.hub.counters.flowsRefused, 1);
    }));

  test('hears a snapshot longer than a message', () =>
    inWorld(async (world, defer) => {
      const identity = await world.enrol();
      const many = Array.from({ length: 1_000 }, (_, i) => ({
        ...opening,
        flow: i + 1,
        remote: { address: '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', port: i + 1 },
      }));
      const agent = startAgent(world.url, identity, { flows: () => many });
      defer(() => agent.close());
      await until('all are known', () => summaryOf(world.hub, identity.agent)?.flows === 1_000);
      agent.sip(1_000, Buffer.from('REGISTER'));
      const { flow } = await until('the message', () => world.sip[0]);
      assert.is(flow.remote.port, 1_000);
    }));
});

async function openAs(world: World, identity: Identity, kind: SocketKind) {
  const { pins } = identity;
  const { socket } = await openSocket({ controller: world.url, pins, kind, identity, ending: 'controller' });
  socket.on('error', () => {});
  socket.resume();
  return socket;
}

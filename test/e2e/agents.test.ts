/** Agents that may not come in, may no longer stay, or do not keep to the contract. */

import { createHash } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import * as assert from 'uvu/assert';
import { runAgent } from '#agent/agent.ts';
import { enrol } from '#agent/enrol.ts';
import { openSocket } from '#agent/socket.ts';
import type { EnrolToken } from '#controller/model/model.ts';
import { openIdentity } from '#controller/tunnel/certificate.ts';
import { systemClock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { formatEnrolToken, parseEnrolToken } from '#protocol/tunnel/enrol-token.ts';
import { encodeFrames, encodeHello, type Frame, noEpoch } from '#protocol/tunnel/frame.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { agentConfig, anna, ben, enrolAt, inWorld, type World } from './world.ts';

const deadlineMs = 30_000;
const old: EnrolToken = {
  id: createHash('sha256').update('E'.repeat(43)).digest('hex'),
  site: 'berlin',
  expiresAt: Date.now() - 1,
};

async function tokenOf(world: World): Promise<string> {
  return ((await world.ask('POST', '/enrol-tokens', { site: 'berlin' })) as { token: string }).token;
}

async function refusalOf(world: World, token: string): Promise<string> {
  try {
    await enrol({ controller: new URL(world.controller.tunnel), token });
  } catch (error) {
    if (Fault.is(error)) return error.code;
    throw error;
  }
  return 'enrolled';
}

async function closed(server: Server): Promise<void> {
  await new Promise((resolve) => {
    server.close(resolve);
  });
}

describe('an agent', (test) => {
  test(
    'with a token that is spent, expired or of another controller is refused, and counted',
    async () => {
      await inWorld(
        async (world) => {
          const token = await tokenOf(world);
          const { pins } = parseEnrolToken(token);
          assert.is(await refusalOf(world, token), 'enrolled');
          assert.is(await refusalOf(world, token), 'auth.refused', 'spent');
          const expired = formatEnrolToken({ secret: 'E'.repeat(43), pins });
          assert.is(await refusalOf(world, expired), 'auth.refused', 'expired');
          const unknown = formatEnrolToken({ secret: 'F'.repeat(43), pins });
          assert.is(await refusalOf(world, unknown), 'auth.refused', 'of nobody');
          const before = await world.counter('tunnel.refused');
          const foreign = formatEnrolToken({ secret: 'F'.repeat(43), pins: ['G'.repeat(43)] });
          assert.is(await refusalOf(world, foreign), 'pin.mismatch', 'of another controller');
          assert.is(before, 3);
          assert.is(await world.counter('tunnel.refused'), before, 'it never asked');
        },
        { seed: [{ type: 'put', collection: 'enrolTokens', value: old }] },
      );
    },
    deadlineMs,
  );

  test(
    'that is revoked: its tunnel is closed within 2 s, then 401; phones hear 503',
    async () => {
      await inWorld(async (world) => {
        const desk = await world.desk('HD0001');
        const refusedBefore = await world.counter('tunnel.refused');
        const begun = performance.now();
        await world.ask('DELETE', `/agents/${world.identity.agent}`);
        await until('the tunnel is closed', () => !world.agent.isUp, 2_000);
        assert.ok(performance.now() - begun < 2_000);
        await until('it was refused', () => world.log.some((line) => line.includes('"code":"auth.refused"')));
        assert.ok((await world.counter('tunnel.refused')) > refusedBefore);
        assert.is(world.agent.isUp, false);

        const [http] = world.agent.http;
        const config = await fetch(
          `http://${http?.address}:${http?.port}/p/${'A'.repeat(22)}/001565d00001.cfg`,
        );
        assert.is(config.status, 503);
        // What waits in the link waits for 20 s: only then it is told that nobody comes.
        assert.is(await world.counter('sip.registered'), 1);
        assert.is(desk.count('registration-failed'), 0);
      });
    },
    deadlineMs,
  );

  test(
    'that dials another controller than its own sends it not a byte',
    async () => {
      await inWorld(async (world) => {
        const { key, certificate } = await openIdentity(await mkdtemp(join(world.folder, 'impostor-')));
        let bytes = 0;
        let handshakes = 0;
        const impostor = createTlsServer({ key, cert: certificate }, (socket) => {
          handshakes++;
          socket
            .on('error', () => {})
            .on('data', (chunk) => {
              bytes += chunk.length;
            });
        });
        impostor.on('tlsClientError', () => handshakes++);
        await new Promise<void>((resolve) => {
          impostor.listen(0, '127.0.0.1', resolve);
        });
        world.defer(() => closed(impostor));
        const failures: string[] = [];
        const note = (facts: object) => failures.push(String(Reflect.get(facts, 'code')));
        const misled = await runAgent({
          config: agentConfig(),
          identity: {
            ...world.identity,
            controller: new URL(`wss://127.0.0.1:${(impostor.address() as AddressInfo).port}`),
          },
          clock: systemClock,
          log: { debug() {}, info() {}, error() {}, warn: note },
        });
        world.defer(() => misled.close());
        await until('it gave up on both sockets', () => failures.length >= 2);
        assert.equal([...new Set(failures)], ['pin.mismatch']);
        await until('both came to the impostor', () => handshakes >= 2);
        assert.is(bytes, 0);
      });
    },
    deadlineMs,
  );

  const hello = encodeHello({ version: 1, epoch: '0011223344556677', seen: noEpoch, received: 0 });
  const sip: Frame = { type: 'sip', channel: 1, number: 1, body: Buffer.from('x') };
  const control = (message: object): Frame => ({
    type: 'control',
    channel: 0,
    number: 1,
    body: Buffer.from(JSON.stringify(message)),
  });
  // biome-ignore format: a table
  const breaches: { name: string; message: Uint8Array | string; code: number }[] = [
    { name: 'text',                          message: 'hello',                                           code: 1003 },
    { name: 'noise',                         message: Buffer.alloc(99, 0xfe),                            code: 1002 },
    { name: 'over 64 KiB',                   message: Buffer.alloc(65_537),                              code: 1009 },
    { name: 'SIP before hello',              message: encodeFrames([sip]),                               code: 1002 },
    { name: 'RTP on the signal socket',      message: encodeFrames([hello, { ...sip, type: 'rtp' }]),    code: 1002 },
    { name: 'a control message of no type',  message: encodeFrames([hello, control({ reboot: true })]),   code: 1002 },
    { name: 'a control message that is none', message: encodeFrames([hello, { ...control({}), body: Buffer.from('{') }]), code: 1002 },
    { name: 'a number left out',             message: encodeFrames([hello, { ...sip, number: 9 }]),      code: 1002 },
    { name: 'a request that is none',        message: encodeFrames([hello, { ...sip, type: 'http.request' }]), code: 1002 },
  ];

  test(
    'that breaks the contract is closed, and a call through another agent goes on',
    async () => {
      await inWorld(
        async (world) => {
          const [first, second] = [await world.desk('HD0001'), await world.desk('HD0002')];
          for (const [device, { extension }] of [
            ['HD0001', anna],
            ['HD0002', ben],
          ] as const) {
            await world.ask('POST', '/sessions', { device, extension });
            await world.changedOver(device);
          }
          second.phone.autoAnswer(true);
          first.phone.call(ben.extension);
          await first.saw('answered');

          const url = new URL(world.controller.tunnel);
          const identity = await enrolAt(world.ask, url);
          for (const { name, message, code } of breaches) {
            const { pins } = identity;
            const way = { controller: url, pins, kind: 'signal', identity, ending: 'controller' } as const;
            const { socket } = await openSocket(way);
            const end = new Promise<number>((resolve) => {
              socket.once('close', resolve);
            });
            socket.resume();
            socket.send(message);
            assert.is(await end, code, name);
          }
          // A revoked agent hears 1008 at once: see above. Nobody else noticed anything.
          assert.ok(world.agent.isUp);
          const mark = second.mark();
          first.phone.tone(697);
          await second.saw('tone', { hz: 697 }, mark);
          first.phone.hangUp();
          await second.saw('ended', { by: 'them' }, mark);
        },
        { desks: 2 },
      );
    },
    deadlineMs,
  );
});

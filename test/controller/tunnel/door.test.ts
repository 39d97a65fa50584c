/** Who gets in, and what everybody else is told. */

import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { createServer } from 'node:tls';
import * as assert from 'uvu/assert';
import { enrol } from '#agent/enrol.ts';
import { openIdentity } from '#controller/tunnel/certificate.ts';
import { createNonces } from '#controller/tunnel/nonces.ts';
import { Fault } from '#protocol/fault.ts';
import { formatEnrolToken, parseEnrolToken } from '#protocol/tunnel/enrol-token.ts';
import { signProof } from '#protocol/tunnel/proof.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { exchange, exchangePlain, materialOf, post, proofOn, signed, upgradeRequest } from './raw.ts';
import { type Identity, inWorld, startAgent, startUp, type World } from './world.ts';

const refusal = 'HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
const signal = '/v1/tunnel/signal';

describe('upgrade', (test) => {
  type Row = {
    name: string;
    request(socket: TLSSocket, known: Identity): string;
    before?: (world: World, known: Identity) => Promise<unknown>;
  };
  const stranger = generateKeyPairSync('ed25519').privateKey;
  const rows: Row[] = [
    { name: 'without a proof', request: () => upgradeRequest(signal, undefined) },
    { name: 'with noise for a proof', request: () => upgradeRequest(signal, 'Hotdesk agent=1,over=luck') },
    { name: 'with a password', request: () => upgradeRequest(signal, 'Basic YWRtaW46YWRtaW4=') },
    {
      name: 'of an agent nobody knows',
      request: (socket) => upgradeRequest(signal, proofOn(socket, 'signal', '0123456789abcdef', stranger)),
    },
    {
      name: 'of an agent by another key',
      request: (socket, { agent }) => upgradeRequest(signal, proofOn(socket, 'signal', agent, stranger)),
    },
    {
      name: 'of an agent that is revoked',
      before: (world, { agent }) => world.hub.revoke(agent),
      request: (socket, { agent, privateKey }) =>
        upgradeRequest(signal, proofOn(socket, 'signal', agent, privateKey)),
    },
    {
      name: 'with the proof of another kind of socket',
      request: (socket, { agent, privateKey }) =>
        upgradeRequest(signal, proofOn(socket, 'media', agent, privateKey)),
    },
    {
      name: 'with a proof over a nonce, where there is TLS',
      request: (_, { agent, privateKey }) =>
        upgradeRequest(signal, signProof('signal', agent, { type: 'nonce', nonce: 'abc' }, privateKey)),
    },
    {
      name: 'with a signature over the exporter alone',
      request: (socket, { agent, privateKey }) =>
        upgradeRequest(
          signal,
          `Hotdesk agent=${agent},over=exporter,signature=${signed(privateKey, materialOf(socket))}`,
        ),
    },
  ];
  for (const { name, request, before } of rows) {
    test(`is refused ${name}, with the same bytes`, () =>
      inWorld(async (world) => {
        const known = await world.enrol();
        await before?.(world, known);
        assert.is(await exchange(world, (socket) => request(socket, known)), refusal);
        assert.is(world.hub.counters.refused, 1);
      }));
  }

  test('is let in with the right proof, which is good on its own connection only', () =>
    inWorld(async (world) => {
      const { agent, privateKey } = await world.enrol();
      let taken = '';
      const answer = await exchange(world, (socket) => {
        taken = upgradeRequest(signal, proofOn(socket, 'signal', agent, privateKey));
        return taken;
      });
      assert.ok(answer.startsWith('HTTP/1.1 101'));
      assert.ok(answer.includes('Sec-WebSocket-Protocol: hotdesk.v1'));
      assert.not(answer.includes('Sec-WebSocket-Extensions'));
      assert.is(await exchange(world, taken), refusal);
    }));

  test('is told the version when it has a right proof and another subprotocol', () =>
    inWorld(async (world) => {
      const { agent, privateKey } = await world.enrol();
      const answer = await exchange(world, (socket) =>
        upgradeRequest(signal, proofOn(socket, 'signal', agent, privateKey), 'hotdesk.v2'),
      );
      assert.ok(answer.startsWith('HTTP/1.1 426'));
    }));

  test('with a compression offered gets none', () =>
    inWorld(async (world) => {
      const { agent, privateKey } = await world.enrol();
      const answer = await exchange(world, (socket) =>
        upgradeRequest(signal, proofOn(socket, 'signal', agent, privateKey)).replace(
          'Host',
          'Sec-WebSocket-Extensions: permessage-deflate\r\nHost',
        ),
      );
      assert.ok(answer.startsWith('HTTP/1.1 101'));
      assert.not(answer.includes('permessage-deflate'));
    }));
});

describe('enrolment', (test) => {
  const publicKey = 'A'.repeat(43);
  const body = (fields: object) => post('/v1/enrol', JSON.stringify(fields));

  test('spends a token once', () =>
    inWorld(async (world) => {
      const token = await world.hub.createEnrolToken('berlin');
      const identity = await enrol({ controller: world.url, token });
      assert.is(identity.site, 'berlin');
      assert.is(identity.pins[0], world.hub.pin);
      assert.is(await faultOf(enrol({ controller: world.url, token })), 'auth.refused');
      assert.is(world.store.list('agents').length, 1);
    }));

  test('makes one agent when two spend a token at once', () =>
    inWorld(async (world) => {
      const token = await world.hub.createEnrolToken('berlin');
      const tries = await Promise.allSettled([1, 2, 3].map(() => enrol({ controller: world.url, token })));
      assert.is(tries.filter(({ status }) => status === 'fulfilled').length, 1);
      assert.is(world.store.list('agents').length, 1);
    }));

  test('keeps no more of a token than its hash', () =>
    inWorld(async (world) => {
      const { secret } = parseEnrolToken(await world.hub.createEnrolToken('berlin'));
      assert.not(JSON.stringify(world.store.list('enrolTokens')).includes(secret));
    }));

  test('ends after ten minutes', () => {
    const clock = createFakeClock();
    const wall = () => clock.wall();
    return inWorld(
      async (world) => {
        const token = await world.hub.createEnrolToken('berlin');
        const other = await world.hub.createEnrolToken('berlin');
        clock.advance(10 * 60_000 - 1);
        await enrol({ controller: world.url, token });
        clock.advance(1);
        assert.is(await faultOf(enrol({ controller: world.url, token: other })), 'auth.refused');
      },
      { clock: { now: () => performance.now(), after: (ms, run) => later(ms, run), wall } },
    );
  });

  const rows: { name: string; request(secret: string): string }[] = [
    { name: 'an unknown token', request: () => body({ secret: 'B'.repeat(43), publicKey }) },
    { name: 'no public key', request: (secret) => body({ secret }) },
    { name: 'a public key that is none', request: (secret) => body({ secret, publicKey: 'x' }) },
    { name: 'a field of its own', request: (secret) => body({ secret, publicKey, site: 'wien' }) },
    { name: 'no JSON', request: () => post('/v1/enrol', '{') },
    { name: 'too much', request: () => post('/v1/enrol', ' '.repeat(4_097)) },
  ];
  for (const { name, request } of rows) {
    test(`refuses ${name}, with the same bytes`, () =>
      inWorld(async (world) => {
        const { secret } = parseEnrolToken(await world.hub.createEnrolToken('berlin'));
        assert.is(await exchange(world, request(secret)), refusal);
        assert.is(world.store.list('agents').length, 0);
      }));
  }

  test('refuses a token of another controller before anything is sent to it', () =>
    inWorld((world) =>
      inWorld(async (other) => {
        const token = await other.hub.createEnrolToken('berlin');
        assert.is(await faultOf(enrol({ controller: world.url, token })), 'pin.mismatch');
        assert.is(world.hub.counters.refused, 0);
      }),
    ));

  test('needs a site, and a token in one piece', () =>
    inWorld(async (world) => {
      assert.is(await faultOf(world.hub.createEnrolToken('nowhere')), 'not.found');
      assert.is(await faultOf(enrol({ controller: world.url, token: 'hd1.abc' })), 'input.invalid');
    }));

  test('spends nothing when the store fails', () =>
    inWorld(async (world) => {
      const token = await world.hub.createEnrolToken('berlin');
      world.store.failWith = new Fault('store.failed', 'disk full');
      assert.is(await faultOf(enrol({ controller: world.url, token })), 'unavailable');
      world.store.failWith = undefined;
      await enrol({ controller: world.url, token });
    }));
});

describe('the pin', (test) => {
  test('of another key: not a byte of ours is sent', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hotdesk-pin-'));
    const { key, certificate } = await openIdentity(folder);
    let dialled = 0;
    let bytes = 0;
    const imposter = createServer({ key, cert: certificate }, (socket) => {
      socket.on('data', (chunk) => {
        bytes += chunk.length;
      });
      socket.on('error', () => {});
    });
    imposter.on('tlsClientError', () => {});
    imposter.on('connection', () => dialled++);
    await new Promise<void>((resolve) => {
      imposter.listen(0, '127.0.0.1', resolve);
    });
    const url = new URL(`wss://127.0.0.1:${(imposter.address() as AddressInfo).port}`);
    const { privateKey } = generateKeyPairSync('ed25519');
    const pins = ['A'.repeat(43), 'B'.repeat(43)];
    const token = formatEnrolToken({ secret: 'C'.repeat(43), pins });
    assert.is(await faultOf(enrol({ controller: url, token })), 'pin.mismatch');
    const failures: object[] = [];
    const log = { debug() {}, info() {}, error() {}, warn: (facts: object) => failures.push(facts) };
    const agent = startAgent(url, { agent: '0123456789abcdef', privateKey, pins }, { log });
    await until('both sockets were tried', () => failures.length > 2);
    await agent.close();
    assert.ok(failures.every((facts) => 'code' in facts && facts.code === 'pin.mismatch'));
    assert.ok(dialled > 2);
    assert.is(bytes, 0);
    await new Promise((resolve) => {
      imposter.close(resolve);
    });
    await rm(folder, { recursive: true });
  });
});

describe('behind a TLS proxy, or on loopback', (test) => {
  const plain = { plain: { pins: [] } };

  test('an agent proves itself over a nonce', () =>
    inWorld(async (world, defer) => {
      const agent = await startUp(world, await world.enrol());
      defer(() => agent.close());
      agent.sip(1, Buffer.from('REGISTER'));
      await until('the message', () => world.sip.length > 0);
      agent.rtp(1, Buffer.from('x'));
    }, plain));

  test('a nonce is good once, and the exporter never', () =>
    inWorld(async (world) => {
      const { agent, privateKey } = await world.enrol();
      const nonce =
        (await exchangePlain(world, 'GET /v1/nonce HTTP/1.1\r\nHost: x\r\n\r\n')).split('\r\n\r\n')[1] ?? '';
      const request = upgradeRequest(
        signal,
        signProof('signal', agent, { type: 'nonce', nonce }, privateKey),
      );
      assert.ok((await exchangePlain(world, request)).startsWith('HTTP/1.1 101'));
      assert.is(await exchangePlain(world, request), refusal);
      const exporter = signProof(
        'signal',
        agent,
        { type: 'exporter', material: Buffer.alloc(32) },
        privateKey,
      );
      assert.is(await exchangePlain(world, upgradeRequest(signal, exporter)), refusal);
    }, plain));

  test('plain is refused to anywhere else, unless it is allowed', async () => {
    const token = formatEnrolToken({ secret: 'C'.repeat(43), pins: [] });
    for (const host of ['192.0.2.1', 'hotdesk.example', '[2001:db8::1]', '[::ffff:192.0.2.1]', '0.0.0.0']) {
      assert.is(await faultOf(enrol({ controller: new URL(`ws://${host}:1`), token })), 'forbidden', host);
    }
    assert.is(await faultOf(enrol({ controller: new URL('ws://127.0.0.1:1'), token })), 'unavailable');
    assert.is(await faultOf(enrol({ controller: new URL('http://127.0.0.1:1'), token })), 'input.invalid');
  });
});

describe('nonces', (test) => {
  test('end after 30 s, and are good once', () => {
    const clock = createFakeClock();
    const nonces = createNonces(clock);
    const [used, late] = [nonces.create(), nonces.create()];
    clock.advance(29_000);
    assert.equal([nonces.use(used), nonces.use(used)], [true, false]);
    clock.advance(1_000);
    assert.not(nonces.use(late));
    assert.not(createNonces(clock).use(nonces.create()), 'of another process');
    for (const noise of ['', 'x', `${used}x`, used.replace(/^\d+/, '9999999999999')])
      assert.not(nonces.use(noise), noise);
  });

  test('are refused rather than remembered without bound', () => {
    const clock = createFakeClock();
    const nonces = createNonces(clock);
    for (let i = 0; i < 10_000; i++) assert.ok(nonces.use(nonces.create()));
    assert.not(nonces.use(nonces.create()));
    clock.advance(30_000);
    assert.ok(nonces.use(nonces.create()));
  });
});

async function faultOf(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.catch((error: unknown) => error);
  return Fault.is(outcome) ? outcome.code : `no fault: ${String(outcome)}`;
}

function later(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

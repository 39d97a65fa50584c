/** TCP and TLS towards a PBX, on real sockets: framing, connections lost and made again, whom is believed. */

import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import * as assert from 'uvu/assert';
import { createEndpoints } from '#controller/sip/upstream/endpoints.ts';
import { openStreams, type StreamsOptions } from '#controller/sip/upstream/streams.ts';
import { createSiteCas } from '#controller/tunnel/site-ca.ts';
import { systemClock } from '#protocol/clock.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { configured } from './pbx.ts';

const here = '127.0.0.1';
const message = Buffer.from(
  [
    'OPTIONS sip:x SIP/2.0',
    'Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1',
    'From: <sip:a@b>;tag=1',
    'To: <sip:x>',
    'Call-ID: 1',
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n'),
);

async function open(server: Server, options: Partial<StreamsOptions> = {}) {
  server.listen(0, here);
  await once(server, 'listening');
  const sockets: Socket[] = [];
  server.on(
    server instanceof Object && 'setSecureContext' in server ? 'secureConnection' : 'connection',
    (socket: Socket) => {
      socket.on('error', () => undefined);
      sockets.push(socket);
    },
  );
  const heard: string[] = [];
  const errors: string[] = [];
  const lost: string[] = [];
  const endpoint = await openStreams({
    local: { address: here, port: 0 },
    clock: systemClock,
    isKnown: () => true,
    onMessage: ({ port }, bytes) => void heard.push(`${port} ${bytes.length}`),
    onError: (error) => void errors.push(error.message),
    onLost: ({ port }, wasUp) => void lost.push(`${port} ${wasUp}`),
    ...options,
  });
  const remote = { address: here, port: (server.address() as { port: number }).port };
  return {
    endpoint,
    remote,
    sockets,
    heard,
    errors,
    lost,
    async close() {
      endpoint.close();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function authority() {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-upstream-'));
  const cas = createSiteCas({ folder, clock: systemClock });
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const tlsKey = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const cert = await cas.sign({ site: 'pbx', tlsKey, addresses: [here] });
  const ca = await cas.certificateOf('pbx');
  const other = await cas.certificateOf('other');
  await rm(folder, { recursive: true });
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }), cert, ca, other };
}

describe('controller/sip/upstream: TCP and TLS', (test) => {
  test('one connection for all that is sent, answers over it, in pieces and several at once', async () => {
    const { endpoint, remote, sockets, heard, close } = await open(createServer());
    endpoint.send(remote, message);
    endpoint.send(remote, message);
    const socket = await until('a connection', () => sockets[0]);
    for (const byte of message) socket.write(Buffer.of(byte));
    socket.write(Buffer.concat([message, message]));
    await until('three', () => heard.length === 3);
    assert.equal(new Set(heard), new Set([`${remote.port} ${message.length}`]));
    assert.is(sockets.length, 1);
    await close();
  });

  test('a lost connection is made again by the next message', async () => {
    const { endpoint, remote, sockets, heard, close } = await open(createServer());
    endpoint.send(remote, message);
    (await until('a connection', () => sockets[0])).destroy();
    await until('another', () => {
      endpoint.send(remote, message);
      return sockets.length > 1;
    });
    sockets.at(-1)?.write(message);
    await until('heard', () => heard.length === 1);
    await close();
  });

  test('who breaks the frame is cut off', async () => {
    const { endpoint, remote, sockets, errors, close } = await open(createServer());
    endpoint.send(remote, message);
    const socket = await until('a connection', () => sockets[0]);
    const ended = once(socket, 'close');
    socket.resume().write('OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP b;branch=z9hG4bK1\r\n\r\n');
    await ended;
    assert.is(errors.length, 1);
    await close();
  });

  test('the PBX may call over a connection of its own; a stranger may not connect', async () => {
    let isKnown = true;
    const { endpoint, heard, close } = await open(createServer(), { isKnown: () => isKnown });
    const caller = connect(endpoint.local.port, here);
    caller.write(message);
    await until('heard', () => heard.length === 1);
    isKnown = false;
    const stranger = connect(endpoint.local.port, here).resume();
    stranger.on('error', () => undefined);
    await once(stranger, 'close');
    assert.is(heard.length, 1);
    caller.destroy();
    await close();
  });

  test('TLS: an upstream that has another name is verified by that one', async () => {
    const endpoints = createEndpoints({
      clock: systemClock,
      isKnown: () => false,
      onMessage: () => undefined,
      onLost: () => undefined,
      onError: () => undefined,
    });
    const addresses = [{ address: '127.0.0.1', port: 5061 }];
    const named = (domain: string) =>
      endpoints.acquire(configured({ id: 'pbx', mode: 'trunk', transport: 'tls', addresses, domain }));
    const [old, same, renamed] = [
      await named('a.invalid'),
      await named('a.invalid'),
      await named('b.invalid'),
    ];
    assert.is(same.endpoint, old.endpoint);
    assert.is.not(renamed.endpoint, old.endpoint);
    for (const each of [old, same, renamed]) each.release();
    endpoints.close();
  });

  test('TLS: by the authority that is configured, and by no other', async () => {
    const { key, cert, ca, other } = await authority();
    const good = await open(createTlsServer({ key, cert }), { tls: { name: here, ca } });
    good.endpoint.send(good.remote, message);
    const socket = await until('a connection', () => good.sockets[0]);
    socket.write(message);
    await until('heard', () => good.heard.length === 1);
    await good.close();

    for (const tls of [{ name: here, ca: other }, { name: here }, { name: 'pbx.example', ca }]) {
      const bad = await open(createTlsServer({ key, cert }), { tls });
      bad.endpoint.send(bad.remote, message);
      await until('refused', () => bad.errors.length > 0);
      assert.is(bad.heard.length, 0);
      await bad.close();
    }
  }, 10_000);
});

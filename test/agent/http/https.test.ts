/** Provisioning over TLS: with a certificate that comes later, and with what phones show of themselves. */

import { once } from 'node:events';
import { request } from 'node:https';
import { connect, createServer } from 'node:net';
import * as assert from 'uvu/assert';
import { listenRelay, type RelayOptions } from '#agent/http/relay.ts';
import type { Credentials } from '#agent/tls-door.ts';
import type { HostPort } from '#protocol/address.ts';
import { createFakeTunnel, silent, toAnswer } from '#test/agent/fake-tunnel.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { openFactory, type PhoneIdentity } from '#test/support/factory.ts';
import { until } from '#test/support/until.ts';

const path = '/p/AAAAAAAAAAAAAAAAAAAAAA/001565123456.cfg';
const factory = await openFactory();
const agent = await factory.makePhone('CN=127.0.0.1');
const phone = await factory.makePhone('CN=001565123456');
const at = { address: '127.0.0.1', port: 0 };

async function openWorld(options: Partial<RelayOptions> = {}) {
  const tunnel = createFakeTunnel();
  tunnel.answer = () => Promise.resolve(toAnswer(200, 'config', { 'content-length': '6' }));
  let show: (credentials: Credentials) => void = () => {};
  const shown = new Promise<Credentials>((resolve) => {
    show = resolve;
  });
  let isAsked = false;
  const credentials = () => {
    isAsked = true;
    return shown;
  };
  const relay = await listenRelay({
    listen: [at],
    tls: { listen: [at], credentials, isWished: true },
    uplink: tunnel,
    clock: createFakeClock(),
    log: silent,
    readTable: () => Promise.resolve(''),
    ...options,
  });
  return { tunnel, relay, show, isAsked: () => isAsked, at: relay.tlsAddresses[0] as HostPort };
}

/** What a phone that trusts its site's CA gets. */
async function fetchBy({ address, port }: HostPort, identity?: PhoneIdentity): Promise<string> {
  const asked = request({
    ...{ host: address, port, path, agent: false, ca: factory.ca, checkServerIdentity: () => undefined },
    ...(identity && { cert: identity.cert, key: identity.key }),
  });
  const done = once(asked, 'response');
  asked.end();
  const [response] = await done;
  let text = `${response.statusCode} `;
  for await (const part of response) text += String(part);
  return text;
}

describe('provisioning over HTTPS', (test) => {
  test('a phone waits for our certificate, and needs to show none', async () => {
    const { tunnel, relay, show, at, isAsked } = await openWorld();
    const fetched = fetchBy(at);
    await until('it has connected', () => isAsked());
    assert.equal(tunnel.requests, []);
    show(agent);
    assert.is(await fetched, '200 config');
    assert.is(tunnel.requests[0]?.certificate, undefined);
    assert.is(tunnel.requests[0]?.path, path);
    await relay.close();
  });

  test('what it shows goes to the controller, whoever signed it', async () => {
    const { tunnel, relay, show, at } = await openWorld();
    show(agent);
    assert.is(await fetchBy(at, phone), '200 config');
    assert.is(tunnel.requests[0]?.certificate, phone.der);
    const foreign = await (await openFactory('Nobody')).makePhone('CN=001565123499');
    assert.is(await fetchBy(at, foreign), '200 config');
    assert.is(tunnel.requests[1]?.certificate, foreign.der);
    await relay.close();
  });

  test('the same 404 for what is no config', async () => {
    const { tunnel, relay, show, at } = await openWorld();
    show(agent);
    tunnel.answer = () => Promise.resolve(toAnswer(403, 'why'));
    assert.is(await fetchBy(at), '404 not found\n');
    await relay.close();
  });

  test('no TLS at all, and no certificate of ours: closed and counted', async () => {
    const { relay, show, at } = await openWorld();
    show(agent);
    const plain = connect(at.port, at.address);
    plain.on('error', () => {});
    plain.end(`GET ${path} HTTP/1.1\r\n\r\n`);
    plain.resume();
    await once(plain, 'close');
    await until('it is counted', () => relay.counters.handshakesFailed === 1);
    await relay.close();

    const none = await openWorld({
      tls: {
        listen: [{ ...at, port: 0 }],
        credentials: () => Promise.reject(new Error('none')),
        isWished: true,
      },
    });
    const socket = connect(none.at.port, none.at.address);
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'close');
    assert.is(none.relay.counters.handshakesFailed, 1);
    await none.relay.close();
  });

  test('one address has so many connections, whether they speak or not', async () => {
    const { relay, at } = await openWorld({ maxConnectionsPerSource: 2 });
    const sockets = Array.from({ length: 3 }, () => connect(at.port, at.address));
    for (const socket of sockets) socket.on('error', () => {}).resume();
    await until('one too many', () => relay.counters.overLimit === 1);
    for (const socket of sockets) socket.destroy();
    await relay.close();
  });

  test('a port that another has: without HTTPS, unless that port was chosen', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const tls = { listen: [{ ...at, port }], credentials: () => Promise.resolve(agent) };
    const { relay } = await openWorld({ tls: { ...tls, isWished: false } });
    assert.equal([relay.addresses.length, relay.tlsAddresses], [1, []]);
    await relay.close();
    let code = '';
    await openWorld({ tls: { ...tls, isWished: true } }).catch((error: NodeJS.ErrnoException) => {
      code = error.code ?? '';
    });
    assert.is(code, 'EADDRINUSE');
    other.close();
  });
});

/** Phones by TLS: who trusts the site's CA is served, and the certificate is renewed in time. */

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import * as assert from 'uvu/assert';
import type { SipSocketsOptions } from '#agent/sip/sockets.ts';
import { createSiteCas } from '#controller/tunnel/site-ca.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { ok, openWorld, type Peer, toText, watch } from './stream-phones.ts';

describe('SIP over TLS', (test) => {
  /** The agent's side, a CA that signs for it as the controller would, and phones. */
  async function openSecure(options: Partial<SipSocketsOptions> = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'hotdesk-ca-'));
    let asked = 0;
    let isAnswered = true;
    const world = await openWorld({
      ...options,
      onStatus: () => {
        asked++;
        if (isAnswered) void answer();
      },
    });
    const cas = createSiteCas({ folder, clock: world.clock });
    async function answer() {
      const tlsKey = world.sip.certificate.key ?? '';
      world.sip.certificate.signed(await cas.sign({ site: 'berlin', tlsKey, addresses: ['127.0.0.1'] }));
    }
    const peers: Peer[] = [];
    return {
      ...world,
      folder,
      cas,
      asked: () => asked,
      answers(yes: boolean) {
        isAnswered = yes;
      },
      async connectTls(more: object = {}) {
        const ca = await cas.certificateOf('berlin');
        const { address: host, port } = world.at.tls;
        const peer = watch(connectTls({ host, port, ca, ...more }));
        peers.push(peer);
        return peer;
      },
      async close() {
        for (const { socket } of peers) socket.destroy();
        await world.close();
        await rm(folder, { recursive: true });
      },
    };
  }

  test('a phone that trusts the site CA and checks the address is served', async () => {
    const { connectTls, came, sip, tunnel, at, folder, asked, close } = await openSecure();
    const [phone, other] = [await connectTls(), await connectTls({ maxVersion: 'TLSv1.2' })];
    phone.socket.write(toText('REGISTER', 'a'));
    await came(1);
    other.socket.write(toText('REGISTER', 'b'));
    await came(2);
    const [opened] = tunnel.controls;
    assert.ok(opened?.type === 'flow.open' && opened.transport === 'tls');
    assert.equal(opened.local, at.tls);
    sip.relay.send(1, ok);
    await until('the answer', () => phone.heard() === ok.toString());
    assert.is(asked(), 1, 'one key and one certificate for all');
    for (const name of ['berlin.key', 'berlin.crt']) {
      assert.is((await stat(join(folder, 'site-ca', name))).mode & 0o777, 0o600);
    }
    phone.socket.end();
    await until('its flow ends', () => tunnel.controls.some(({ type }) => type === 'flow.close'));
    await close();
  });

  // biome-ignore format: a table
  const refused: [what: string, more: object][] = [
    ['trusts another CA',   { ca: [] }],
    ['speaks TLS 1.1',      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }],
    ['speaks no TLS',       { plain: true }],
  ];
  for (const [what, more] of refused) {
    test(`who ${what} has no flow`, async () => {
      const { connectTls, at, tunnel, close } = await openSecure();
      const phone = 'plain' in more ? watch(connectTcp(at.tls.port, at.tls.address)) : await connectTls(more);
      phone.socket.write(toText('REGISTER', 'a'));
      await until('the end', () => phone.isEnded());
      assert.equal(tunnel.controls, []);
      phone.socket.destroy();
      await close();
    });
  }

  test('before there is a certificate phones wait, for 30 s', async () => {
    const { connectTls, answers, asked, clock, counted, counters, close } = await openSecure();
    answers(false);
    const phone = await connectTls();
    await until('asked', () => asked() === 1);
    clock.advance(30_000);
    await counted('handshakesFailed');
    await until('the end', () => phone.isEnded());
    answers(true);
    const next = await connectTls();
    next.socket.write(toText('REGISTER', 'a'));
    await until('it came', () => counters.received === 1);
    assert.is(asked(), 2);
    await close();
  });

  test('renewed before its end, in time, for a new key', async () => {
    const { connectTls, came, asked, clock, sip, close } = await openSecure({ renewMs: 89 * day });
    const phone = await connectTls();
    phone.socket.write(toText('REGISTER', 'a'));
    await came(1);
    const { key } = sip.certificate;
    clock.advance(day - 1);
    assert.is(asked(), 1);
    clock.advance(1);
    await until('asked again', () => asked() === 2);
    assert.is.not(sip.certificate.key, key);
    const next = await connectTls();
    next.socket.write(toText('REGISTER', 'b'));
    await came(2);
    await close();
  });
});

const day = 86_400_000;

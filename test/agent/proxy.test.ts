/** The way through an office's web proxy: a real one, and each way it goes wrong. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { ask, dial, download, type Way } from '#agent/dial.ts';
import { maskProxy, proxyFor, readProxy } from '#agent/proxy.ts';
import { site } from '#controller/model/model.ts';
import { openIdentity } from '#controller/tunnel/certificate.ts';
import { listenHub } from '#controller/tunnel/hub.ts';
import { systemClock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { silent } from '#test/agent/fake-tunnel.ts';
import { type ConnectProxyOptions, openConnectProxy } from '#test/support/connect-proxy.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
import { until } from '#test/support/until.ts';

const main = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));
const at = 'wss://controller.example:8443';

describe('which proxy', (test) => {
  const proxy = 'http://proxy.example:3128';
  // biome-ignore format: a table
  const rows: [what: string, env: Record<string, string>, controller: string, expected: string | undefined][] = [
    ['none where none is named',       {},                                             at, undefined],
    ['of capitals',                    { HTTPS_PROXY: proxy },                         at, 'proxy.example:3128'],
    ['small letters go first',         { https_proxy: 'http://a:1', HTTPS_PROXY: proxy }, at, 'a:1'],
    ['an empty one is none',           { https_proxy: '', HTTPS_PROXY: '' },           at, undefined],
    ['without a scheme',               { HTTPS_PROXY: 'proxy.example:3128' },          at, 'proxy.example:3128'],
    ['of plain HTTP: not ours',        { HTTP_PROXY: proxy },                          at, undefined],
    ['not for ws',                     { HTTPS_PROXY: proxy },                         'ws://controller.example', undefined],
    ['not for loopback',               { HTTPS_PROXY: proxy },                         'wss://127.0.0.1:1', undefined],
    ['not for loopback, version 6',    { HTTPS_PROXY: proxy },                         'wss://[::1]:1', undefined],
    ['not for localhost',              { HTTPS_PROXY: proxy },                         'wss://localhost:1', undefined],
    ['exempt: all',                    { HTTPS_PROXY: proxy, NO_PROXY: '*' },          at, undefined],
    ['exempt: the name',               { HTTPS_PROXY: proxy, NO_PROXY: 'a, controller.EXAMPLE' }, at, undefined],
    ['exempt: its domain',             { HTTPS_PROXY: proxy, no_proxy: 'example' },    at, undefined],
    ['exempt: its domain with a dot',  { HTTPS_PROXY: proxy, no_proxy: '.example' },   at, undefined],
    ['exempt: name and port',          { HTTPS_PROXY: proxy, no_proxy: 'controller.example:8443' }, at, undefined],
    ['exempt: another port',           { HTTPS_PROXY: proxy, no_proxy: 'controller.example:443' }, at, 'proxy.example:3128'],
    ['exempt: half a word',            { HTTPS_PROXY: proxy, no_proxy: 'ler.example' }, at, 'proxy.example:3128'],
    ['exempt: an address',             { HTTPS_PROXY: proxy, no_proxy: '192.0.2.1' },  'wss://192.0.2.1', undefined],
    ['exempt: a network',              { HTTPS_PROXY: proxy, no_proxy: '192.0.2.0/24' }, 'wss://192.0.2.1', undefined],
    ['exempt: another network',        { HTTPS_PROXY: proxy, no_proxy: '192.0.3.0/24' }, 'wss://192.0.2.1', 'proxy.example:3128'],
    ['exempt: no network at all',      { HTTPS_PROXY: proxy, no_proxy: '192.0.2.0/99' }, 'wss://192.0.2.1', 'proxy.example:3128'],
    ['exempt: a network, version 6',   { HTTPS_PROXY: proxy, no_proxy: '2001:db8::/32' }, 'wss://[2001:db8::1]', undefined],
  ];
  for (const [what, env, controller, expected] of rows) {
    test(what, () => assert.is(proxyFor(new URL(controller), env)?.host, expected));
  }

  test('the configuration is over the environment', () => {
    assert.is(proxyFor(new URL(at), { HTTPS_PROXY: proxy }, 'none'), undefined);
    assert.is(proxyFor(new URL(at), { HTTPS_PROXY: proxy }, 'http://b:2')?.host, 'b:2');
  });

  test('what is no proxy is refused, and not repeated', () => {
    for (const wrong of ['socks5://name:hush@proxy', 'http://', 'http://name:hush@:x']) {
      try {
        readProxy(wrong, 'HTTPS_PROXY');
        assert.unreachable(wrong);
      } catch (error) {
        assert.ok(Fault.is(error, 'input.invalid'), String(error));
        assert.match(error.message, /^HTTPS_PROXY: it is like/);
        assert.not.match(error.message, /hush/);
      }
    }
  });

  test('shown without credentials', () => {
    assert.is(maskProxy('http://name:hush@proxy.example:3128'), 'http://***@proxy.example:3128');
    assert.is(maskProxy('proxy.example'), 'http://proxy.example');
  });
});

describe('through a proxy', (test) => {
  /** A TLS server with a pin, and `way` to it by a name that only the proxy knows. */
  async function inOffice(
    options: ConnectProxyOptions,
    story: (way: Way, proxy: Awaited<ReturnType<typeof openConnectProxy>>) => Promise<void>,
  ) {
    const folder = await mkdtemp(join(tmpdir(), 'hotdesk-proxy-'));
    const { key, certificate, pin } = await openIdentity(folder);
    const server = createServer({ key, cert: certificate }, (_, response) => response.end('hello'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const proxy = await openConnectProxy(options);
    const controller = new URL(`wss://controller.test:${port}`);
    try {
      await story({ controller, pins: [pin], proxy: proxy.url }, proxy);
    } finally {
      await proxy.close();
      server.close();
      server.closeAllConnections();
      await rm(folder, { recursive: true });
    }
  }

  test('the name is the proxy’s to look up, the key is ours to check', () =>
    inOffice({ credentials: 'name:pass%20word' }, async (way, proxy) => {
      // The URL has it percent-encoded, the header as it is.
      const open = await openConnectProxy({ credentials: 'name:pass word' });
      const through = new URL(open.url.href.replace('pass word', 'pass%20word'));
      assert.is((await ask({ ...way, proxy: through }, { method: 'GET', path: '/' })).text, 'hello');
      assert.equal(open.asked, [
        { to: way.controller.host, authorization: `Basic ${btoa('name:pass word')}` },
      ]);
      await open.close();
      assert.equal(proxy.asked, []);
    }));

  test('a download goes the same way', () =>
    inOffice({}, async (way, { asked }) => {
      assert.is(String(await download(way, '/bundle/agent.mjs', 5)), 'hello');
      assert.equal(asked, [{ to: way.controller.host, authorization: undefined }]);
    }));

  test('a proxy that opens TLS is told by the pin', () =>
    inOffice({}, async (way) => {
      const fault = await faultOf(dial({ ...way, pins: ['A'.repeat(43)] }));
      assert.is(fault.code, 'pin.mismatch');
      assert.match(fault.message, /the proxy opens TLS/);
    }));

  // biome-ignore format: a table
  const wrong: [what: string, options: ConnectProxyOptions, says: RegExp][] = [
    ['wants credentials',       { credentials: 'name:other' },  /answers 407; it wants another name and password/],
    ['forbids',                 { status: 403 },                /answers 403; it forbids that/],
    ['does not know the name',  { status: 502 },                /answers 502; .*does not know its name/],
    ['is of another mind',      { status: 418 },                /answers 418; it does not let us through/],
    ['says nothing',            { hangs: true },                /no answer/],
  ];
  for (const [what, options, says] of wrong) {
    test(`one that ${what}`, () =>
      inOffice(options, async (way, { url }) => {
        const through = new URL(url);
        through.username = 'name';
        through.password = 'hush';
        const fault = await faultOf(
          dial({ ...way, proxy: through, ...(options.hangs && { timeoutMs: 200 }) }),
        );
        assert.is(fault.code, 'unavailable');
        assert.match(fault.message, says);
        assert.match(fault.message, `***@${url.host}`);
        assert.not.match(fault.message, 'hush');
      }));
  }

  test('one that is not there', () =>
    inOffice({}, async (way, proxy) => {
      await proxy.close();
      const fault = await faultOf(dial(way));
      assert.is(fault.code, 'unavailable');
      assert.match(fault.message, /the proxy http:.*ECONNREFUSED/);
      // Closed by the story already.
      Object.assign(proxy, { close: () => Promise.resolve() });
    }));

  test('one whose other end says nothing: the time is for all of it', () =>
    inOffice({}, async (way) => {
      const mute = await openConnectProxy({ hangs: true });
      const proxy = await openConnectProxy({ leadsTo: Number(mute.url.port) });
      const fault = await faultOf(dial({ ...way, proxy: proxy.url, timeoutMs: 300 }));
      assert.is(fault.code, 'unavailable');
      await proxy.close();
      await mute.close();
    }));

  test('the program enrols and runs both sockets through it, and tells nobody its password', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hotdesk-proxy-'));
    const proxy = await openConnectProxy({ credentials: 'office:CANARY-7' });
    const hub = await listenHub({
      listen: { address: '127.0.0.1', port: 0 },
      folder,
      store: createMemoryStore([{ type: 'put', collection: 'sites', value: site.parse({ id: 'berlin' }) }]),
      clock: systemClock,
      log: silent,
      onSip: () => {},
      onHttp: () => Promise.resolve({ status: 404, headers: {}, body: new Uint8Array() }),
    });
    const start = (...argv: string[]) =>
      spawn(process.execPath, ['--import', 'tsx', main, ...argv, '--data', join(folder, 'agent')], {
        env: { PATH: process.env.PATH, HTTPS_PROXY: proxy.url.href },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    const controller = `wss://controller.test:${hub.address.port}`;
    const enrolling = start(
      'enrol',
      '--controller',
      controller,
      '--token',
      await hub.createEnrolToken('berlin'),
    );
    const enrolled = text(enrolling.stderr);
    const [code] = (await once(enrolling, 'exit')) as [number | null];
    assert.is(code, 0, await enrolled);

    const ports = ['--listen', '127.0.0.1', '--sip-port', '0', '--http-port', '0', '--rtp-ports', '0'];
    const running = start('run', '--json-ready', '--log-level', 'trace', ...ports);
    const ended = once(running, 'exit');
    const said = text(running.stderr);
    await once(createInterface(running.stdout), 'line');
    await until('enrolment, signal and media', () => proxy.asked.length >= 3);
    assert.ok(proxy.asked.every(({ to }) => to === `controller.test:${hub.address.port}`));
    running.kill('SIGTERM');
    await ended;
    const log = await said;
    assert.match(log, `***@${proxy.url.host}`);
    assert.not.match(log, 'CANARY-7');
    assert.not.match(log, btoa('office:CANARY-7'));
    await hub.close();
    await proxy.close();
    await rm(folder, { recursive: true });
  }, 30_000);
});

async function faultOf(asked: Promise<unknown>): Promise<Fault> {
  try {
    await asked;
  } catch (error) {
    assert.ok(Fault.is(error), String(error));
    return error;
  }
  throw new Error('it was let through');
}

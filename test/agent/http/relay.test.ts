import { once } from 'node:events';
import { connect } from 'node:net';
import * as assert from 'uvu/assert';
import { listenRelay, type RelayOptions, refusal } from '#agent/http/relay.ts';
import type { HostPort } from '#protocol/address.ts';
import { systemClock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { createFakeTunnel, silent, toAnswer } from '#test/agent/fake-tunnel.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

const token = 'AAAAAAAAAAAAAAAAAAAAAA';
const good = `/p/${token}/001565123456.cfg`;

async function openWorld(options: Partial<RelayOptions> = {}) {
  const tunnel = createFakeTunnel();
  const relay = await listenRelay({
    listen: [{ address: '127.0.0.1', port: 0 }],
    uplink: tunnel,
    clock: createFakeClock(),
    log: silent,
    readTable: () => Promise.resolve(''),
    ...options,
  });
  const [at] = relay.addresses as [HostPort];
  return { tunnel, relay, at, ask: (text: string) => exchange(at, text), close: () => relay.close() };
}

/** All the bytes that come back until the other side closes. */
async function exchange({ address, port }: HostPort, text: string): Promise<string> {
  const socket = connect(port, address);
  let answer = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    answer += part;
  });
  socket.on('error', () => {}); // a reset after the answer is an end like another
  socket.write(text, 'latin1');
  await new Promise((closed) => socket.on('close', closed));
  return answer;
}

const get = (at: HostPort, path = good, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${at.port}`, 'Connection: close', ...headers, '', ''].join(
    '\r\n',
  );

describe('HTTP relay', (test) => {
  test('a config file, with its type and ETag, and what the controller should know of the phone', async () => {
    const arp = `x\n127.0.0.1 0x1 0x2 00:15:65:12:34:56 * lo\n`;
    const { tunnel, at, ask, close } = await openWorld({ readTable: () => Promise.resolve(arp) });
    tunnel.answer = () =>
      Promise.resolve(
        toAnswer(200, 'account.1.enable = 1\n', { 'Content-Type': 'text/plain', ETag: '"a"', Server: 'x' }),
      );
    const answer = await ask(
      get(at, good, 'User-Agent: Yealink SIP-T46S 66.86.0.15', 'If-None-Match: "b"', 'Cookie: c=d'),
    );
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(answer, /\r\netag: "a"\r\n/i);
    assert.match(answer, /\r\ncontent-type: text\/plain\r\n/i);
    assert.not.match(answer, /server: x/i);
    assert.match(answer, /account\.1\.enable = 1\n/);
    const [request] = tunnel.requests;
    assert.is(request?.path, good);
    assert.is(request?.method, 'GET');
    assert.equal(request?.headers, {
      'user-agent': 'Yealink SIP-T46S 66.86.0.15',
      'if-none-match': '"b"',
    });
    assert.is(request?.mac, '001565123456');
    assert.is(request?.remote.address, '127.0.0.1');
    await close();
  });

  test('304 has no body', async () => {
    const { tunnel, at, ask, close } = await openWorld();
    tunnel.answer = () => Promise.resolve(toAnswer(304, '', { etag: '"a"' }));
    const answer = await ask(get(at));
    assert.match(answer, /^HTTP\/1\.1 304 /);
    assert.match(answer, /\r\n\r\n$/);
    await close();
  });

  test('HEAD is asked as HEAD', async () => {
    const { tunnel, at, ask, close } = await openWorld();
    tunnel.answer = () => Promise.resolve(toAnswer(200, '', { 'content-length': '99' }));
    const answer = await ask(get(at).replace('GET', 'HEAD'));
    assert.match(answer, /content-length: 99/i);
    assert.is(tunnel.requests[0]?.method, 'HEAD');
    await close();
  });

  test('a range, a condition and credentials go up; what they are answered comes down', async () => {
    const { tunnel, at, ask, close } = await openWorld();
    const headers = { 'content-range': 'bytes 0-1/9', 'content-length': '2', 'accept-ranges': 'bytes' };
    tunnel.answer = () => Promise.resolve(toAnswer(206, 'ab', headers));
    const sent = ['Range: bytes=0-1', 'If-Range: "a"', 'Authorization: Basic SEQ6eA=='];
    const answer = await ask(get(at, good, ...sent));
    assert.match(answer, /^HTTP\/1\.1 206 [\s\S]*\r\ncontent-range: bytes 0-1\/9\r\n[\s\S]*\r\n\r\nab$/);
    assert.equal(tunnel.requests[0]?.headers, {
      'if-range': '"a"',
      range: 'bytes=0-1',
      authorization: 'Basic SEQ6eA==',
    });
    tunnel.answer = () => Promise.resolve(toAnswer(416, '', { 'content-range': 'bytes */9' }));
    assert.match(await ask(get(at, good, 'Range: bytes=99-')), /^HTTP\/1\.1 416 /);
    tunnel.answer = () => Promise.resolve(toAnswer(401, '', { 'www-authenticate': 'Digest realm="a"' }));
    const asked = await ask(get(at, good, 'Authorization: Digest x'));
    assert.match(asked, /^HTTP\/1\.1 401 [\s\S]*\r\nwww-authenticate: Digest realm="a"\r\n/);
    await close();
  });

  const origin = (path: string) => (at: HostPort) => get(at, path);
  // biome-ignore format: a table
  const refused: [what: string, text: (at: HostPort) => string][] = [
    ['the root',                    origin('/')],
    ['no file',                     origin(`/p/${token}/`)],
    ['no token',                    origin('/p//001565123456.cfg')],
    ['a short token',               origin('/p/abc/001565123456.cfg')],
    ['a query',                     origin(`${good}?a=b`)],
    ['a fragment',                  origin(`${good}#a`)],
    ['a folder more',               origin(`/p/${token}/a/b.cfg`)],
    ['traversal',                   origin(`/p/${token}/../../etc/passwd`)],
    ['traversal, escaped',          origin(`/p/${token}/%2e%2e%2fpasswd`)],
    ['dots',                        origin(`/p/${token}/..`)],
    ['dots inside',                 origin(`/p/${token}/a..cfg`)],
    ['a hidden file',               origin(`/p/${token}/.cfg`)],
    ['a NUL, escaped',              origin(`/p/${token}/a%00.cfg`)],
    ['two slashes',                 origin(`//p/${token}/a.cfg`)],
    ['another root',                origin(`/q/${token}/a.cfg`)],
    ['a file name too long',        origin(`/p/${token}/${'a'.repeat(49)}.cfg`)],
    ['a URL of 4 kB',               origin(`/p/${token}/${'a'.repeat(4_096)}`)],
    ['a header of 20 kB',           (at) => get(at, good, `X: ${'a'.repeat(20_000)}`)],
    ['POST',                        (at) => get(at).replace('GET', 'POST')],
    ['PUT of a log',                (at) => get(at, good, 'Content-Length: 0').replace('GET', 'PUT')],
    ['DELETE',                      (at) => get(at).replace('GET', 'DELETE')],
    ['OPTIONS of *',                (at) => get(at, '*').replace('GET', 'OPTIONS')],
    ['TRACE',                       (at) => get(at).replace('GET', 'TRACE')],
    ['CONNECT',                     (at) => get(at, '169.254.169.254:80').replace('GET', 'CONNECT')],
    ['an absolute form',            (at) => get(at, `http://127.0.0.1:${at.port}${good}`)],
    ['an absolute form, elsewhere', (at) => get(at, `http://169.254.169.254${good}`)],
    ['a host that is none',         (at) => get(at).replace(/Host: .*/, 'Host: a b/c')],
    ['a port that is none',         (at) => get(at).replace(/Host: .*/, 'Host: agent.example:port')],
    ['an empty host',               (at) => get(at).replace(/Host: .*/, 'Host: ')],
    ['two hosts',                   (at) => get(at, good, `Host: 127.0.0.1:${at.port}`)],
    ['PUT of a log that is sent',   (at) => `${get(at, good, 'Content-Length: 300000').replace('GET', 'PUT')}${'log\n'.repeat(75_000)}`],
    ['a GET with a body',           (at) => `${get(at, good, 'Content-Length: 2')}ab`],
    ['a GET in chunks',             (at) => `${get(at, good, 'Transfer-Encoding: chunked')}0\r\n\r\n`],
    ['a wish to continue',          (at) => get(at, good, 'Expect: 100-continue')],
    ['another expectation',         (at) => get(at, good, 'Expect: tea')],
    ['an upgrade',                  (at) => get(at, '/', 'Upgrade: websocket').replace('close', 'Upgrade')],
    ['no HTTP at all',              () => 'OPTIONS sip:a SIP/2.0\r\n\r\n'],
    ['a TLS hello',                 () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['two lengths',                 (at) => get(at, good, 'Content-Length: 1', 'Content-Length: 2')],
  ];
  for (const [what, text] of refused) {
    test(`${what}: the same 404, and nothing is asked`, async () => {
      const { tunnel, at, ask, close } = await openWorld();
      assert.is(await ask(text(at)), refusal);
      assert.equal(tunnel.requests, []);
      await close();
    });
  }

  test('a bare file is asked for; refused, it is the same 404, and the phone is told of', async () => {
    const strays: string[] = [];
    const { tunnel, at, ask, close } = await openWorld({ onStray: (path) => strays.push(path) });
    tunnel.answer = () => Promise.resolve(toAnswer(404, 'why'));
    assert.is(await ask(get(at, '/001565123456.cfg')), refusal);
    assert.equal(
      tunnel.requests.map(({ path }) => path),
      ['/001565123456.cfg'],
    );
    assert.equal(strays, ['/001565123456.cfg']);
    tunnel.answer = () => Promise.resolve(toAnswer(200, 'config\n'));
    assert.match(await ask(get(at, '/cfg001565123456.xml')), /^HTTP\/1\.1 200 [\s\S]*config\n/);
    assert.is(strays.length, 1, 'who was served is no stray');
    await close();
  });

  test('bare files that are guessed are asked for no more, and still told of', async () => {
    const strays: string[] = [];
    const onStray = (path: string) => strays.push(path);
    const { tunnel, at, ask, close } = await openWorld({ onStray, missesBurst: 3, missesPerSecond: 0 });
    tunnel.answer = () => Promise.resolve(toAnswer(404, 'why'));
    for (let n = 0; n < 5; n++) assert.is(await ask(get(at, `/00156512345${n}.cfg`)), refusal);
    assert.equal([tunnel.requests.length, strays.length], [3, 5]);
    await close();
  });

  for (const status of [400, 401, 403, 404, 301, 500, 206]) {
    test(`a ${status} of the controller is the same 404`, async () => {
      const { tunnel, at, ask, close } = await openWorld();
      tunnel.answer = () => Promise.resolve(toAnswer(status, 'why', { location: 'http://127.0.0.1/' }));
      assert.is(await ask(get(at)), refusal);
      await close();
    });
  }

  for (const host of [
    'agent.example',
    'Agent.Example:8080',
    '192.0.2.7',
    '[2001:db8::7]:80',
    '127.0.0.1:1',
  ]) {
    test(`the office may call the agent ${host}`, async () => {
      const { tunnel, at, ask, close } = await openWorld();
      tunnel.answer = () => Promise.resolve(toAnswer(200, 'a = 1\n'));
      assert.match(await ask(get(at).replace(/Host: .*/, `Host: ${host}`)), /^HTTP\/1\.1 200 OK\r\n/);
      await close();
    });
  }

  test('HTTP/1.0 without a Host is served', async () => {
    const { tunnel, ask, close } = await openWorld();
    tunnel.answer = () => Promise.resolve(toAnswer(200, 'a = 1\n'));
    assert.match(await ask(`GET ${good} HTTP/1.0\r\n\r\n`), /^HTTP\/1\.1 200 OK\r\n/);
    await close();
  });

  test('a file that phones ask for on their own, and that there is not, is the same 404 and no guess', async () => {
    const { tunnel, relay, at, ask, close } = await openWorld({ missesBurst: 3, missesPerSecond: 0 });
    tunnel.answer = () => Promise.resolve(toAnswer(410, 'why'));
    for (let n = 0; n < 5; n++) assert.is(await ask(get(at, `/p/${token}/F0V0X5U00000.cfg`)), refusal);
    assert.equal([relay.counters.absent, relay.counters.refused, relay.counters.overRate], [5, 0, 0]);
    assert.is(tunnel.requests.length, 5);
    await close();
  });

  test('who guesses on and on is no longer asked for', async () => {
    const { tunnel, relay, at, ask, close } = await openWorld({ missesBurst: 3 });
    const answers = new Set<string>();
    for (let n = 0; n < 10; n++) answers.add(await ask(get(at, `/p/${token}/${n}.cfg`)));
    assert.equal([...answers], [refusal]);
    assert.is(tunnel.requests.length, 3);
    assert.is(relay.counters.overRate, 7);
    await close();
  });
});

describe('HTTP relay without a controller', (test) => {
  test('a config request is answered 503 with Retry-After', async () => {
    const { tunnel, at, ask, close } = await openWorld();
    tunnel.answer = () => Promise.reject(new Fault('unavailable', 'down'));
    const answer = await ask(get(at));
    assert.match(answer, /^HTTP\/1\.1 503 /);
    assert.match(answer, /\r\nRetry-After: \d+\r\n/);
    await close();
  });

  test('and when the controller says so itself', async () => {
    const { tunnel, at, ask, close } = await openWorld();
    tunnel.answer = () => Promise.resolve(toAnswer(503, '', { 'retry-after': '5' }));
    assert.match(await ask(get(at)), /^HTTP\/1\.1 503 /);
    await close();
  });

  test('and when the controller is silent', async () => {
    const clock = createFakeClock();
    const { tunnel, at, ask, close } = await openWorld({ clock, answerMs: 15_000 });
    tunnel.answer = () => new Promise(() => {});
    const answer = ask(get(at));
    await until('the request', () => tunnel.requests.length === 1);
    clock.advance(15_000);
    assert.match(await answer, /^HTTP\/1\.1 503 /);
    await close();
  });

  test('requests at once are bounded', async () => {
    const clock = createFakeClock();
    const { tunnel, relay, at, ask, close } = await openWorld({ clock, maxRequests: 2 });
    tunnel.answer = () => new Promise(() => {});
    const waiting = [ask(get(at)), ask(get(at))];
    await until('two requests', () => tunnel.requests.length === 2);
    assert.match(await ask(get(at)), /^HTTP\/1\.1 503 /);
    assert.is(relay.counters.overLimit, 1);
    clock.advance(15_000);
    await Promise.all(waiting);
    await close();
  });

  test('an answer cut short ends the connection', async () => {
    const { tunnel, relay, at, ask, close } = await openWorld();
    tunnel.answer = () =>
      Promise.resolve({
        status: 200,
        headers: { 'content-length': '100' },
        body: (async function* () {
          yield Buffer.from('account');
          throw new Fault('unavailable', 'tunnel down');
        })(),
      });
    const answer = await ask(get(at));
    assert.not.match(answer, /not found/);
    assert.is(relay.counters.cut, 1);
    await close();
  });
});

describe('HTTP clients that are slow or many', (test) => {
  test('headers that do not come end in the same 404', async () => {
    const { at, ask, close } = await openWorld({ clock: systemClock, headersMs: 100 });
    assert.is(await ask(`GET ${good} HTTP/1.1\r\nHost: 127.0.0.1:${at.port}\r\n`), refusal);
    await close();
  });

  test('connections of one source are bounded', async () => {
    const { relay, at, close } = await openWorld({ maxConnectionsPerSource: 2 });
    const open = [connect(at.port, at.address), connect(at.port, at.address)];
    await Promise.all(open.map((socket) => once(socket, 'connect')));
    assert.is(await exchange(at, get(at)), '');
    assert.is(relay.counters.overLimit, 1);
    for (const socket of open) socket.destroy();
    await close();
  });

  test('a client that goes away while the controller thinks is no harm', async () => {
    const { tunnel, at, close } = await openWorld();
    let isEnded = false;
    let answerNow = () => {};
    tunnel.answer = () =>
      new Promise((resolve) => {
        answerNow = () =>
          resolve({
            status: 200,
            headers: {},
            body: (async function* () {
              try {
                for (;;) yield Buffer.alloc(65_536);
              } finally {
                isEnded = true;
              }
            })(),
          });
      });
    const socket = connect(at.port, at.address);
    socket.write(get(at));
    await until('the request', () => tunnel.requests.length === 1);
    socket.destroy();
    answerNow();
    await until('the body ended', () => isEnded);
    await close();
  });
});

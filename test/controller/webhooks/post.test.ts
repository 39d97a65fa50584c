/** Webhooks: what is dialled and what is not, over real sockets. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as assert from 'uvu/assert';
import { isPublic, type Post, post } from '#controller/webhooks/post.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

async function serve(
  answer: (request: IncomingMessage) => { status: number; headers?: Record<string, string> },
) {
  const heard: { path: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      heard.push({ path: request.url ?? '', headers: request.headers, body });
      const { status, headers } = answer(request);
      response.writeHead(status, headers).end('x'.repeat(100_000));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { heard, port, close: () => server.close() };
}

const to = (url: string): Post => ({ url, body: '{}', headers: { 'content-type': 'application/json' } });

/** The code of the fault, or the status when there was none. */
const refusal = (asked: Promise<number>) =>
  asked.catch((error: unknown) => (Fault.is(error) ? error.code : error));

describe('webhook', (test) => {
  // biome-ignore format: a table
  const addresses: [string, boolean][] = [
    ['93.184.216.34', true], ['2606:2800:220:1:248:1893:25c8:1946', true],
    ['10.1.2.3', false], ['127.0.0.1', false], ['169.254.169.254', false], ['172.16.0.1', false], ['192.168.1.1', false],
    ['100.64.0.1', false], ['0.0.0.0', false], ['224.0.0.1', false], ['255.255.255.255', false], ['198.18.0.1', false],
    ['192.0.2.1', false], ['::1', false], ['::', false], ['fe80::1', false], ['fd00::1', false], ['ff02::1', false],
    ['::ffff:127.0.0.1', false], ['::ffff:93.184.216.34', false], ['64:ff9b::7f00:1', false], ['2002:7f00:1::', false],
    ['2001:db8::1', false], ['2001::1', false], ['not an address', false],
  ];
  for (const [address, is] of addresses) {
    test(`${address} is ${is ? '' : 'not '}public`, () => assert.is(isPublic(address), is));
  }

  test('a name that leads inwards is not dialled, by none of its addresses', async () => {
    for (const found of [['10.0.0.1'], ['93.184.216.34', '127.0.0.1'], []]) {
      const asked = post(to('https://noc.example/'), { resolve: async () => found });
      assert.is(await refusal(asked), 'forbidden');
    }
    for (const url of [
      'https://10.0.0.1/',
      'https://[fd00::1]/',
      'https://2130706433.example/',
      'http://10.0.0.1/',
    ]) {
      const asked = post(to(url), { resolve: async () => ['192.168.0.1'] });
      assert.is(await refusal(asked), 'forbidden', url);
    }
  });

  test('posts to loopback, follows no redirect, and does not wait for a long answer', async () => {
    const server = await serve(({ url }) =>
      url === '/moved' ? { status: 302, headers: { location: 'http://127.0.0.1:1/' } } : { status: 204 },
    );
    try {
      assert.is(await post(to(`http://127.0.0.1:${server.port}/hook?x=1`)), 204);
      assert.is(await post(to(`http://localhost:${server.port}/moved`)), 302);
      assert.equal(
        server.heard.map(({ path, body }) => `${path} ${body}`),
        ['/hook?x=1 {}', '/moved {}'],
      );
    } finally {
      server.close();
    }
  });

  test('nobody there, or TLS with nobody we know, is no answer', async () => {
    const server = await serve(() => ({ status: 200 }));
    server.close();
    for (const scheme of ['http', 'https']) {
      const asked = post(to(`${scheme}://127.0.0.1:${server.port}/`));
      assert.is(await refusal(asked), 'unavailable');
    }
  });
});

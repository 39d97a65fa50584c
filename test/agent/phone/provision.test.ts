/** Provisioning against a real HTTP server: which files, in which order, and what the server may not do. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as assert from 'uvu/assert';
import { findModel } from '#agent/phone/makes.ts';
import { provision } from '#agent/phone/provision.ts';
import { Fault, type FaultCode } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

const mac = '805ec0000001';
const t46s = { mac, ...findModel('t46s') };
const config = (...lines: string[]) => ['#!version:1.0.0.1', ...lines].join('\n');

type Answer = string | { status: number; headers?: Record<string, string>; body?: string };

/** Serves `files` under /p/token/, runs `use`, and tells what was asked for. */
async function serving(
  files: Record<string, Answer>,
  use: (url: string) => Promise<void>,
): Promise<{ paths: string[]; userAgents: Set<string | undefined> }> {
  const paths: string[] = [];
  const userAgents = new Set<string | undefined>();
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    paths.push(request.url ?? '');
    userAgents.add(request.headers['user-agent']);
    const file = files[(request.url ?? '').replace('/p/token/', '')] ?? { status: 404 };
    const answer = typeof file === 'string' ? { status: 200, body: file } : file;
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/p/token/`);
  } finally {
    server.close();
  }
  return { paths: paths.map((path) => path.replace('/p/token/', '')), userAgents };
}

describe('provisioning', (test) => {
  test('without a boot file: the common file, then the own', async () => {
    const { paths, userAgents } = await serving(
      {
        [`${mac}.cfg`]: { status: 200, headers: { etag: '"e1"' }, body: config('a = own') },
        'y000000000066.cfg': config('a = common', 'b = common'),
      },
      async (url) => {
        const { memory, ...done } = await provision({ url: url.slice(0, -1), ...t46s, memory: new Map() });
        assert.equal(
          [...memory],
          [
            ['a', 'own'],
            ['b', 'common'],
          ],
        );
        assert.equal(done, {
          files: ['y000000000066.cfg', `${mac}.cfg`],
          etag: '"e1"',
          skipped: 0,
          repeated: 0,
        });
      },
    );
    assert.equal(paths, [`${mac}.boot`, 'y000000000000.boot', 'y000000000066.cfg', `${mac}.cfg`]);
    assert.equal([...userAgents], ['Yealink SIP-T46S 66.86.0.15 80:5e:c0:00:00:01']);
  });

  test('with a boot file: what it includes, and the own file once', async () => {
    const { paths } = await serving(
      {
        [`${mac}.boot`]: config(
          'include:config "site.cfg"',
          'include:config "$MAC.cfg"',
          'include:config "gone.cfg"',
        ),
        'site.cfg': config('b = site'),
        [`${mac}.cfg`]: config('a = own'),
      },
      async (url) => {
        const { memory } = await provision({ url, ...t46s, memory: new Map([['old', '1']]) });
        assert.equal([...memory.keys()], ['old', 'b', 'a']);
      },
    );
    assert.equal(paths, [`${mac}.boot`, 'site.cfg', `${mac}.cfg`, 'gone.cfg']);
  });

  test('a boot file that overwrites makes the phone forget the rest', async () => {
    await serving(
      { 'y000000000000.boot': config('overwrite_mode = 1'), [`${mac}.cfg`]: config('a = own') },
      async (url) => {
        const { memory } = await provision({ url, ...t46s, memory: new Map([['old', '1']]) });
        assert.equal([...memory], [['a', 'own']]);
      },
    );
  });

  const common = { 'y000000000066.cfg': config('a = common') };
  const failures: [string, Record<string, Answer>, FaultCode][] = [
    ['no file of its own', common, 'not.found'],
    [
      'a redirect',
      { ...common, [`${mac}.cfg`]: { status: 302, headers: { location: '/elsewhere' } } },
      'unavailable',
    ],
    ['a server error', { ...common, [`${mac}.cfg`]: { status: 503 } }, 'unavailable'],
    ['a page instead of a config', { ...common, [`${mac}.cfg`]: '<html></html>' }, 'input.invalid'],
    ['a file too long', { ...common, [`${mac}.cfg`]: config(`a = ${'x'.repeat(5_000)}`) }, 'limit.reached'],
    [
      'an include that is no HTTP',
      { [`${mac}.boot`]: config('include:config "file:///etc/passwd"') },
      'input.invalid',
    ],
  ];
  for (const [what, files, code] of failures) {
    test(`${what} changes nothing`, async () => {
      const memory = new Map([['old', '1']]);
      await serving(files, async (url) => {
        const error = await provision({ url, ...t46s, memory, maxFileBytes: 4_096 }).catch(
          (caught: unknown) => caught,
        );
        assert.ok(Fault.is(error, code), String(error));
      });
      assert.equal([...memory], [['old', '1']]);
    });
  }

  test('nobody there, and no URL at all', async () => {
    const memory = new Map<string, string>();
    for (const [url, code] of [
      ['http://127.0.0.1:1/', 'unavailable'],
      ['ftp://127.0.0.1/', 'input.invalid'],
      ['', 'input.invalid'],
    ] as const) {
      const error = await provision({ url, ...t46s, memory }).catch((caught: unknown) => caught);
      assert.ok(Fault.is(error, code), `${url}: ${error}`);
    }
  });

  test('a model it cannot be', () => {
    assert.throws(() => findModel('T46X'), /did you mean/);
    assert.throws(
      () => findModel('Commodore'),
      (error: unknown) => Fault.is(error, 'input.invalid'),
    );
  });
});

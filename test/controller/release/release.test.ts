/** What a controller hands out: signed by whom, only what was built, and to so many at a time. */

import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { createDownloads } from '#controller/release/downloads.ts';
import { addNode, formatRelease, openRelease, signRelease } from '#controller/release/release.ts';
import { Fault } from '#protocol/fault.ts';
import { keyOf, readManifest } from '#protocol/tunnel/release.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

type World = { programs: string; data: string };

async function inWorld(story: (world: World) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-release-'));
  const world = { programs: join(folder, 'dist'), data: join(folder, 'data') };
  try {
    for (const each of Object.values(world)) await mkdir(each);
    await writeFile(join(world.programs, 'hotdesk-agent.mjs'), '// the agent');
    await writeFile(join(world.programs, 'install.sh'), '# the installer');
    await writeFile(join(world.programs, 'manifest.json'), await formatRelease(world.programs, '1.2.3'));
    await story(world);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const isFault = (code: Fault['code']) => (error: unknown) => Fault.is(error, code);

async function rejects(promise: Promise<unknown>, code: Fault['code']): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  assert.ok(isFault(code)(error), String(error));
}

describe('release of a controller', (test) => {
  test('is signed with a key of its own, which stays', () =>
    inWorld(async ({ programs, data }) => {
      const release = await openRelease(programs, data);
      assert.ok(release);
      assert.is(readManifest(release.manifest, release.signature, release.key).version, '1.2.3');
      assert.is((await stat(join(data, 'release.key'))).mode & 0o777, 0o600);
      assert.is((await openRelease(programs, data))?.key, release.key);
    }));

  test('that was signed when it was built keeps that signature', () =>
    inWorld(async ({ programs, data }) => {
      const { privateKey } = generateKeyPairSync('ed25519');
      await signRelease(programs, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
      const kept = (await readFile(join(programs, 'manifest.sig'), 'utf8')).trim();
      const release = await openRelease(programs, data);
      assert.is(release?.signature, kept);
      assert.is(release?.key, keyOf(kept));
    }));

  test('is none where nothing was built', () =>
    inWorld(async ({ data }) => assert.is(await openRelease(data, data), undefined)));

  test('is refused where it is not as it was built', () =>
    inWorld(async ({ programs, data }) => {
      await writeFile(join(programs, 'hotdesk-agent.mjs'), '// another');
      await rejects(openRelease(programs, data), 'store.corrupt');
      await writeFile(join(programs, 'hotdesk-agent.mjs'), '// the agent');
      await writeFile(join(data, 'release.key'), 'no key');
      await rejects(openRelease(programs, data), 'store.corrupt');
    }));

  test('takes no Node but the one it was built with', () =>
    inWorld(async ({ programs, data }) => {
      await rejects(addNode(join(programs, 'install.sh'), data), 'input.invalid');
      await rejects(addNode(join(programs, 'nowhere.tgz'), data), 'input.invalid');
    }));

  test('is handed out by exact name, to so many at a time', () =>
    inWorld(async ({ programs, data }) => {
      const release = await openRelease(programs, data);
      assert.ok(release);
      const node = join(data, 'node');
      await writeFile(node, Buffer.alloc(64 * 1024 * 1024));
      const files = new Map([
        ['node-linux-x64.tar.gz', node],
        ['node-linux-arm64.tar.gz', join(data, 'not-there')],
      ]);
      const downloads = createDownloads({ ...release, files }, { atOnce: 2 });
      const server = createServer((request, response) => {
        if (!downloads.answer(request, response)) response.writeHead(418).end();
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      const ask = async (path: string, method = 'GET') => {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
        return `${answer.status} ${(await answer.text()).slice(0, 20)}`;
      };
      try {
        assert.is(await ask('/install.sh'), '200 # the installer');
        assert.is(await ask('/bundle/agent.mjs'), '200 // the agent');
        assert.is(await ask('/bundle/manifest.sig'), `200 ${release.signature.slice(0, 20)}`);
        assert.is(await ask('/bundle/node-linux-arm64.tar.gz'), '404 ');
        for (const [path, method] of [
          ['/bundle/', 'GET'],
          ['/bundle/install.sh', 'GET'],
          ['/bundle/../release.key', 'GET'],
          ['/bundle/%2e%2e/release.key', 'GET'],
          ['/install.sh?x', 'GET'],
          ['/install.sh', 'POST'],
        ] as const) {
          assert.is(await ask(path, method), '418 ', `${method} ${path}`);
        }

        // Two who ask for what is long, and read nothing.
        const idle = [1, 2].map(() => connect(port, '127.0.0.1').pause());
        for (const each of idle) each.write('GET /bundle/node-linux-x64.tar.gz HTTP/1.1\r\nHost: x\r\n\r\n');
        await until('both are served', () => downloads.counters.downloads === 6);
        assert.is(await ask('/install.sh'), '503 ');
        assert.is(downloads.counters.downloadsRefused, 1);
        for (const each of idle) each.destroy();
        await until('there is room again', async () => (await ask('/install.sh')) === '200 # the installer');
      } finally {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }
    }));
});

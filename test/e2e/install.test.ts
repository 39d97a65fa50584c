/** install.sh as an office pastes it, into a folder of its own, from a controller over TLS with its key pinned. */

import { execFile } from 'node:child_process';
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { createClient } from '#controller/cli/client.ts';
import { createDownloads } from '#controller/release/downloads.ts';
import { openRelease, type Release } from '#controller/release/release.ts';
import type { HubRelease } from '#controller/tunnel/hub.ts';
import { formatEnrolToken, parseEnrolToken } from '#protocol/tunnel/enrol-token.ts';
import { formatManifest, signManifest } from '#protocol/tunnel/release.ts';
import { inWorld } from '#test/controller/tunnel/world.ts';
import { openConnectProxy } from '#test/support/connect-proxy.ts';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { patience } from '#test/support/patience.ts';
import { freePort } from '#test/support/ports.ts';
import { hotdesk, start } from './programs.ts';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const script = join(dist, 'install.sh');
const deadlineMs = 60_000;

type Run = { code: number; out: string; err: string };

/** Never rejects. */
function run(file: string, args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const options = { env: { PATH: process.env.PATH, ...env }, timeout: 50_000 * patience };
  return new Promise((resolve) => {
    execFile(file, [...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
  });
}

/** Every file and folder below, with what is in it. */
async function snapshot(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return await Promise.all(
    entries
      .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .map(async ({ entry, path }) => {
        const content = entry.isFile()
          ? createHash('sha256')
              .update(await readFile(path))
              .digest('hex')
          : '';
        return `${path.slice(folder.length)} ${content}`;
      }),
  );
}

async function inFolder(story: (folder: string, defer: (close: () => unknown) => void) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-install-'));
  const closers: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    await story(folder, (close) => closers.push(close));
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** A release as the hub hands it out, from what was built; `change` makes it another. */
async function releaseWith(folder: string, change: (release: Release, key: KeyObject) => Release) {
  const built = await openRelease(dist, folder);
  assert.ok(built);
  const release = change(built, generateKeyPairSync('ed25519').privateKey);
  const offered: HubRelease = {
    key: release.key,
    answer: createDownloads(release).answer,
    onStatus() {},
  };
  return offered;
}

/** The machine's own programs but for Node. */
async function pathWithoutNode(folder: string): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  for (const name of [
    ...['sh', 'curl', 'sed', 'cut', 'tr', 'cmp', 'paste', 'head', 'tail', 'cat', 'cp', 'mv', 'rm', 'mkdir'],
    ...['chmod', 'dirname', 'id', 'uname', 'date', 'mktemp', 'grep', 'tar', 'gzip', 'sha256sum', 'env'],
  ]) {
    const { out } = await run('sh', ['-c', `command -v ${name}`]);
    await symlink(out.trim(), join(bin, name));
  }
  return bin;
}

describe('install.sh', (test) => {
  const needs = ['curl', 'busybox', 'shellcheck'] as const;
  const missing = needs.filter((program) => !hasProgram(program));
  if (missing.length > 0) {
    test.skip('installs', `${missing.join(', ')} are not here`);
    return;
  }

  test('is clean to shellcheck, and read by dash and busybox', async () => {
    assert.equal(await run('shellcheck', [script]), { code: 0, out: '', err: '' });
    assert.is((await run('dash', ['-n', script])).code, 0);
    assert.is((await run('busybox', ['sh', '-n', script])).code, 0);
  });

  // biome-ignore format: a table
  const misuses: [string, RegExp][] = [
    ['',                                              /what is to be done\? agent, controller, upgrade or uninstall/],
    ['agents',                                        /what is to be done/],
    ['agent',                                         /--controller is needed/],
    ['agent --controller wss://c.example:8443',       /--token is needed/],
    ['agent --controller https://c.example --token x', /--controller: "https:\/\/c\.example" is not like wss/],
    ['agent --controller wss://c.example/;reboot --token x', /--controller: /],
    ['agent --controller wss://c.example --token x',  /--token: not an enrolment token/],
    ['agent --controller wss://c.example --token hd1.$(x).y', /--token: not an enrolment token/],
    ['agent --token',                                 /--token wants a value/],
    ['agent --colour blue',                           /what is "--colour"\?/],
    ['controller --prefix here',                      /--prefix: an absolute path/],
    ['agent --listen eth0',                           /--listen: "eth0" is not an IP address/],
  ];
  test('refuses what it does not understand, with 2 and a sentence', async () => {
    for (const [typed, said] of misuses) {
      const { code, err } = await run('sh', [script, ...typed.split(' ').filter(Boolean)], {
        DESTDIR: '/nowhere',
      });
      assert.is(code, 2, typed);
      assert.match(err, said);
    }
  });

  test(
    'installs by the pasted line, changes nothing the second time, upgrades, and goes',
    () =>
      inFolder(async (folder, defer) => {
        const data = join(folder, 'controller');
        const host = `127.0.0.1:${await freePort()}`;
        const [, port = ''] = host.split(':');
        const controller = start(hotdesk, [
          ...['serve', '--data', data, '--listen', '127.0.0.1', '--tunnel-port', port, '--api-port', '0'],
          '--json-ready',
        ]);
        defer(() => controller.kill());
        await controller.ready();
        const client = createClient({ type: 'socket', data });
        defer(() => client.close());
        await client.ask('POST', '/sites', { id: 'berlin', timeZone: 'Europe/Berlin' });
        const create = start(hotdesk, ['enrol-token', 'create', '--site', 'berlin', '--data', data]);
        assert.is(await create.exited, 0);
        const line = create.err().trim();
        assert.ok(line.endsWith(` --token ${create.out.join()}`), 'the token alone is its output');
        assert.match(
          line,
          `https://${host}/install.sh | sh -s -- agent --controller wss://${host} --token hd1.`,
        );
        assert.match(line, /^curl -fsSk --pinnedpubkey 'sha256\/\/[A-Za-z0-9+/]{43}=' /);

        const root = join(folder, 'root');
        await mkdir(root);
        const paste = (more: string, shell = 'sh') =>
          run('sh', ['-c', `${line.replace('| sh', `| ${shell}`)} --prefix /opt/hotdesk ${more}`], {
            DESTDIR: root,
          });

        const plan = await paste('--dry-run');
        assert.is(plan.code, 0, plan.err);
        assert.match(plan.out, /would enrol at 127\.0\.0\.1/);
        assert.equal(await snapshot(root), [], 'a dry run changes nothing');

        const first = await paste('--listen 192.0.2.5', 'dash');
        assert.is(first.code, 0, first.err);
        assert.match(first.out, /enrolled as agent [0-9a-f]{16} of site berlin/);
        const lib = join(root, 'opt/hotdesk/lib/hotdesk');
        assert.equal(
          await readFile(join(lib, 'hotdesk-agent.mjs')),
          await readFile(join(dist, 'hotdesk-agent.mjs')),
        );
        const unit = await readFile(join(root, 'etc/systemd/system/hotdesk-agent.service'), 'utf8');
        for (const setting of [
          ...[
            'NoNewPrivileges=yes',
            'ProtectSystem=strict',
            'MemoryMax=512M',
            'WatchdogSec=60',
            'Type=notify',
          ],
          ...[
            'User=hotdesk-agent',
            'CapabilityBoundingSet=',
            'run --supervised --data /var/lib/hotdesk-agent --listen 192.0.2.5',
          ],
        ]) {
          assert.match(unit, new RegExp(`${setting}$`, 'm'));
        }
        assert.not.match(unit, /^MemoryDenyWriteExecute/m);
        const planned = plan.out.match(/(?<=^would write ).*/gm) ?? [];
        const written = (await snapshot(root)).map((entry) => entry.split(' ')[0]);
        assert.ok(
          planned.every((path) => written.includes(path)),
          'the plan was true',
        );

        const before = await snapshot(root);
        const again = await paste('--listen 192.0.2.5', 'busybox sh');
        assert.is(again.code, 0, again.err);
        assert.match(again.out, /nothing to do: all is as it should be/);
        assert.equal(await snapshot(root), before);

        await writeFile(
          join(root, 'var/lib/hotdesk-agent/agent.json'),
          '{"sipPort":5060,"httpPort":80,"logLevel":"info"}',
        );
        await writeFile(join(lib, 'hotdesk-agent.mjs'), 'an older one');
        const upgrade = await run('sh', [join(lib, 'install.sh'), 'upgrade'], { DESTDIR: root });
        assert.is(upgrade.code, 0, upgrade.err);
        assert.match(upgrade.out, /write \/opt\/hotdesk\/lib\/hotdesk\/hotdesk-agent\.mjs/);
        assert.equal(
          await readFile(join(lib, 'hotdesk-agent.mjs')),
          await readFile(join(dist, 'hotdesk-agent.mjs')),
        );
        const now = await readFile(join(root, 'etc/systemd/system/hotdesk-agent.service'), 'utf8');
        assert.match(now, /--listen 192\.0\.2\.5$/m, 'what was set stays');
        assert.match(now, /^CapabilityBoundingSet=CAP_NET_BIND_SERVICE$/m, 'for port 80');

        const spent = await run('sh', ['-c', line], { DESTDIR: join(folder, 'second') });
        assert.is(spent.code, 1);
        assert.match(spent.err, /token spent: it works once/);

        const gone = await run('sh', [script, 'uninstall', '--prefix', '/opt/hotdesk', '--purge'], {
          DESTDIR: root,
        });
        assert.is(gone.code, 0, gone.err);
        assert.equal(
          (await snapshot(root)).filter((entry) => /hotdesk-agent|\.mjs/.test(entry)),
          [],
        );
      }),
    deadlineMs,
  );

  test(
    'says exactly what is wrong',
    () =>
      inFolder(async (folder) => {
        const data = join(folder, 'data');
        await mkdir(data);
        const release = await releaseWith(data, (built) => built);
        await inWorld(
          async (world) => {
            const token = await world.hub.createEnrolToken('berlin');
            const foreign = formatEnrolToken({ ...parseEnrolToken(token), pins: ['A'.repeat(43)] });
            const nobody = `wss://127.0.0.1:${await freePort()}`;
            const late = join(folder, 'late');
            await mkdir(late);
            await writeFile(
              join(late, 'date'),
              '#!/bin/sh\n[ $# -gt 2 ] && exec /bin/date "$@"\necho 1000000000\n',
            );
            await chmod(join(late, 'date'), 0o755);
            const own = `wss://${world.url.host}`;
            // biome-ignore format: a table
            const rows: { name: string; controller?: string; token?: string; env?: Record<string, string>; said: RegExp }[] = [
              { name: 'a name that is none', controller: 'wss://controller.invalid:8443', said: /DNS: controller\.invalid:8443 is not known here/ },
              { name: 'a port that is shut', controller: nobody,                          said: /port blocked: nothing answers at 127\.0\.0\.1/ },
              { name: 'another key',         token: foreign,                              said: /pin differs: 127\.0\.0\.1:\d+ has another key than the token's/ },
              { name: 'a clock',             env: { PATH: `${late}:${process.env.PATH}` }, said: /clock: this machine's is -\d+ seconds from the controller's/ },
            ];
            for (const row of rows) {
              const args = ['agent', '--controller', row.controller ?? own, '--token', row.token ?? token];
              const { code, err } = await run('sh', [script, ...args], {
                DESTDIR: join(folder, 'root'),
                ...row.env,
              });
              assert.is(code, 1, row.name);
              assert.match(err, row.said, row.name);
            }
            assert.not.ok((await readdir(folder)).includes('root'), 'nothing was installed');
          },
          { release },
        );
        const small = Buffer.from('an agent of nobody');
        // biome-ignore format: a table
        const broken: { name: string; change: (release: Release, key: KeyObject) => Release; said: RegExp }[] = [
            { name: 'a signature of another text', change: (release, key) => ({ ...release, signature: signManifest('x', key) }), said: /signature: the controller's manifest is not signed as it should be/ },
            { name: 'another agent',    change: (release) => ({ ...release, contents: new Map([...release.contents, ['agent.mjs', small]]) }), said: /agent\.mjs is not what the manifest names: nothing was installed/ },
            { name: 'another key than at enrolment', change: (release, key) => ({ ...release, signature: signManifest(release.manifest, key) }), said: /signature: the bundle was signed by another key/ },
          ];
        for (const { name, change, said } of broken) {
          const release = await releaseWith(data, change);
          await inWorld(
            async (world) => {
              const token = await world.hub.createEnrolToken('berlin');
              const args = ['agent', '--controller', `wss://${world.url.host}`, '--token', token];
              const { code, err } = await run('sh', [script, ...args], { DESTDIR: join(folder, name) });
              assert.is(code, 1, name);
              assert.match(err, said, name);
            },
            { release },
          );
        }
      }),
    deadlineMs,
  );

  test(
    'goes through the web proxy that it is told of, and tells the service; an upgrade finds it there',
    () =>
      inFolder(async (folder, defer) => {
        const data = join(folder, 'data');
        await mkdir(data);
        const root = join(folder, 'root');
        const settings = join(root, 'etc/default/hotdesk-agent');
        const [proxy, shut] = [
          await openConnectProxy({ credentials: 'office:CANARY-7' }),
          await openConnectProxy({ status: 403 }),
        ];
        defer(() => proxy.close());
        defer(() => shut.close());
        const release = await releaseWith(data, (built) => built);
        await inWorld(
          async (world) => {
            const token = await world.hub.createEnrolToken('berlin');
            const args = ['agent', '--controller', `wss://${world.url.host}`, '--token', token];
            const env = { DESTDIR: root, HTTPS_PROXY: proxy.url.href };
            const refused = await run('sh', [script, ...args], { ...env, HTTPS_PROXY: shut.url.href });
            assert.is(refused.code, 1);
            assert.match(
              refused.err,
              /proxy: it does not let this machine to 127\.0\.0\.1:\d+ \(it answers 403\)/,
            );

            const port = await freePort();
            // biome-ignore format: a table
            const away: [string, RegExp][] = [
              [`http://office:CANARY-7@127.0.0.1:${port}`, new RegExp(`port blocked: .* 127\\.0\\.0\\.1 port ${port}`)],
              ['http://office:CANARY-7@127.0.0.1:99999',     /proxy: .*127\.0\.0\.1:99999/],
            ];
            for (const [proxyUrl, said] of away) {
              const { err } = await run('sh', [script, ...args], { ...env, HTTPS_PROXY: proxyUrl });
              assert.match(err, said);
              assert.not.match(err, 'CANARY-7');
            }

            const first = await run('sh', [script, ...args], env);
            assert.is(first.code, 0, first.err);
            assert.match(first.out, /write the proxy into \/etc\/default\/hotdesk-agent/);
            assert.not.match(first.out + first.err, 'CANARY-7');
            assert.is(await readFile(settings, 'utf8'), `HTTPS_PROXY=${proxy.url.href}\n`);
            assert.is((await stat(settings)).mode & 0o777, 0o600);
            assert.ok(proxy.asked.every(({ to }) => to === world.url.host));

            const before = proxy.asked.length;
            const upgrade = await run('sh', [script, 'upgrade'], { DESTDIR: root });
            assert.match(upgrade.out, /nothing to do/, upgrade.err);
            assert.ok(proxy.asked.length > before);
          },
          { release },
        );
      }),
    deadlineMs,
  );

  test(
    'enrols again by a new token where the enrolment is refused, or is another controller’s',
    () =>
      inFolder(async (folder) => {
        const data = join(folder, 'data');
        await mkdir(data);
        const root = join(folder, 'root');
        const release = await releaseWith(data, (built) => built);
        await inWorld(
          async (world) => {
            const paste = async (controller: string) => {
              const token = await world.hub.createEnrolToken('berlin');
              const args = ['agent', '--controller', controller, '--token', token];
              return await run('sh', [script, ...args], { DESTDIR: root });
            };
            const own = `wss://${world.url.host}`;
            assert.is((await paste(own)).code, 0);
            assert.match((await paste(`${own.toUpperCase().replace('WSS', 'wss')}/`)).out, /nothing to do/);
            const state = join(root, 'var/lib/hotdesk-agent/state.json');
            await writeFile(
              state,
              '{"tunnel":"down","reason":"the port is shut","code":"unavailable","at":1}\n',
            );
            assert.match((await paste(own)).out, /nothing to do/, 'that mends no line');
            await writeFile(state, '{"tunnel":"down","reason":"no","code":"auth.refused","at":1}\n');
            assert.match((await paste(own)).out, /enrolled as agent/);
            await rm(state);
            assert.match((await paste(own.replace('127.0.0.1', 'localhost'))).out, /enrolled as agent/);
          },
          { release },
        );
      }),
    deadlineMs,
  );

  test(
    'brings Node along where there is none, from the controller, or says how the controller gets one',
    () =>
      inFolder(async (folder) => {
        const bin = await pathWithoutNode(folder);
        const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
        // What stands for Node's package: small, and it runs.
        const packed = join(folder, 'package/bin');
        await mkdir(packed, { recursive: true });
        await writeFile(join(packed, 'node'), `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
        await chmod(join(packed, 'node'), 0o755);
        const archive = join(folder, 'node.tar.gz');
        assert.is((await run('tar', ['-czf', archive, '-C', folder, 'package'])).code, 0);
        const content = await readFile(archive);
        const path = `node-linux-${arch}.tar.gz`;
        const withNode = (release: Release, key: KeyObject): Release => {
          const manifest = formatManifest({
            name: 'hotdesk-agent',
            version: release.version,
            files: [...release.contents, [path, content] as const].map(([name, bytes]) => ({
              path: name,
              sha256: createHash('sha256').update(bytes).digest('hex'),
              size: bytes.length,
            })),
          });
          const signature = signManifest(manifest, key);
          const [signer = ''] = signature.split(' ');
          return { ...release, manifest, signature, key: signer, files: new Map([[path, archive]]) };
        };
        const data = join(folder, 'data');
        await mkdir(data);
        for (const [name, change, code] of [
          ['without', (release: Release) => release, 1],
          ['with', withNode, 0],
        ] as const) {
          const release = await releaseWith(data, change);
          await inWorld(
            async (world) => {
              const root = join(folder, name);
              const token = await world.hub.createEnrolToken('berlin');
              const args = ['agent', '--controller', `wss://${world.url.host}`, '--token', token];
              const ran = await run('sh', [script, ...args], { DESTDIR: root, PATH: bin });
              assert.is(ran.code, code, ran.err);
              if (code === 1) {
                assert.match(
                  ran.err,
                  /no Node 20\.19 or later, and the controller has none to give: .* add-node/,
                );
                return;
              }
              assert.match(ran.out, new RegExp(`fetch Node for ${arch} from the controller`));
              const wrapper = await readFile(join(root, 'usr/local/bin/hotdesk-agent'), 'utf8');
              assert.match(wrapper, 'exec /usr/local/lib/hotdesk/node ');
              assert.equal(
                await readFile(join(root, 'usr/local/lib/hotdesk/node')),
                await readFile(join(packed, 'node')),
              );
              const again = await run('sh', [script, ...args], { DESTDIR: root, PATH: bin });
              assert.match(again.out, /nothing to do/, again.err);
            },
            { release },
          );
        }
      }),
    deadlineMs,
  );

  test(
    'installs a controller from what was built, and changes nothing the second time',
    () =>
      inFolder(async (folder) => {
        const root = join(folder, 'root');
        const first = await run('dash', [script, 'controller'], { DESTDIR: root });
        assert.is(first.code, 0, first.err);
        const unit = await readFile(join(root, 'etc/systemd/system/hotdesk.service'), 'utf8');
        assert.match(unit, /serve --data \/var\/lib\/hotdesk$/m);
        const lib = join(root, 'usr/local/lib/hotdesk');
        const { out } = await run(process.execPath, [join(lib, 'hotdesk.mjs'), '--help']);
        assert.match(out, /enrol-token/);
        assert.ok((await readdir(lib)).includes('prompts'));
        const again = await run('busybox', ['sh', script, 'controller'], { DESTDIR: root });
        assert.match(again.out, /nothing to do/, again.err);

        const other = join(folder, 'elsewhere');
        await mkdir(other);
        await cp(script, join(other, 'install.sh'));
        const alone = await run('sh', [join(other, 'install.sh'), 'controller'], { DESTDIR: root });
        assert.is(alone.code, 1);
        assert.match(alone.err, /no hotdesk\.mjs beside this file/);
      }),
    deadlineMs,
  );
});

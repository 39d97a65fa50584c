/**
 * A fresh Debian without Node, the pasted line, and an agent that is up: with
 * Node from the controller, a user of its own and the command of its unit; then
 * the same line again, and all of it gone.
 */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { createClient } from '#controller/cli/client.ts';
import { nodeVersion } from '#controller/release/node-files.ts';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { freePort } from '#test/support/ports.ts';
import { hotdesk, start } from './programs.ts';

const run = promisify(execFile);
const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
const packages = 'curl,ca-certificates,busybox';

/** From the mirror that this machine uses. */
async function bootstrap(root: string): Promise<void> {
  const release = await readFile('/etc/os-release', 'utf8');
  const codename = /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1] ?? 'bookworm';
  const format = '$(REPO_URI) $(CODENAME) $(COMPONENT)';
  const { stdout } = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const mirror = stdout
    .split('\n')
    .find((line) => line.endsWith(` ${codename} main`))
    ?.split(' ')[0];
  assert.ok(mirror, `a mirror of ${codename}`);
  await run('debootstrap', ['--variant=minbase', `--include=${packages}`, codename, root, mirror]);
}

describe('install.sh on a fresh Debian', (test) => {
  if (process.getuid?.() !== 0 || !hasProgram('debootstrap')) {
    test.skip('installs an agent', 'it needs root and debootstrap');
    return;
  }

  test('installs an agent that comes up, changes nothing the second time, and goes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hotdesk-debian-'));
    const closers: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
    const inRoot = (...command: string[]) =>
      run('chroot', [join(folder, 'root'), 'env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', ...command]);
    try {
      await bootstrap(join(folder, 'root'));
      await run('npm', ['pack', `node-linux-${arch}@${nodeVersion}`, '--pack-destination', folder]);
      const packed = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
      const data = join(folder, 'controller');
      await mkdir(data);
      await run(process.execPath, [hotdesk, 'bundle', 'add-node', join(folder, packed), '--data', data]);

      const port = String(await freePort());
      const controller = start(hotdesk, [
        ...['serve', '--data', data, '--listen', '127.0.0.1', '--tunnel-port', port, '--api-port', '0'],
        '--json-ready',
      ]);
      closers.push(() => controller.kill());
      await controller.ready();
      const client = createClient({ type: 'socket', data });
      closers.push(() => client.close());
      await client.ask('POST', '/sites', { id: 'berlin', timeZone: 'Europe/Berlin' });
      const { installLine } = (await client.ask('POST', '/enrol-tokens', { site: 'berlin' })) as {
        installLine: string;
      };

      const first = await inRoot('sh', '-c', `${installLine} --listen 127.0.0.1`);
      process.stdout.write(first.stdout);
      assert.match(first.stdout, new RegExp(`fetch Node for ${arch} from the controller`));
      assert.match(first.stdout, /make the system user hotdesk-agent/);
      const unit = await readFile(join(folder, 'root/etc/systemd/system/hotdesk-agent.service'), 'utf8');
      const command = /^ExecStart=(.*)$/m.exec(unit)?.[1] ?? '';
      const [sip, http] = [await freePort(), await freePort()];
      const agent = spawn(
        'chroot',
        [
          ...['--userspec=hotdesk-agent:hotdesk-agent', join(folder, 'root'), ...command.split(' ')],
          ...['--sip-port', String(sip), '--http-port', String(http), '--rtp-ports', '0'],
        ],
        { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }, stdio: 'ignore' },
      );
      const ended = once(agent, 'exit');
      closers.push(async () => {
        agent.kill('SIGTERM');
        await ended;
      });
      const up = await inRoot('/usr/local/bin/hotdesk-agent', 'wait', '--data', '/var/lib/hotdesk-agent');
      process.stdout.write(up.stdout);
      assert.match(up.stdout, /^the tunnel is up: agent [0-9a-f]{16} of site berlin at 127\.0\.0\.1:/);

      const again = await inRoot(
        'sh',
        '-c',
        `${installLine.replace('| sh', '| busybox sh')} --listen 127.0.0.1`,
      );
      assert.match(again.stdout, /nothing to do: all is as it should be/);

      agent.kill('SIGTERM');
      await ended;
      const gone = await inRoot('sh', '/usr/local/lib/hotdesk/install.sh', 'uninstall', '--purge');
      process.stdout.write(gone.stdout);
      assert.not.match(await readFile(join(folder, 'root/etc/passwd'), 'utf8'), /hotdesk/);
      assert.equal(
        await readdir(join(folder, 'root/var/lib')).then((all) => all.filter((name) => /hotdesk/.test(name))),
        [],
      );
    } finally {
      for (const close of closers.reverse()) await close();
    }
  }, 600_000);
});

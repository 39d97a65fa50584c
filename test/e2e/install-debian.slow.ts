/**
 * A fresh Debian without Node, the pasted line, and an agent that is up: with
 * Node from the controller, a user of its own and the command of its unit; then
 * the same line again, and all of it gone.
 */

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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

/** What systemd would do with the unit, and a note of what it was asked: no systemd runs in a folder. */
const systemctl = `#!/bin/sh
echo "$@" >>/run/calls
unit=/etc/systemd/system/hotdesk-agent.service
case $1 in
  restart | stop | disable)
    [ ! -f /run/pid ] || { kill "$(cat /run/pid)" 2>/dev/null; while kill -0 "$(cat /run/pid)" 2>/dev/null; do sleep 0.1; done; rm -f /run/pid; }
    ;;
esac
case $1 in
  restart | start)
    [ ! -f /run/pid ] || exit 0
    set -a; . /etc/default/hotdesk-agent; set +a
    command=$(sed -n 's/^ExecStart=//p' $unit)
    setsid setpriv --reuid hotdesk-agent --regid hotdesk-agent --clear-groups --no-new-privs --bounding-set -all \\
      $command </dev/null >/run/log 2>&1 &
    echo $! >/run/pid
    ;;
esac
`;

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

      const root = join(folder, 'root');
      await mkdir(join(root, 'run/systemd/system'), { recursive: true });
      await writeFile(join(root, 'usr/bin/systemctl'), systemctl, { mode: 0o755 });
      await run('mount', ['-t', 'proc', 'proc', join(root, 'proc')]);
      closers.push(() => run('umount', [join(root, 'proc')]));
      closers.push(() => inRoot('systemctl', 'stop'));
      const [sip, http, https] = [await freePort(), await freePort(), await freePort()];
      const settings = { SIP_PORT: sip, HTTP_PORT: http, HTTPS_PORT: https, RTP_PORTS: 0, PNP: false };
      await mkdir(join(root, 'etc/default'), { recursive: true });
      await writeFile(
        join(root, 'etc/default/hotdesk-agent'),
        Object.entries(settings)
          .map(([name, value]) => `HOTDESK_AGENT_${name}=${value}\n`)
          .join(''),
      );
      const calls = () => readFile(join(root, 'run/calls'), 'utf8');

      const line = `${installLine} --listen 127.0.0.1`;
      const first = await inRoot('sh', '-c', line);
      process.stdout.write(`\n${first.stdout}`);
      assert.match(first.stdout, new RegExp(`fetch Node for ${arch} from the controller`));
      assert.match(first.stdout, /make the system user hotdesk-agent/);
      assert.match(first.stdout, /\nthe tunnel is up: agent [0-9a-f]{16} of site berlin at 127\.0\.0\.1:/);
      assert.match(await calls(), /daemon-reload\nenable .*\nrestart hotdesk-agent\n/);

      await writeFile(join(root, 'run/calls'), '');
      const again = await inRoot('sh', '-c', line.replace('| sh', '| busybox sh'));
      process.stdout.write(`\n${again.stdout}`);
      assert.match(again.stdout, /nothing to do: all is as it should be/);
      assert.not.match(await calls(), /restart|daemon-reload/);

      await writeFile(join(root, 'usr/local/lib/hotdesk/hotdesk-agent.mjs'), '// an older one');
      await inRoot('sh', '/usr/local/lib/hotdesk/install.sh', 'upgrade');
      assert.match(await calls(), /\nrestart hotdesk-agent\n/, 'what is new runs');

      const gone = await inRoot('sh', '/usr/local/lib/hotdesk/install.sh', 'uninstall', '--purge');
      process.stdout.write(`\n${gone.stdout}`);
      assert.not.match(await readFile(join(root, 'etc/passwd'), 'utf8'), /hotdesk/);
      const left = (await readdir(join(root, 'var/lib'))).filter((name) => name.includes('hotdesk'));
      assert.equal(left, []);
    } finally {
      for (const close of closers.reverse()) await close();
    }
  }, 600_000);
});

/**
 * A Debian 12 of its own, booted: systemd, a network of nothing but loopback, and
 * what a test puts into its folder. Commands run in there as root.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasProgram } from '#test/support/packages.ts';
import { until } from '#test/support/until.ts';

const run = promisify(execFile);
const packages = 'systemd,systemd-sysv,curl,ca-certificates,busybox';
const mirror = 'http://deb.debian.org/debian';
/** A file that this machine does not have: so nothing is ever run on this one. */
const mark = '/of-a-test';
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** As Debian names them. */
export type Arch = 'amd64' | 'arm64';
export const ownArch: Arch = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** What the kernel starts programs of another processor with. */
const emulators = '/proc/sys/fs/binfmt_misc';
const emulated = { amd64: 'qemu-x86_64', arm64: 'qemu-aarch64' };

/** Why there is none here; empty: there is. */
export function whyNoDebian(arch = ownArch): string {
  if (arch !== ownArch && !isEmulated(arch)) {
    return `nothing runs ${arch} here: apt-get install qemu-user-static binfmt-support`;
  }
  if (process.getuid?.() !== 0) return 'it needs root';
  if (!existsSync('/sys/fs/cgroup')) return 'there are no control groups';
  const missing = (['debootstrap', 'systemd-nspawn', 'nsenter'] as const).filter((each) => !hasProgram(each));
  return missing.length === 0 ? '' : `${missing.join(', ')} are not here`;
}

/** By a program that the kernel holds open ("F"): a machine of its own does not see ours. */
function isEmulated(arch: Arch): boolean {
  if (!existsSync(emulators)) return false;
  return readdirSync(emulators)
    .filter((name) => !['register', 'status'].includes(name))
    .map((name) => readFileSync(join(emulators, name), 'utf8'))
    .some((text) => text.includes(emulated[arch]) && /^enabled$/m.test(text) && /^flags: .*F/m.test(text));
}

export type Debian = {
  /** Its files, from outside. */
  readonly root: string;
  /** Runs a line of sh; answers what it said, on both its outputs. Throws that when it did not end with 0. */
  sh(line: string): Promise<string>;
  reboot(): Promise<void>;
  close(): Promise<void>;
};

export async function openDebian(arch = ownArch): Promise<Debian> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-debian-'));
  const root = join(folder, 'root');
  let machine: { child: ChildProcess; leader: string } | undefined;
  const close = async () => {
    // With its first process all of the machine ends; without systemd-nspawn it would go on.
    if (machine?.child.exitCode === null && machine.child.signalCode === null) {
      const gone = once(machine.child, 'exit');
      process.kill(Number(machine.leader), 'SIGKILL');
      await gone;
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    await run('debootstrap', [
      `--arch=${arch}`,
      '--variant=minbase',
      `--include=${packages}`,
      'bookworm',
      root,
      mirror,
    ]);
    await writeFile(join(root, mark), '');
    machine = await boot(root);
  } catch (error) {
    await close();
    throw error;
  }
  const debian: Debian = {
    root,
    async sh(line) {
      const inside = [
        '-t',
        machine?.leader ?? '',
        '-a',
        'env',
        '-i',
        `PATH=${path}`,
        'sh',
        '-c',
        `exec 2>&1; ${line}`,
      ];
      try {
        return (await run('nsenter', inside, { maxBuffer: 64 * 1024 * 1024 })).stdout;
      } catch (error) {
        const { code, stdout = '' } = error as { code?: unknown; stdout?: string };
        throw new Error(`${line}: ended with ${String(code)}: ${stdout}`);
      }
    },
    async reboot() {
      const gone = machine && once(machine.child, 'exit');
      await debian.sh('systemctl reboot').catch(() => {}); // it may be cut off
      await gone;
      machine = await boot(root);
    },
    close,
  };
  return debian;
}

/** Until its systemd has started what there is to start. It ends with this process. */
async function boot(root: string) {
  const child = spawn(
    'setpriv',
    // biome-ignore format: a command line
    ['--pdeathsig', 'KILL', 'systemd-nspawn', '--quiet', '--directory', root, '--boot', '--register=no', '--keep-unit', '--console=pipe', '--private-network', '--hostname=office'],
    { stdio: 'ignore' },
  );
  const { pid } = child;
  const leader = await until(
    'the machine is up',
    async () => {
      if (child.exitCode !== null) throw new Error(`systemd-nspawn ended with ${child.exitCode}`);
      // Read anew each time: the first child but makes the one that stays, and is not in the machine at once.
      const [first = ''] = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ');
      const question = `test -e ${mark} && systemctl is-system-running`;
      const asked = run('nsenter', ['-t', first, '-a', 'sh', '-c', question], { timeout: 20_000 });
      const { stdout } = await asked.catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }));
      return /running|degraded/.test(stdout) ? first : undefined;
    },
    300_000,
  );
  return { child, leader };
}

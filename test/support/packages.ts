/**
 * The Debian packages that tests with real peers need: installed by the test
 * command itself where it may (root, apt), with services kept from starting.
 * Where it may not, `hasProgram` lets a test report itself as skipped.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** Program, or library below /usr/lib/<system>/ → the package that brings it. */
const packages = {
  sipp: 'sip-tester',
  baresip: 'baresip-core',
  kamailio: 'kamailio',
  'kamailio/modules/tls.so': 'kamailio-tls-modules',
  chromium: 'chromium',
  xmllint: 'libxml2-utils',
  tcpdump: 'tcpdump',
  ip: 'iproute2',
  svwar: 'sipvicious',
  linphonec: 'linphone-cli',
  curl: 'curl',
  busybox: 'busybox',
  shellcheck: 'shellcheck',
} as const;

/** Also what only a slow test needs, which nobody installs unasked. */
export type Program = keyof typeof packages | 'debootstrap' | 'systemd-nspawn' | 'nsenter';

const policy = '/usr/sbin/policy-rc.d';

export function hasProgram(program: Program): boolean {
  const look = program.includes('/') ? 'ls /usr/lib/*/' : 'command -v ';
  return spawnSync('sh', ['-c', look + program]).status === 0;
}

/** Installs what is missing; says on stderr what it did or why it could not. */
export function installPackages(): void {
  const missing = (Object.keys(packages) as (keyof typeof packages)[]).filter(
    (program) => !hasProgram(program),
  );
  if (missing.length === 0) return;
  const names = missing.map((program) => packages[program]);
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    process.stderr.write(`not installed, and may not install: ${names.join(' ')}\n`);
    return;
  }
  process.stderr.write(`installing ${names.join(' ')}\n`);
  const denied = !existsSync(policy);
  if (denied) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const stdio = ['ignore', 'ignore', 'inherit'] as const;
    execFileSync('apt-get', ['update', '-qq'], { env, stdio: [...stdio] });
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], {
      env,
      stdio: [...stdio],
    });
  } catch (error) {
    process.stderr.write(`could not install ${names.join(' ')}: ${String(error)}\n`);
  } finally {
    if (denied) rmSync(policy, { force: true });
  }
}

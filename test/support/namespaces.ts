/**
 * Network namespaces for tests: hosts with addresses of their own, joined by
 * wires that can be made bad, on a machine whose own network they never touch.
 * They are named after this process, so that what a killed run left is found
 * and removed by the next.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Where a program runs; no namespace: on this host. */
export type Place = { namespace?: string; address: string };

/** Why there are none here; empty: there are. */
export function whyNoNamespaces(): string {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (spawnSync('ip', ['netns', 'list']).status !== 0) return 'there is no ip netns';
  return '';
}

/** Whether this kernel can make a wire bad (sch_netem); many small ones cannot. */
export function hasNetem(): boolean {
  if (whyNoNamespaces() !== '') return false;
  const namespaces = openNamespaces();
  try {
    namespaces.spoil(namespaces.host('t'), 'lo', 'delay 1ms');
    return true;
  } catch {
    return false; // "Specified qdisc kind is unknown"
  } finally {
    namespaces.close();
  }
}

/** A command line that runs there. Its process is the program's own: signals reach it. */
export function within({ namespace }: Place, file: string, args: readonly string[]): [string, string[]] {
  return namespace === undefined ? [file, [...args]] : ['ip', ['netns', 'exec', namespace, file, ...args]];
}

export type Namespaces = {
  /** A host with nothing but loopback. */
  host(name: string): string;
  /** A wire between two hosts, an interface with an address (with its prefix) at each end. */
  wire(one: End, two: End): void;
  /** Runs `ip` there. */
  ip(namespace: string, ...args: string[]): string;
  /** What the wire does to what leaves this interface, as `delay 40ms loss 1%`; empty: nothing. */
  spoil(namespace: string, device: string, how: string): void;
  close(): void;
};

type End = { namespace: string; device: string; address?: string; mac?: string; bridge?: string };

const prefix = 'hdt';

export function openNamespaces(): Namespaces {
  removeAbandoned();
  const made: string[] = [];
  let wires = 0;
  const run = (file: string, ...args: string[]) =>
    execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const ip = (namespace: string, ...args: string[]) => run('ip', '-n', namespace, ...args);

  function settle({ namespace, device, address, mac, bridge }: End, made: string): void {
    ip(namespace, 'link', 'set', made, 'name', device);
    if (mac !== undefined) ip(namespace, 'link', 'set', device, 'address', mac);
    if (bridge !== undefined) ip(namespace, 'link', 'set', device, 'master', bridge);
    if (address !== undefined) ip(namespace, 'address', 'add', address, 'dev', device);
    ip(namespace, 'link', 'set', device, 'up');
  }

  return {
    host(name) {
      const namespace = `${prefix}${process.pid}${name}`;
      run('ip', 'netns', 'add', namespace);
      made.push(namespace);
      ip(namespace, 'link', 'set', 'lo', 'up');
      return namespace;
    },
    wire(one, two) {
      const [first, second] = [`w${process.pid}a${++wires}`, `w${process.pid}b${wires}`];
      ip(one.namespace, 'link', 'add', first, 'type', 'veth', 'peer', 'name', second, 'netns', two.namespace);
      settle(one, first);
      settle(two, second);
    },
    ip,
    spoil(namespace, device, how) {
      spawnSync('tc', ['-n', namespace, 'qdisc', 'del', 'dev', device, 'root']);
      if (how !== '')
        run('tc', '-n', namespace, 'qdisc', 'add', 'dev', device, 'root', 'netem', ...how.split(' '));
    },
    close() {
      for (const namespace of made.splice(0)) spawnSync('ip', ['netns', 'del', namespace]);
    },
  };
}

/** Of test processes that are gone. */
function removeAbandoned(): void {
  const list = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout ?? '';
  for (const [name, pid] of list.matchAll(new RegExp(`^${prefix}(\\d+)[a-z]\\w*`, 'gm'))) {
    if (!existsSync(`/proc/${pid}`)) spawnSync('ip', ['netns', 'del', name]);
  }
}

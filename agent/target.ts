/**
 * Whom an agent may send packets to. Every address it is told, by the source of
 * a packet or by the controller, passes here once, so that neither makes it a
 * scanner of its own host or a mirror.
 *
 *     never         0.0.0.0/8, link-local, multicast, reserved, broadcast, mapped IPv4, port 0
 *     loopback      from a loopback socket, and such a socket sends nowhere else
 *
 * A subnet's own broadcast address needs no row: the kernel refuses it to a
 * socket that did not ask for SO_BROADCAST, and none here does.
 */

import { BlockList, isIPv6 } from 'node:net';
import { type HostPort, isLoopback } from '#protocol/address.ts';

// biome-ignore format: a table
const rows: [network: string, prefix: number, what: string][] = [
  ['0.0.0.0',         8, 'no host'],
  ['169.254.0.0',    16, 'link-local'],
  ['224.0.0.0',       4, 'multicast'],
  ['240.0.0.0',       4, 'reserved or broadcast'],
  ['::',            128, 'no host'],
  ['fe80::',         10, 'link-local'],
  ['ff00::',          8, 'multicast'],
  ['::ffff:0:0',     96, 'IPv4 in IPv6'],
];

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');

// BlockList compares IPv4 with mapped IPv6, so each row answers for its own family only.
const refused = rows.map(([network, prefix, what]) => ({
  list: listOf(network, prefix),
  family: familyOf(network),
  what,
}));

/** Why nothing may be sent from `local` (an address) to `remote`; undefined when it may. */
export function whyNotTo(local: string, remote: HostPort): string | undefined {
  const { address, port } = remote;
  const family = familyOf(address);
  if (port < 1 || port > 65_535) return 'port 0';
  if (address.includes('%')) return 'link-local';
  if (family !== familyOf(local)) return 'another address family';
  const row = refused.find((each) => each.family === family && each.list.check(address, family));
  if (row !== undefined) return row.what;
  if (isLoopback(address) !== isLoopback(local)) return 'loopback and network do not meet';
  return undefined;
}

function listOf(network: string, prefix: number): BlockList {
  const list = new BlockList();
  list.addSubnet(network, prefix, familyOf(network));
  return list;
}

/**
 * The MAC address behind an IPv4 address of our own subnet, from the kernel's
 * neighbour table: a phone can put any MAC into a URL, but not into this.
 *
 *     IP address       HW type     Flags       HW address            Mask     Device
 *     192.0.2.77       0x1         0x2         00:15:65:12:34:56     *        eth0
 */

import { readFile } from 'node:fs/promises';

export type ReadTable = () => Promise<string>;

export const readArpTable: ReadTable = () => readFile('/proc/net/arp', 'latin1');

const complete = 0x2;

/** Twelve small hexadecimal digits; undefined for an address that is not a neighbour. */
export function findMac(table: string, address: string): string | undefined {
  for (const line of table.split('\n').slice(1)) {
    const [ip, , flags, hardware = ''] = line.trim().split(/\s+/);
    if (ip !== address || (Number(flags) & complete) === 0) continue;
    const mac = hardware.replaceAll(':', '').toLowerCase();
    if (/^[0-9a-f]{12}$/.test(mac) && mac !== '000000000000') return mac;
  }
  return undefined;
}

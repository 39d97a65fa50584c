/** An IP address and port, and its text form: `192.0.2.1:5060`, `[2001:db8::1]:5060`. */

import { isIP, isIPv4, isIPv6 } from 'node:net';
import { Fault } from './fault.ts';

export type HostPort = { readonly address: string; readonly port: number };

export function formatHostPort({ address, port }: HostPort): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Throws `input.invalid` naming `field` when `text` is no IP address with a port. */
export function parseHostPort(text: string, field = 'address'): HostPort {
  const match = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15})):(\d{1,5})$/.exec(text);
  const address = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  if (isIP(address) === 0 || !(port <= 65_535)) {
    throw new Fault('input.invalid', `${field}: "${text}" is not an IP address and port`, { field });
  }
  return { address, port };
}

/**
 * The `lookup` of a UDP socket that sends to addresses alone. Without it each datagram asks the
 * resolver whether its address is one, and leaves a turn later.
 */
export function addressOnly(
  address: string,
  _: unknown,
  found: (error: Error | null, address: string, family: number) => void,
): void {
  found(null, address, isIP(address));
}

/** One spelling an address, so that equal addresses are equal texts: IPv6 has many (RFC 5952). */
export function toCanonical(address: string): string {
  if (!isIPv6(address) || address.includes('%')) return address;
  return new URL(`sip://[${address}]`).hostname.slice(1, -1);
}

/** However they are spelled: what a person typed, or a phone, is not what the kernel says. */
export const sameAddress = (a: string, b: string) =>
  a === b || (a.includes(':') && b.includes(':') && toCanonical(a) === toCanonical(b));

/** Of an address, not of a name. */
export const isLoopback = (address: string) =>
  isIPv4(address) ? address.startsWith('127.') : sameAddress(address, '::1');

export const sameHostPort = (a: HostPort, b: HostPort) =>
  a.port === b.port && sameAddress(a.address, b.address);

/** Addresses as people type them: `192.0.2.9:5060`, `[2001:db8::9]:5060`, or without the port. */

import type { HostPort } from './shapes.ts';

/** What is none is left to the server to refuse. */
export function readHostPort(text: string, usual = 5060): HostPort {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
  const address = bracketed ?? plain ?? text.trim();
  return { address, port: port === undefined ? usual : Number(port) };
}

export const formatHostPort = ({ address, port }: HostPort): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** Separated by spaces, commas or lines. */
export const readWords = (text: string): string[] => text.split(/[\s,;]+/).filter((word) => word !== '');

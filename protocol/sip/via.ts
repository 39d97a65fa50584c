/** One value of a Via header: `SIP/2.0/UDP host:port;branch=...` (RFC 3261 20.42, 25.1). */

import type { HostPort } from '#protocol/address.ts';
import { parseSentBy } from './host-port.ts';
import {
  formatHost,
  formatParams,
  malformed,
  type Params,
  parseParams,
  skipSpace,
  tokenEnd,
} from './scan.ts';

export type Via = {
  /** Upper case: UDP, TCP, TLS, WSS, or what else a peer names. */
  transport: string;
  /** An IPv6 address without its brackets. */
  host: string;
  port?: number;
  params: Params;
};

/** Throws `sip.malformed`. White space around the slashes and the colon is legal, if rare. */
export function parseVia(text: string): Via {
  const udp = text.startsWith('SIP/2.0/UDP '); // nearly always
  const from = udp ? 0 : transportAt(text);
  const to = udp ? 11 : tokenEnd(text, from);
  const transport = udp ? 'UDP' : text.slice(from, to).toUpperCase();
  const hostAt = skipSpace(text, to);
  if (transport === '' || hostAt === to) throw malformed('Via has no transport and host');

  const { host, port, end } = parseSentBy(text, hostAt, { what: 'Via', spaces: true });
  const params = parseParams(text, end, 'Via');
  return port === undefined ? { transport, host, params } : { transport, host, port, params };
}

export function formatVia({ transport, host, port, params }: Via): string {
  const sentBy = port === undefined ? formatHost(host) : `${formatHost(host)}:${port}`;
  return `SIP/2.0/${transport} ${sentBy}${formatParams(params)}`;
}

/** RFC 3261 18.2.1, RFC 3581 4: with where it really came from, whatever its sender believes. */
export function receivedFrom(via: Via, { address, port }: HostPort): Via {
  const params = new Map(via.params);
  params.delete('received');
  if (params.has('rport')) params.set('rport', String(port));
  if (params.has('rport') || via.host !== address) params.set('received', address);
  return { ...via, params };
}

function transportAt(text: string): number {
  const name = tokenEnd(text, 0);
  const version = afterSlash(text, name);
  const versionEnd = tokenEnd(text, version);
  if (text.slice(0, name).toUpperCase() !== 'SIP' || text.slice(version, versionEnd) !== '2.0') {
    throw malformed('Via is not of SIP/2.0');
  }
  return afterSlash(text, versionEnd);
}

function afterSlash(text: string, at: number): number {
  const slash = skipSpace(text, at);
  if (text.charAt(slash) !== '/') throw malformed('Via is not of SIP/2.0');
  return skipSpace(text, slash + 1);
}

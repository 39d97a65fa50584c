/**
 * The phones' SIP sockets, for each local address one UDP socket, one listener
 * for TCP at the same port and one for TLS. Never the wildcard, for Node does
 * not tell where a packet was sent to, and a phone takes an answer only from
 * the address it asked.
 */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { addressOnly, formatHostPort, type HostPort, toCanonical } from '#protocol/address.ts';
import { type Certificate, type CertificateOptions, createCertificate } from './certificate.ts';
import type { ConnectionLimits } from './connection.ts';
import { type ConnectionsOptions, createConnections } from './connections.ts';
import type { Path } from './flows.ts';
import { SipRelay, type SipRelayOptions } from './relay.ts';

type Transport = Path['transport'];

export type SipSocketsOptions = Omit<SipRelayOptions, 'transmit' | 'hangUp' | 'isOurSocket'> &
  Partial<Pick<CertificateOptions, 'renewMs'>> & {
    /** Port 0: a free one for each address. */
    listen: readonly HostPort[];
    /** Port for TLS; 0: a free one. */
    tlsPort?: number | undefined;
    /** Our status is to be told again: there is a `tlsKey` in it. */
    onStatus?: (() => void) | undefined;
    connections?: ConnectionLimits & Pick<ConnectionsOptions, 'maxConnections' | 'maxPerSource'>;
  };

/** Where phones reach us, by transport; one row an address. */
export type SipAddresses = Readonly<Record<Transport, HostPort>>;

export type SipSockets = {
  /** The UDP ones. */
  readonly addresses: readonly HostPort[];
  readonly all: readonly SipAddresses[];
  readonly certificate: Pick<Certificate, 'key' | 'signed' | 'credentials'>;
  readonly relay: SipRelay;
  close(): Promise<void>;
};

const receiveBufferBytes = 1 << 20;

export async function openSipSockets({
  listen,
  tlsPort = 0,
  onStatus = () => {},
  connections: limits = {},
  ...options
}: SipSocketsOptions): Promise<SipSockets> {
  const { clock, log, renewMs } = options;
  const sockets = new Map<string, Socket>();
  const all: SipAddresses[] = [];
  const relay = new SipRelay({
    ...options,
    isOurSocket: (address) => sockets.has(formatHostPort(address)),
    transmit: (path, bytes) =>
      path.transport === 'udp' ? sendDatagram(path, bytes) : connections.send(path, bytes),
    hangUp: (path) => connections.hangUp(path),
  });
  const certificate = createCertificate({ clock, log, ask: onStatus, ...(renewMs && { renewMs }) });
  const connections = createConnections({
    ...limits,
    relay,
    credentials: () => certificate.credentials(),
    clock,
    log,
  });

  function sendDatagram({ local, remote }: Path, bytes: Uint8Array): boolean {
    const socket = sockets.get(formatHostPort(local));
    socket?.send(bytes, remote.port, remote.address, counted);
    return socket !== undefined;
  }

  const counted = (error: Error | null) => {
    if (error !== null) relay.counters.sendFailures++;
  };

  async function openDatagrams({ address, port }: HostPort): Promise<HostPort> {
    const socket = await bindSocket(address, port);
    const local = { address: toCanonical(address), port: socket.address().port };
    sockets.set(formatHostPort(local), socket);
    socket.on('message', (bytes, { address, port }) =>
      relay.receive({ transport: 'udp', local, remote: { address, port } }, bytes),
    );
    socket.on('error', (err) => log.warn({ err, local: formatHostPort(local) }, 'SIP socket failed'));
    return local;
  }

  async function close(): Promise<void> {
    relay.close();
    certificate.close();
    const open = [...sockets.values()];
    sockets.clear();
    await Promise.all([
      connections.close(),
      ...open.map((socket) => new Promise<void>((resolve) => socket.close(resolve))),
    ]);
  }

  try {
    for (const at of listen) {
      const udp = await openDatagrams(at);
      const { address } = udp;
      const tcp = await listenBeside(udp, at.port === 0);
      all.push({ udp, tcp, tls: await connections.listen('tls', { address, port: tlsPort }) });
    }
  } catch (error) {
    await close();
    throw error;
  }

  /** At the port of UDP; where any port would do, at another when somebody else has that one. */
  async function listenBeside(udp: HostPort, isAny: boolean): Promise<HostPort> {
    try {
      return await connections.listen('tcp', udp);
    } catch (error) {
      if (!isAny) throw error;
      return await connections.listen('tcp', { ...udp, port: 0 });
    }
  }

  return { addresses: all.map(({ udp }) => udp), all, certificate, relay, close };
}

async function bindSocket(address: string, port: number): Promise<Socket> {
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    ipv6Only: isIPv6(address),
    recvBufferSize: receiveBufferBytes,
    lookup: addressOnly,
  });
  try {
    const listening = once(socket, 'listening');
    socket.bind({ address, port });
    await listening;
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/**
 * The sockets towards all upstreams: one for each transport and local address,
 * shared by those that name the same, opened when the first needs it and closed
 * after the last.
 */

import type { Upstream } from '#controller/model/model.ts';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { domainOf } from './domain.ts';
import { openStreams } from './streams.ts';
import { type Endpoint, localAddressTo, openUdp } from './udp.ts';

export type Endpoints = {
  /** Rejects with the system's own error. `release` when it is no longer needed. */
  acquire(upstream: Upstream): Promise<{ endpoint: Endpoint; release(): void }>;
  close(): void;
};

export type EndpointsOptions = {
  clock: Clock;
  /** Whether an upstream has that address. */
  isKnown(address: string): boolean;
  onMessage(transport: Upstream['transport'], local: HostPort, remote: HostPort, bytes: Buffer): void;
  /** As of ./streams.ts. */
  onLost(transport: Upstream['transport'], local: HostPort, remote: HostPort, wasUp: boolean): void;
  onError(error: Error): void;
};

/** Not 5060: an agent on the controller's own host has that. */
export const defaultPort = 5_080;

type Shared = { opening: Promise<Endpoint>; users: number };

export function createEndpoints({ clock, isKnown, onMessage, onLost, onError }: EndpointsOptions): Endpoints {
  const shared = new Map<string, Shared>();
  let isClosed = false;

  async function open(upstream: Upstream, local: HostPort): Promise<Endpoint> {
    const { transport, ca } = upstream;
    const hear = (remote: HostPort, bytes: Buffer) => onMessage(transport, endpoint.local, remote, bytes);
    const lose = (remote: HostPort, wasUp: boolean) => onLost(transport, endpoint.local, remote, wasUp);
    const tls = transport === 'tls' ? { name: domainOf(upstream), ca } : undefined;
    const endpoint: Endpoint =
      transport === 'udp'
        ? await openUdp({ local, onError, onMessage: hear })
        : await openStreams({ local, tls, clock, isKnown, onError, onMessage: hear, onLost: lose });
    if (isClosed) endpoint.close();
    return endpoint;
  }

  return {
    async acquire(upstream) {
      const {
        transport,
        local,
        addresses: [first],
      } = upstream;
      const address = local?.address ?? (await localAddressTo(first ?? { address: '127.0.0.1', port: 5060 }));
      const wanted = { address, port: local?.port ?? defaultPort };
      // Connections over TLS are verified for the one that they are made for, by the name that he has now.
      const owner = transport === 'tls' ? ` ${upstream.id} ${domainOf(upstream)} ${upstream.ca ?? ''}` : '';
      const key = `${transport} ${formatHostPort(wanted)}${owner}`;
      const mine = shared.get(key) ?? { opening: open(upstream, wanted), users: 0 };
      shared.set(key, mine);
      mine.users++;
      const release = () => {
        mine.users--;
        if (mine.users > 0) return;
        if (shared.get(key) === mine) shared.delete(key);
        void mine.opening.then((endpoint) => endpoint.close());
      };
      try {
        return { endpoint: await mine.opening, release };
      } catch (error) {
        mine.users--;
        if (shared.get(key) === mine) shared.delete(key);
        throw error;
      }
    },
    close() {
      isClosed = true;
      for (const { opening } of shared.values()) {
        opening.then(
          (endpoint) => endpoint.close(),
          () => undefined,
        );
      }
      shared.clear();
    },
  };
}

/**
 * The sockets towards all upstreams: one for each transport and local address,
 * shared by those that name the same, opened when the first needs it and closed
 * after the last.
 */

import type { Upstream } from '#controller/model/model.ts';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import { type Endpoint, localAddressTo, openUdp } from './udp.ts';

export type Endpoints = {
  /** Rejects with the system's own error. `release` when it is no longer needed. */
  acquire(upstream: Upstream): Promise<{ endpoint: Endpoint; release(): void }>;
  close(): void;
};

export type EndpointsOptions = {
  onMessage(transport: Upstream['transport'], local: HostPort, remote: HostPort, bytes: Buffer): void;
  onError(error: Error): void;
};

/** Not 5060: an agent on the controller's own host has that. */
export const defaultPort = 5_080;

type Shared = { opening: Promise<Endpoint>; users: number };

export function createEndpoints({ onMessage, onError }: EndpointsOptions): Endpoints {
  const shared = new Map<string, Shared>();
  let isClosed = false;

  async function open(transport: Upstream['transport'], local: HostPort): Promise<Endpoint> {
    const endpoint: Endpoint = await openUdp({
      local,
      onError,
      onMessage: (remote, bytes) => onMessage(transport, endpoint.local, remote, bytes),
    });
    if (isClosed) endpoint.close();
    return endpoint;
  }

  return {
    async acquire({ transport, local, addresses: [first] }) {
      const address = local?.address ?? (await localAddressTo(first ?? { address: '127.0.0.1', port: 5060 }));
      const wanted = { address, port: local?.port ?? defaultPort };
      const key = `${transport} ${formatHostPort(wanted)}`;
      const mine = shared.get(key) ?? { opening: open(transport, wanted), users: 0 };
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

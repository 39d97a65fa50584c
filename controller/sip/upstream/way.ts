/**
 * The way to one upstream as it is configured: its socket, its addresses and
 * which of them answer. A configuration that changes is a new way.
 */

import type { Logger } from 'pino';
import type { Upstream } from '#controller/model/model.ts';
import type { AddressHealth, Kept } from '#controller/model/ports.ts';
import type { UpstreamPeer } from '#controller/sip/peer.ts';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import type { UpstreamClient } from './client.ts';
import { namesAt } from './domain.ts';
import type { Endpoints } from './endpoints.ts';
import { createHealth } from './health.ts';
import { startProbe } from './probe.ts';
import type { Endpoint } from './udp.ts';

export type Way = {
  readonly upstream: Kept<Upstream>;
  /** Best first; empty while the socket is not open. */
  peers(account: string): readonly UpstreamPeer[];
  peerAt(remote: HostPort): UpstreamPeer | undefined;
  send(remote: HostPort, bytes: Uint8Array): boolean;
  note(remote: HostPort, isAlive: boolean): void;
  /** The connection there is over: what the PBX knew of us it may have known by that. */
  lost(): void;
  readonly addresses: readonly AddressHealth[];
  /** Why there is no socket. */
  readonly problem: string | undefined;
  close(): void;
};

export type WayOptions = {
  upstream: Kept<Upstream>;
  endpoints: Endpoints;
  ask: UpstreamClient['ask'];
  clock: Clock;
  log: Logger;
  random: (bytes: number) => Uint8Array;
  /** The socket is open, an address answers again, or a connection was lost: what failed may be tried at once. */
  onUp(): void;
  /** An address that was up, or was down, no longer is. */
  onReach(address: HostPort, state: 'up' | 'down'): void;
};

const retryMs = 10_000;
/** A PBX that hangs up on us at once is not called by all its users again and again. */
const betweenLossesMs = 10_000;

export function openWay({ upstream, endpoints, ask, clock, log, random, onUp, onReach }: WayOptions): Way {
  const { id, transport, addresses, probeSeconds } = upstream;
  const health = createHealth(addresses, clock.wall());
  const names = namesAt(upstream);
  let endpoint: Endpoint | undefined;
  let release = () => {};
  let isClosed = false;
  let cancelRetry = () => {};
  let cancelLoss = () => {};
  let lostAt = Number.NEGATIVE_INFINITY;
  let problem: string | undefined;

  const peerTo = (remote: HostPort, account: string): readonly UpstreamPeer[] =>
    endpoint === undefined
      ? []
      : [
          {
            type: 'upstream',
            upstream: id,
            ...names,
            transport,
            local: endpoint.local,
            remote,
            account,
            offset: 0,
          },
        ];

  async function open(): Promise<void> {
    try {
      const acquired = await endpoints.acquire(upstream);
      if (isClosed) return acquired.release();
      ({ endpoint, release } = acquired);
      problem = undefined;
      log.info({ upstream: id, local: formatHostPort(endpoint.local) }, 'upstream socket open');
      onUp();
    } catch (err) {
      if (isClosed) return;
      problem = err instanceof Error ? err.message : String(err);
      log.error({ err, upstream: id }, 'no socket towards the upstream');
      cancelRetry = clock.after(retryMs, () => void open());
    }
  }

  function note(remote: HostPort, isAlive: boolean): void {
    const news = health.note(remote, isAlive, clock.wall());
    if (news === undefined) return;
    log[news === 'up' ? 'info' : 'warn'](
      { upstream: id, address: formatHostPort(remote) },
      `upstream ${news}`,
    );
    if (news === 'up') onUp();
    onReach(remote, news);
  }

  void open();
  const probes =
    probeSeconds === 0
      ? []
      : addresses.map((remote) =>
          startProbe({
            peer: () => peerTo(remote, '')[0],
            everyMs: probeSeconds * 1_000,
            ask,
            clock,
            random,
            onResult: ({ remote: at }, isAlive) => note(at, isAlive),
            onSilence: ({ remote: at }, ms) => endpoint?.endIfQuiet?.(at, ms),
          }),
        );

  return {
    upstream,
    peers: (account) => health.order().flatMap((remote) => peerTo(remote, account)),
    peerAt: (remote) => peerTo(remote, '')[0],
    send: (remote, bytes) => endpoint?.send(remote, bytes) ?? false,
    note,
    lost() {
      cancelLoss();
      const inMs = Math.max(0, lostAt + betweenLossesMs - clock.now());
      cancelLoss = clock.after(inMs, () => {
        lostAt = clock.now();
        // What the PBX sends us comes over the connection that we make.
        for (const probe of probes) probe.ask();
        onUp();
      });
    },
    addresses: health.all,
    get problem() {
      return problem;
    },
    close() {
      isClosed = true;
      cancelRetry();
      cancelLoss();
      for (const probe of probes) probe.end();
      release();
    },
  };
}

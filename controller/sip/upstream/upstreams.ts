/**
 * Upstreams: PBXs and trunks, as the SIP core sees them. What is configured is
 * in the store; the ways there, the registrations and the memory of dialogs are
 * here.
 *
 *     proxy ── target, request, ack ─┬─ client ── transactions ── send ── way ── socket
 *                                    └─ memory: CSeq offsets
 *     store ── upstreams ── ways ── probes
 *           └─ sessions ─── registrations
 */

import type { Logger } from 'pino';
import type { Keys } from '#controller/keys.ts';
import type { Upstream } from '#controller/model/model.ts';
import type { Kept, RegistrationState, Store, UpstreamShown } from '#controller/model/ports.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import type { Target } from '#controller/sip/forward.ts';
import type { NamesThere, Peer, UpstreamPeer } from '#controller/sip/peer.ts';
import { type HostPort, sameAddress, sameHostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import type { Transactions } from '#protocol/sip/transactions.ts';
import { type Credential, createUpstreamClient, type UpstreamClient } from './client.ts';
import { namesAt } from './domain.ts';
import { createEndpoints } from './endpoints.ts';
import { type Beyond, findUpstream } from './numbers.ts';
import { createRegistrations } from './registrations.ts';
import { openWay, type Way } from './way.ts';

export type Upstreams = {
  request: UpstreamClient['request'];
  ask: UpstreamClient['ask'];
  /** The ACK as it goes there; for any other peer as it is. */
  ack(message: SipMessage, peer: Peer): SipMessage;
  send(peer: UpstreamPeer, bytes: Uint8Array): boolean;
  /** Undefined: there is no such upstream any more. */
  namesAt(id: string): NamesThere | undefined;
  find(number: string): Beyond;
  /** Its addresses, the next for when one fails. Undefined: no way, or an account the caller has not. */
  target(found: { upstream: string; number: string }, caller: string): Target | undefined;
  /** The address to try first. Undefined: no way. */
  peerOf(upstream: string, account: string): UpstreamPeer | undefined;
  /** A call from there begins; answers who it is from, by the address where it is reached, for that of a connection ends with it. */
  begins(callId: string, peer: UpstreamPeer): UpstreamPeer;
  /** How far the numbers of the call are ahead by now. */
  offsetOf(callId: string): number;
  show(id: string): UpstreamShown;
  readonly counters: Readonly<{ strangers: number; socketErrors: number }>;
  close(): void;
};

/** An address answers again, or no longer. */
export type Reach = { upstream: string; address: HostPort; state: 'up' | 'down' };

export type UpstreamsOptions = {
  store: Store;
  keys: Keys;
  transactions: Pick<Transactions<Peer>, 'request' | 'fail'>;
  receive(peer: UpstreamPeer, bytes: Uint8Array): void;
  onRegistration?(state: RegistrationState): void;
  onReach?(reach: Reach): void;
  clock: Clock;
  log: Logger;
  random: (bytes: number) => Uint8Array;
};

export function createUpstreams(options: UpstreamsOptions): Upstreams {
  const { store, keys, transactions, clock, log, random } = options;
  const ways = new Map<string, Way>();
  const counters = { strangers: 0, socketErrors: 0 };

  const client = createUpstreamClient({
    transactions,
    clock,
    random,
    credentialOf,
    hasOther: ({ upstream }) =>
      (ways.get(upstream)?.addresses.filter(({ state }) => state !== 'down').length ?? 0) > 1,
    onOutcome: ({ upstream, remote }, isAlive) => ways.get(upstream)?.note(remote, isAlive),
  });

  const endpoints = createEndpoints({
    clock,
    isKnown: (from) =>
      [...ways.values()].some(({ upstream }) =>
        upstream.addresses.some(({ address }) => sameAddress(address, from)),
      ),
    onMessage(transport, local, remote, bytes) {
      const peer = peerFrom(transport, local, remote);
      if (peer === undefined) counters.strangers++;
      else options.receive(peer, bytes);
    },
    onLost(transport, local, remote, wasUp) {
      for (const { way, peer, isExact } of waysAt(transport, local, remote)) {
        if (!isExact) continue;
        if (wasUp) way.lost();
        else transactions.fail(peer);
      }
    },
    onError(err) {
      counters.socketErrors++;
      log.debug({ err }, 'upstream socket');
    },
  });

  function credentialOf({ upstream: id, account }: UpstreamPeer): Credential | undefined {
    const upstream = store.get('upstreams', id);
    if (upstream?.mode === 'trunk') {
      const { username, secret, authentication } = upstream;
      if (authentication !== 'digest' || username === undefined || secret === undefined) return undefined;
      return opened(username, keys.unseal(sealedFor.upstream(id), secret), { upstream: id });
    }
    const mine = store.get('users', account)?.upstream;
    if (mine?.id !== id) return undefined;
    return opened(mine.user, keys.unseal(sealedFor.user(account), mine.secret), { user: account });
  }

  function opened(username: string, password: string | undefined, facts: object): Credential | undefined {
    if (password !== undefined) return { username, password };
    log.error(facts, 'a sealed secret does not open: set it again');
    return undefined;
  }

  /** Those that go there from that socket of ours; `isExact`: to that very port, not to another of the address. */
  function waysAt(transport: Upstream['transport'], local: HostPort, remote: HostPort) {
    return [...ways.values()].flatMap((way) => {
      const { upstream } = way;
      const peer = upstream.transport === transport ? way.peerAt(remote) : undefined;
      if (peer === undefined || !sameHostPort(peer.local, local)) return [];
      const same = upstream.addresses.filter(({ address }) => sameAddress(address, remote.address));
      const isExact = same.some((each) => sameHostPort(each, remote));
      return same.length > 0 ? [{ way, peer, isExact }] : [];
    });
  }

  /** Who it is by the address alone: the very port before another of the same address. */
  function peerFrom(...from: Parameters<typeof waysAt>): UpstreamPeer | undefined {
    const found = waysAt(...from);
    return (found.find(({ isExact }) => isExact) ?? found[0])?.peer;
  }

  function learn(id: string): void {
    const upstream = store.get('upstreams', id);
    const way = ways.get(id);
    if (upstream?.revision === way?.upstream.revision) return;
    ways.delete(id);
    if (upstream !== undefined) {
      const onUp = () => registrations?.kick(id);
      const onReach = (address: HostPort, state: Reach['state']) =>
        options.onReach?.({ upstream: id, address, state });
      ways.set(id, openWay({ upstream, endpoints, ask: client.ask, clock, log, random, onUp, onReach }));
    }
    // After the new one has asked for its socket, which may be the same.
    way?.close();
  }

  let registrations: ReturnType<typeof createRegistrations> | undefined;
  for (const { id } of store.list('upstreams')) learn(id);
  // Before the registrations' own watch: they ask for ways.
  const unwatch = store.watch((changes) => {
    for (const { collection, id } of changes) if (collection === 'upstreams') learn(id);
  });
  registrations = createRegistrations({
    store,
    clock,
    log,
    random,
    ask: client.ask,
    peersOf: (upstream, account) => ways.get(upstream)?.peers(account) ?? [],
    onChange: (state) => options.onRegistration?.(state),
  });

  /** In `register` mode a call goes as the user it is from, who must have an account there. */
  function accountOf(upstream: Kept<Upstream>, caller: string): string | undefined {
    if (upstream.mode === 'trunk') return '';
    return store.get('users', caller)?.upstream?.id === upstream.id ? caller : undefined;
  }

  return {
    request: client.request,
    ask: client.ask,
    ack: client.ack,
    send: ({ upstream, remote }, bytes) => ways.get(upstream)?.send(remote, bytes) ?? false,
    namesAt(id) {
      const upstream = store.get('upstreams', id);
      return upstream && namesAt(upstream);
    },
    find: (number) => findUpstream(number, store.list('upstreams')),
    target({ upstream: id, number }, caller) {
      const upstream = store.get('upstreams', id);
      const account = upstream && accountOf(upstream, caller);
      if (account === undefined) return undefined;
      return chain(ways.get(id)?.peers(account) ?? [], number);
    },
    peerOf: (upstream, account) => ways.get(upstream)?.peers(account)[0],
    begins(callId, peer) {
      client.memory.begins(callId);
      const addresses = ways.get(peer.upstream)?.upstream.addresses ?? [];
      if (addresses.some((each) => sameHostPort(each, peer.remote))) return peer;
      const remote = addresses.find(({ address }) => sameAddress(address, peer.remote.address));
      return remote === undefined ? peer : { ...peer, remote };
    },
    offsetOf: client.memory.offsetOf,
    show(id) {
      const way = ways.get(id);
      return {
        addresses: way?.addresses ?? [],
        registrations: registrations?.of(id) ?? [],
        ...(way?.problem !== undefined && { problem: way.problem }),
      };
    },
    counters,
    close() {
      unwatch();
      registrations?.close();
      for (const way of ways.values()) way.close();
      ways.clear();
      endpoints.close();
    },
  };
}

function chain(peers: readonly UpstreamPeer[], number: string): Target | undefined {
  const [peer, ...others] = peers;
  if (peer === undefined) return undefined;
  return {
    side: { peer, device: '', user: number },
    uri: `sip:${number.replaceAll('#', '%23')}@${peer.domain}`,
    next: () => chain(others, number),
  };
}

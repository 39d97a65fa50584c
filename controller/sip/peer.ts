/**
 * Peers: the three kinds of neighbour the proxy has, a phone (or gateway) at the
 * end of a flow, the IVR in the same process, and a PBX or trunk that the
 * controller speaks to from sockets of its own. What differs between them is
 * here, so that the proxy itself asks nobody what he is.
 */

import type { Flow } from '#controller/model/model.ts';
import type { FlowKey } from '#controller/model/ports.ts';
import { formatHostPort, type HostPort } from '#protocol/address.ts';

/** How things of ours are called at an upstream. */
export type NamesThere = {
  /** What stands behind the @. */
  readonly domain: string;
  /** What stands in front of an extension. */
  readonly prefix: string;
};

export type UpstreamPeer = NamesThere & {
  readonly type: 'upstream';
  readonly upstream: string;
  readonly transport: Flow['transport'];
  readonly local: HostPort;
  readonly remote: HostPort;
  /** Whose credential answers its challenges: an extension; empty: the upstream's own. */
  readonly account: string;
  /** How far the CSeq numbers there were ahead of the phone's when the dialog began (./upstream/numbering.ts). */
  readonly offset: number;
};

export type Peer = { readonly type: 'flow'; readonly flow: Flow } | { readonly type: 'ivr' } | UpstreamPeer;

export const ivr: Peer = { type: 'ivr' };

/** Never dialled: the IVR's messages stay in this process (RFC 2606 2). */
const ivrHost = 'hotdesk.invalid';

/** sip.js answers only requests for its own name. */
export const ivrUri = `sip:hotdesk@${ivrHost}`;

const flowKeys = new WeakMap<Flow, FlowKey>();

/** Made once for each flow object: a phone's every message comes with the same one. */
export function flowKey(flow: Flow): FlowKey {
  const known = flowKeys.get(flow);
  if (known !== undefined) return known;
  const { agent, transport, local, remote } = flow;
  const key: FlowKey = `${agent} ${transport} ${formatHostPort(local)} ${formatHostPort(remote)}`;
  flowKeys.set(flow, key);
  return key;
}

export function keyOf(peer: Peer): string {
  if (peer.type === 'ivr') return 'ivr';
  if (peer.type === 'flow') return flowKey(peer.flow);
  return `upstream ${peer.upstream} ${peer.transport} ${formatHostPort(peer.remote)}`;
}

/** Its last hop: the tunnel before it is in any case. */
export const pathOf = (peer: Exclude<Peer, { type: 'ivr' }>) => (peer.type === 'flow' ? peer.flow : peer);

export const isReliable = (peer: Peer) => peer.type === 'ivr' || pathOf(peer).transport !== 'udp';

/** How a peer names us: its agent's address on its side, so that what it sends comes to that agent. */
export function hostFacing(peer: Peer): string {
  if (peer.type === 'ivr') return ivrHost;
  return formatHostPort(pathOf(peer).local);
}

/** What people are called behind the @ towards it. */
export const domainFacing = (peer: Peer) => (peer.type === 'upstream' ? peer.domain : hostFacing(peer));

export function viaFacing(peer: Peer, branch: string): string {
  const transport = peer.type === 'ivr' ? 'TCP' : pathOf(peer).transport.toUpperCase();
  // RFC 5923: what it sends us comes over the connection we made.
  const alias = peer.type === 'upstream' && peer.transport !== 'udp' ? ';alias' : '';
  return `SIP/2.0/${transport} ${hostFacing(peer)};branch=${branch};rport${alias}`;
}

/** `;transport=` of a URI at which the peer reaches us; UDP is what a URI means without it. */
export function transportParam(peer: Peer): string {
  if (peer.type === 'ivr') return ';transport=tcp';
  return pathOf(peer).transport === 'udp' ? '' : `;transport=${pathOf(peer).transport}`;
}

/** Same agent and same address: a phone's TCP connection may have come again from another port. */
export function isSamePlace(a: Peer, b: Peer): boolean {
  if (a.type === 'flow' && b.type === 'flow') {
    return a.flow.agent === b.flow.agent && a.flow.remote.address === b.flow.remote.address;
  }
  // Any of its addresses: its nodes may take calls over from each other.
  if (a.type === 'upstream' && b.type === 'upstream') return a.upstream === b.upstream;
  return a.type === b.type;
}

/** A network of its own: it may have proxies behind it, whose routes are not ours to drop. */
export const isNetwork = ({ peer, device }: { peer: Peer; device: string }) =>
  device === '' && peer.type !== 'ivr';

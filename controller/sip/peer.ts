/**
 * Peers: the two kinds of neighbour the proxy has, a phone (or gateway) at the
 * end of a flow and the IVR in the same process. What differs between them is
 * here, so that the proxy itself asks nobody what he is.
 */

import type { Flow } from '#controller/model/model.ts';
import type { FlowKey } from '#controller/model/ports.ts';
import { formatHostPort } from '#protocol/address.ts';

export type Peer = { readonly type: 'flow'; readonly flow: Flow } | { readonly type: 'ivr' };

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

export const keyOf = (peer: Peer) => (peer.type === 'ivr' ? 'ivr' : flowKey(peer.flow));

/** The tunnel is; the phone's own last hop decides. */
export const isReliable = (peer: Peer) => peer.type === 'ivr' || peer.flow.transport !== 'udp';

/** How a peer names us: its agent's address on its side, so that what it sends comes to that agent. */
export const hostFacing = (peer: Peer) => (peer.type === 'ivr' ? ivrHost : formatHostPort(peer.flow.local));

export const viaFacing = (peer: Peer, branch: string) => {
  const transport = peer.type === 'ivr' ? 'TCP' : peer.flow.transport.toUpperCase();
  return `SIP/2.0/${transport} ${hostFacing(peer)};branch=${branch};rport`;
};

/** `;transport=` of a URI at which the peer reaches us; UDP is what a URI means without it. */
export const transportParam = (peer: Peer) => {
  if (peer.type === 'ivr') return ';transport=tcp';
  return peer.flow.transport === 'udp' ? '' : `;transport=${peer.flow.transport}`;
};

/** Same agent and same address: a phone's TCP connection may have come again from another port. */
export const isSamePlace = (a: Peer, b: Peer) =>
  a.type === 'flow' && b.type === 'flow'
    ? a.flow.agent === b.flow.agent && a.flow.remote.address === b.flow.remote.address
    : a.type === b.type;

/**
 * Flow tokens: what Record-Route carries, so that a request in a dialog finds
 * its way without memory, also after a restart (RFC 5626 5.2 with RFC 5658).
 * Each side of a call has one, which says where that side is and as whom it
 * was let in:
 *
 *      0        1            9                                         n
 *     +--------+------------+---------------+----------------+--------+
 *     | shape  | agent (8)  | local (6|18)  | remote (6|18)  | names  |   in base64url, then the keyed hash
 *     +--------+------------+---------------+----------------+--------+
 *     shape: 1 IPv6 local, 2 IPv6 remote, 4 TCP, 8 TLS, 16 IVR (no agent, no addresses), 32 upstream (no agent)
 *     names: `device user`, either may be empty; of an upstream ` user upstream account offset`
 *
 * The keyed hash takes in the Call-ID: a token is worth nothing in another call. The
 * site is not in it but looked up, and so are the names of an upstream: a token dies
 * with its agent or its upstream.
 */

import { isIP } from 'node:net';
import type { Flow } from '#controller/model/model.ts';
import { type HostPort, toCanonical } from '#protocol/address.ts';
import { createKeyedHash, isSameHash, keyedChars } from './keyed-hash.ts';
import { ivr, type NamesThere, type Peer } from './peer.ts';

/** One end of a call. `device` is empty for the IVR and for a gateway; `user` is who calls or is called there. */
export type Side = { readonly peer: Peer; readonly device: string; readonly user: string };

export type FlowTokens = {
  seal(callId: string, side: Side): string;
  /** Undefined: not ours, not of this call, or its agent is gone. */
  open(callId: string, token: string): Side | undefined;
};

const maxTokenChars = 200;
/** Two for each phone that calls, and some. */
const maxRemembered = 8_192;
const shapes = { localIs6: 1, remoteIs6: 2, tcp: 4, tls: 8, ivr: 16, upstream: 32 } as const;

/** What is looked up, not believed; undefined: gone. */
type Lookups = {
  siteOf(agent: string): string | undefined;
  namesAt(upstream: string): NamesThere | undefined;
};

export function createFlowTokens(
  key: Uint8Array,
  siteOf: (agent: string) => string | undefined,
  namesAt: Lookups['namesAt'] = () => undefined,
): FlowTokens {
  const lookups = { siteOf, namesAt };
  const keyed = createKeyedHash(key, 'flow token');
  const sign = (callId: string, body: string) => keyed(`${body} ${callId}`);
  /** Phones by what their tokens say: the same in all their calls. */
  const phones = new Map<string, Side>();

  function sideOf(body: string): Side | undefined {
    const known = phones.get(body);
    if (known?.peer.type === 'flow' && siteOf(known.peer.flow.agent) === known.peer.flow.site) return known;
    const bytes = Buffer.from(body, 'base64url');
    const side = decodeSide(bytes, lookups);
    if (side?.peer.type !== 'flow') return side;
    const [oldest] = phones.size >= maxRemembered ? phones.keys() : [];
    if (oldest !== undefined) phones.delete(oldest);
    // Not `body`: a part of a text keeps all of it in memory.
    phones.set(bytes.toString('base64url'), side);
    return side;
  }

  return {
    seal(callId, side) {
      const body = encodeSide(side).toString('base64url');
      return body + sign(callId, body);
    },
    open(callId, token) {
      if (token.length > maxTokenChars) return undefined;
      const body = token.slice(0, -keyedChars);
      if (body === '' || !isSameHash(sign(callId, body), token.slice(-keyedChars))) return undefined;
      return sideOf(body);
    },
  };
}

function encodeSide({ peer, device, user }: Side): Buffer {
  if (peer.type === 'ivr')
    return Buffer.concat([Uint8Array.of(shapes.ivr), Buffer.from(`${device} ${user}`)]);
  if (peer.type === 'flow') return Buffer.concat([encodeFlow(peer.flow), Buffer.from(`${device} ${user}`)]);
  const names = Buffer.from(` ${user} ${peer.upstream} ${peer.account} ${peer.offset}`);
  return Buffer.concat([shapeOf(peer, shapes.upstream), encodeWay(peer), names]);
}

const encoded = new WeakMap<Flow, Buffer>();

/** Made once for each flow object: a phone's every call has the same one in it. */
function encodeFlow(flow: Flow): Buffer {
  const known = encoded.get(flow);
  if (known !== undefined) return known;
  const bytes = Buffer.concat([shapeOf(flow, 0), Buffer.from(flow.agent, 'hex'), encodeWay(flow)]);
  encoded.set(flow, bytes);
  return bytes;
}

type Way = { transport: Flow['transport']; local: HostPort; remote: HostPort };

function shapeOf({ transport, local, remote }: Way, kind: number): Uint8Array {
  const localIs6 = isIP(local.address) === 6 ? shapes.localIs6 : 0;
  const remoteIs6 = isIP(remote.address) === 6 ? shapes.remoteIs6 : 0;
  return Uint8Array.of(kind | localIs6 | remoteIs6 | (transport === 'udp' ? 0 : shapes[transport]));
}

const encodeWay = ({ local, remote }: Way) => Buffer.concat([encodeAddress(local), encodeAddress(remote)]);

/** `body` is signed, so its form is known. */
function decodeSide(body: Buffer, lookups: Lookups): Side | undefined {
  const shape = body[0] ?? 0;
  if (shape === shapes.ivr) return { peer: ivr, ...decodeNames(body.subarray(1)) };
  if ((shape & shapes.upstream) !== 0) return decodeUpstream(shape, body.subarray(1), lookups);
  const agent = body.toString('hex', 1, 9);
  const site = lookups.siteOf(agent);
  if (site === undefined) return undefined;
  const { way, rest } = decodeWay(shape, body.subarray(9));
  return { peer: { type: 'flow', flow: { agent, site, ...way } }, ...decodeNames(rest) };
}

function decodeUpstream(shape: number, body: Buffer, { namesAt }: Lookups): Side | undefined {
  const { way, rest } = decodeWay(shape, body);
  const [device = '', user = '', upstream = '', account = '', offset = ''] = rest.toString().split(' ');
  const names = namesAt(upstream);
  if (names === undefined) return undefined;
  return {
    peer: { type: 'upstream', upstream, ...names, ...way, account, offset: Number(offset) },
    device,
    user,
  };
}

function decodeWay(shape: number, body: Buffer): { way: Way; rest: Buffer } {
  const localEnd = (shape & shapes.localIs6) === 0 ? 6 : 18;
  const remoteEnd = localEnd + ((shape & shapes.remoteIs6) === 0 ? 6 : 18);
  const transport = (shape & shapes.tcp) !== 0 ? 'tcp' : (shape & shapes.tls) !== 0 ? 'tls' : 'udp';
  const local = decodeAddress(body.subarray(0, localEnd));
  const remote = decodeAddress(body.subarray(localEnd, remoteEnd));
  return { way: { transport, local, remote }, rest: body.subarray(remoteEnd) };
}

function decodeNames(bytes: Buffer): { device: string; user: string } {
  const [device = '', user = ''] = bytes.toString().split(' ');
  return { device, user };
}

function encodeAddress({ address, port }: HostPort): Uint8Array {
  const bytes = isIP(address) === 6 ? encodeIpv6(address) : address.split('.').map(Number);
  return Uint8Array.of(...bytes, port >> 8, port & 0xff);
}

function decodeAddress(bytes: Buffer): HostPort {
  const at = bytes.length - 2;
  const address = at === 4 ? bytes.subarray(0, 4).join('.') : decodeIpv6(bytes.subarray(0, 16));
  return { address, port: bytes.readUInt16BE(at) };
}

function encodeIpv6(address: string): number[] {
  const [head = '', tail = ''] = toCanonical(address).split('::');
  const before = head.split(':').filter((group) => group !== '');
  const after = tail.split(':').filter((group) => group !== '');
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
  return groups.flatMap((group) => [group >> 8, group & 0xff]);
}

function decodeIpv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  // Equal to what the agent's socket said.
  return toCanonical(groups.join(':'));
}

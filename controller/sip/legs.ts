/**
 * A message on its way through: what a request looks like for its target, and a
 * response for its caller (RFC 3261 16.6, 16.7). Both are made from the parse;
 * of what the sender claims about himself, nothing is left.
 */

import type { Store } from '#controller/model/ports.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import { formatNameAddr, parseNameAddr } from '#protocol/sip/name-addr.ts';
import { parseVia } from '#protocol/sip/via.ts';
import { calledAs, coverContact, shiftSequence, triesOf, uncoverContact } from './b2bua.ts';
import type { Side } from './flow-token.ts';
import type { Target } from './forward.ts';
import { assertCaller, assertIdentity, dropClaims, type Identity } from './identity.ts';
import { createKeyedHash } from './keyed-hash.ts';
import { domainFacing, hostFacing, isNetwork, type Peer, transportParam, viaFacing } from './peer.ts';
import type { Routes } from './routes.ts';

export type LegsOptions = {
  store: Store;
  routes: Routes;
  key: Uint8Array;
  random: (bytes: number) => Uint8Array;
  /** How far the CSeq numbers of a call are ahead towards its upstream. */
  offsetOf?(callId: string): number;
  /** Who a device is in an emergency call, and where it is called back. */
  inEmergency(side: Side): { caller: Identity; callback: string };
};

export type Outgoing = { request: SipMessage; branch: string };

/** `caller` is undefined for who is no user of ours: then From stays as it came. */
export type Leg = { request: SipMessage; near: Side; caller: Identity | undefined };

export type Legs = {
  /** Who somebody is at that end; undefined: a gateway or the IVR. */
  identityOf(side: Side): Identity | undefined;
  /** A request that begins a dialog. */
  first(leg: Leg, target: Target): Outgoing;
  /** A request within one: `far` is the only way it can go. */
  inDialog(leg: Leg, far: Side): Outgoing;
  response(response: SipMessage, leg: Leg, target: Target): SipMessage;
  /** It has been here before (RFC 3261 16.3 step 4). */
  isLoop(request: SipMessage): boolean;
};

const maxForwards = 70;
const markChars = 8;

export function createLegs(options: LegsOptions): Legs {
  const { store, routes, key, random, offsetOf = () => 0, inEmergency } = options;
  const keyed = createKeyedHash(key, 'branch');

  /** Beginning of every branch of this request: one that comes back unchanged is known by it. */
  function branchMark(request: SipMessage): string {
    const uri = request.start.type === 'request' ? request.start.uri : '';
    const text = `${request.callId} ${request.from.params.get('tag') ?? ''} ${request.cseq.number} ${uri}`;
    return `z9hG4bK${keyed(text).slice(0, markChars)}`;
  }

  /** A trunk knows our extensions by their full number. */
  function nameFor(identity: Identity, peer: Peer): Identity {
    if (peer.type !== 'upstream' || peer.prefix === '' || store.get('users', identity.user) === undefined)
      return identity;
    return { ...identity, user: peer.prefix + identity.user };
  }

  function outgoing({ request, near, caller }: Leg, { side, uri }: Pick<Target, 'side' | 'uri'>): Outgoing {
    const out = request.clone();
    if (out.start.type === 'request') out.start.uri = uri;
    const hops = Math.min(maxForwards, Number(out.get('Max-Forwards') ?? maxForwards));
    out.set('Max-Forwards', String(Math.max(0, hops - 1)));
    dropClaims(out);
    out.removeAll('Route');
    // The way back through a network is not ours to drop.
    if (!isNetwork(near)) out.removeAll('Record-Route');
    // RFC 3911: listening in on a call that is not one's own.
    out.removeAll('Join');
    // Nobody is logged in there: it may not take over a call either.
    if (near.device !== '' && near.user === near.device) out.removeAll('Replaces');
    if (caller !== undefined) assertCaller(out, nameFor(caller, side.peer), domainFacing(side.peer));
    if (side.peer.type === 'upstream') addressTo(out, calledAs(side), side.peer.domain);
    couple(out, near, side);
    const branch = branchMark(request) + Buffer.from(random(9)).toString('base64url');
    out.prepend('Via', viaFacing(side.peer, branch));
    return { request: out, branch };
  }

  /** The two dialogs of an emergency call: what one side says, as the other knows it. */
  function couple(out: SipMessage, near: Side, far: Side): void {
    const tries = triesOf(far);
    if (tries !== undefined) {
      shiftSequence(out, tries);
      coverDevice(out, near, far);
      assertCaller(out, nameFor(inEmergency(near).caller, far.peer), domainFacing(far.peer));
    } else if (triesOf(near) !== undefined && out.start.type === 'request') {
      out.start.uri =
        uncoverContact(out.start.uri) ?? store.get('bindings', far.device)?.contact ?? out.start.uri;
    }
  }

  function coverDevice(out: SipMessage, device: Side, far: Side): void {
    coverContact(out, inEmergency(device).callback, hostFacing(far.peer) + transportParam(far.peer));
  }

  const identityOf = ({ device, user }: Side): Identity | undefined =>
    device === '' ? undefined : { user, display: store.get('users', user)?.name ?? user };

  return {
    identityOf,

    first(leg, target) {
      const out = outgoing(leg, target);
      const [farRoute, nearRoute] = routes.recordRoutes(leg.request.callId, leg.near, target.side);
      out.request.prepend('Record-Route', nearRoute);
      out.request.prepend('Record-Route', farRoute);
      return out;
    },

    inDialog(leg, far) {
      const { start } = leg.request;
      const out = outgoing(leg, { side: far, uri: start.type === 'request' ? start.uri : '' });
      if (isNetwork(far)) leadOn(out.request, leg.request.getAll('Route').slice(2));
      return out;
    },

    response(response, { request, near }, { side }) {
      const out = response.clone();
      // As the caller wrote them, whatever the phone made of them.
      out.removeAll('Via');
      for (const via of request.getAll('Via')) out.append('Via', via);
      for (const name of ['From', 'CSeq']) out.set(name, request.get(name) ?? '');
      out.set('To', withTag(request.get('To') ?? '', response.to.params.get('tag')));
      dropClaims(out);
      if (!request.to.params.has('tag')) restoreRoutes(out, request, near, side);
      const isBack = triesOf(near) !== undefined;
      if (isBack) coverDevice(out, side, near);
      const identity = isBack ? inEmergency(side).caller : identityOf(side);
      if (identity !== undefined) assertIdentity(out, nameFor(identity, near.peer), domainFacing(near.peer));
      return out;
    },

    isLoop(request) {
      const mark = branchMark(request);
      return request
        .getAll('Via')
        .some((via) => parseVia(via).params.get('branch')?.startsWith(mark) === true);
    },
  };

  /**
   * A phone that answers with other Record-Routes would lead its caller
   * elsewhere. A network's own stay: those behind us, above ours; those before
   * us, below.
   */
  function restoreRoutes(response: SipMessage, request: SipMessage, near: Side, far: Side): void {
    const before = isNetwork(near) ? request.getAll('Record-Route') : [];
    const behind = isNetwork(far)
      ? response.getAll('Record-Route').slice(0, -2 - before.length || undefined)
      : [];
    const ours = routes.recordRoutes(response.callId, near, withOffset(far, response.callId));
    response.removeAll('Record-Route');
    for (const route of [...behind, ...ours, ...before]) response.append('Record-Route', route);
  }

  /** As far as the numbers are ahead by now: what the call needs after a restart. */
  function withOffset(side: Side, callId: string): Side {
    if (side.peer.type !== 'upstream') return side;
    return { ...side, peer: { ...side.peer, offset: offsetOf(callId) } };
  }
}

/** RFC 3261 16.6 step 6: the first of them may know no `;lr`; then it is what the request is sent to. */
function leadOn(request: SipMessage, routes: readonly string[]): void {
  const [next, ...others] = routes;
  const { start } = request;
  if (next === undefined || start.type !== 'request') return;
  const isStrict = !/;lr\b/i.test(next);
  for (const route of isStrict ? [...others, `<${start.uri}>`] : routes) request.append('Route', route);
  if (isStrict) start.uri = parseNameAddr(next).uri;
}

/** The far end by its name there; its tag stays. */
function addressTo(request: SipMessage, user: string, domain: string): void {
  const tag = request.to.params.get('tag');
  const uri = `sip:${user.replaceAll('#', '%23')}@${domain}`;
  request.set('To', withTag(`<${uri}>`, tag));
}

/** The tag is the responder's; a request within a dialog has it already. */
function withTag(to: string, tag: string | undefined): string {
  const parsed = parseNameAddr(to);
  if (tag === undefined || parsed.params.has('tag')) return to;
  return formatNameAddr({ ...parsed, params: new Map([...parsed.params, ['tag', tag]]) });
}

/**
 * A message on its way through: what a request looks like for its target, and a
 * response for its caller (RFC 3261 16.6, 16.7). Both are made from the parse;
 * of what the sender claims about himself, nothing is left.
 */

import { createHmac } from 'node:crypto';
import type { Store } from '#controller/model/ports.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import { parseVia } from '#protocol/sip/via.ts';
import type { Side } from './flow-token.ts';
import type { Target } from './forward.ts';
import { assertCaller, assertIdentity, dropClaims, type Identity } from './identity.ts';
import { hostFacing, viaFacing } from './peer.ts';
import type { Routes } from './routes.ts';

export type LegsOptions = {
  store: Store;
  routes: Routes;
  key: Uint8Array;
  random: (bytes: number) => Uint8Array;
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

export function createLegs({ store, routes, key, random }: LegsOptions): Legs {
  /** Beginning of every branch of this request: one that comes back unchanged is known by it. */
  function branchMark(request: SipMessage): string {
    const uri = request.start.type === 'request' ? request.start.uri : '';
    const text = `${request.callId} ${request.from.params.get('tag') ?? ''} ${request.cseq.number} ${uri}`;
    return `z9hG4bK${createHmac('sha256', key).update(text).digest('base64url').slice(0, 8)}`;
  }

  function outgoing({ request, near, caller }: Leg, { side, uri }: Pick<Target, 'side' | 'uri'>): Outgoing {
    const out = request.clone();
    if (out.start.type === 'request') out.start.uri = uri;
    const hops = Math.min(maxForwards, Number(out.get('Max-Forwards') ?? maxForwards));
    out.set('Max-Forwards', String(Math.max(0, hops - 1)));
    dropClaims(out);
    out.removeAll('Route');
    out.removeAll('Record-Route');
    // RFC 3911: listening in on a call that is not one's own.
    out.removeAll('Join');
    // Nobody is logged in there: it may not take over a call either.
    if (near.device !== '' && near.user === near.device) out.removeAll('Replaces');
    if (caller !== undefined) assertCaller(out, caller, hostFacing(side.peer));
    const branch = branchMark(request) + Buffer.from(random(9)).toString('base64url');
    out.prepend('Via', viaFacing(side.peer, branch));
    return { request: out, branch };
  }

  /** Not to a phone: which way it sends what is ours to say. A gateway may have proxies of its own behind it. */
  const isGateway = ({ peer, device }: Side) => peer.type === 'flow' && device === '';

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
      if (isGateway(far))
        for (const route of leg.request.getAll('Route').slice(2)) out.request.append('Route', route);
      return out;
    },

    response(response, { request, near }, { side }) {
      const out = response.clone();
      // As the caller wrote them, whatever the phone made of them.
      for (const name of ['Via', 'From']) {
        out.removeAll(name);
        for (const value of request.getAll(name)) out.append(name, value);
      }
      dropClaims(out);
      if (!request.to.params.has('tag') && !isGateway(side)) restoreRoutes(out, near, side);
      const identity = identityOf(side);
      if (identity !== undefined) assertIdentity(out, identity, hostFacing(near.peer));
      return out;
    },

    isLoop(request) {
      const mark = branchMark(request);
      return request
        .getAll('Via')
        .some((via) => parseVia(via).params.get('branch')?.startsWith(mark) === true);
    },
  };

  /** A phone that answers with other Record-Routes would lead its caller elsewhere. */
  function restoreRoutes(response: SipMessage, near: Side, far: Side): void {
    response.removeAll('Record-Route');
    for (const route of routes.recordRoutes(response.callId, near, far))
      response.append('Record-Route', route);
  }
}

/**
 * Record-Route and Route: how a dialog comes back through us. Two URIs a call
 * (RFC 5658), one for each side, with the address at which that side reaches
 * its agent and, as user, that side's flow token:
 *
 *     INVITE to the callee     Record-Route: <sip:TOKEN-CALLEE@agent-of-callee;lr>, <sip:TOKEN-CALLER@agent-of-caller;lr>
 *     BYE from the callee      Route: <callee's>, <caller's>      goes to the flow in the second
 *     BYE from the caller      Route: <caller's>, <callee's>      likewise
 *
 * A Route is followed only when both are ours, of this very Call-ID, and the
 * request came from where the first one says. A phone or PBX from before `;lr`
 * puts the first of them into the Request-URI, and what belongs there at the
 * end of its Route (RFC 3261 16.4, 16.12.1.2).
 */

import type { SipMessage } from '#protocol/sip/message.ts';
import { parseNameAddr } from '#protocol/sip/name-addr.ts';
import { parseUri } from '#protocol/sip/uri.ts';
import type { FlowTokens, Side } from './flow-token.ts';
import { hostFacing, isSamePlace, type Peer, transportParam } from './peer.ts';
import type { Whereabouts } from './whereabouts.ts';

/** Who sent a request in a dialog and who shall get it. */
export type Dialog = { near: Side; far: Side };

export type Routes = {
  /** The two values, as they stand in the request to `far`: its own first. */
  recordRoutes(callId: string, near: Side, far: Side): [string, string];
  /**
   * `none`: no token in it at all. `bad`: tokens, but not for this request. A
   * request of a strict router is put right.
   */
  dialogOf(request: SipMessage, from: Peer): Dialog | 'none' | 'bad';
};

export function createRoutes(tokens: FlowTokens, whereIs: Whereabouts): Routes {
  const routeTo = (callId: string, side: Side) => {
    const { peer } = side;
    return `<sip:${tokens.seal(callId, side)}@${hostFacing(peer)}${transportParam(peer)};lr>`;
  };

  function dialogBy([first, second]: readonly string[], callId: string, from: Peer): Dialog | 'none' | 'bad' {
    const [nearToken, farToken] = [first, second].map((route) => route && tokenIn(route));
    if (nearToken === undefined || farToken === undefined) return 'none';
    const near = tokens.open(callId, nearToken);
    const far = tokens.open(callId, farToken);
    if (near === undefined || far === undefined || !isSamePlace(near.peer, from)) return 'bad';
    return { near, far: whereIs(far) };
  }

  return {
    recordRoutes: (callId, near, far) => [routeTo(callId, far), routeTo(callId, near)],

    dialogOf(request, from) {
      // Without a To tag it is no request in a dialog, whatever Route it brings.
      if (!request.to.params.has('tag')) return 'none';
      const routes = request.getAll('Route');
      const found = dialogBy(routes, request.callId, from);
      const { start } = request;
      if (typeof found !== 'string' || start.type !== 'request' || !start.uri.includes(';lr')) return found;
      const [target, ...before] = routes.toReversed();
      const strict = [`<${start.uri}>`, ...before.reverse()];
      const dialog = dialogBy(strict, request.callId, from);
      if (target === undefined || typeof dialog === 'string') return found;
      start.uri = parseNameAddr(target).uri;
      request.removeAll('Route');
      for (const route of strict) request.append('Route', route);
      return dialog;
    },
  };
}

function tokenIn(route: string): string | undefined {
  const { uri } = parseNameAddr(route);
  return uri.startsWith('sip:') ? parseUri(uri).user : undefined;
}

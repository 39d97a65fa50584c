/**
 * The gate: who may have a transaction. Whatever arrives passes here first, and
 * until it is let in it costs no memory: its answer is made of itself.
 *
 *     looked at in this order                                    then
 *     in a dialog, with both its tokens, from the right place    dialog
 *     from an address of an upstream, at a socket of our own     upstream
 *     from the site's emergency gateway                          gateway
 *     INVITE to an emergency number, right digest or an address
 *       that is or was a device's                                emergency
 *     right digest, but too many wrong ones from there before    401 or 407
 *     right digest, device of this site                          device
 *     right digest, device of another site                       403
 *     all else                                                   401 or 407, up to a rate
 *
 * An emergency call is under no rate, also when it must be asked for a digest.
 */

import type { Device, Flow, Site } from '#controller/model/model.ts';
import type { Kept, Store } from '#controller/model/ports.ts';
import { sameAddress, sameHostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { createResponse, type SipMessage } from '#protocol/sip/message.ts';
import { parseUri, schemeOf, unescapeUser } from '#protocol/sip/uri.ts';
import type { Algorithms } from './algorithms.ts';
import type { Authenticated, Authentication, Unauthenticated } from './authentication.ts';
import type { Counters } from './counters.ts';
import { isEmergency } from './dial-plan.ts';
import type { Directory } from './directory.ts';
import { createGuesses } from './guesses.ts';
import type { Limiter } from './limiter.ts';
import type { Peer, UpstreamPeer } from './peer.ts';
import type { Dialog, Routes } from './routes.ts';

export type Admitted =
  | ({ type: 'dialog' } & Dialog)
  | { type: 'gateway'; flow: Flow }
  | { type: 'emergency'; flow: Flow; device: Kept<Device>; number: string }
  | { type: 'device'; flow: Flow; device: Kept<Device>; generation: number; isRepeat: boolean }
  | { type: 'upstream'; peer: UpstreamPeer };

export type Turned = { type: 'answer'; response: SipMessage } | { type: 'drop' };

export type GateOptions = {
  store: Store;
  directory: Directory;
  authentication: Authentication;
  algorithms: Algorithms;
  routes: Routes;
  limiter: Limiter;
  clock: Clock;
  counters: Counters;
  /** It is asked for a digest, and not where a device of ours is. */
  onStranger(request: SipMessage, flow: Flow): void;
};

/** What a request dials, unescaped; undefined when it is for another host, or no `sip:` at all. */
export function dialledIn(request: SipMessage, flow: Flow): string | undefined {
  if (request.start.type !== 'request' || !['sip', 'sips'].includes(schemeOf(request.start.uri)))
    return undefined;
  const { user, host } = parseUri(request.start.uri);
  return user === undefined || !sameAddress(host, flow.local.address) ? undefined : unescapeUser(user);
}

/** RFC 5031 4.2: help of whatever kind; a key of a phone may ask for it so. */
const sosService = /^urn:service:sos(\.[a-z0-9-]+)*$/i;

function emergencyNumber(request: SipMessage, flow: Flow, site: Site | undefined): string | undefined {
  if (request.method !== 'INVITE' || request.to.params.has('tag') || site === undefined) return undefined;
  const uri = request.start.type === 'request' ? request.start.uri : '';
  if (sosService.test(uri)) return site.emergencyNumbers[0];
  const number = dialledIn(request, flow);
  return number !== undefined && isEmergency(number, site) ? number : undefined;
}

const isGateway = (site: Site | undefined, { remote }: Flow) =>
  site?.emergencyGateway !== undefined && sameHostPort(site.emergencyGateway, remote);

export function createGate(options: GateOptions): (request: SipMessage, peer: Peer) => Admitted | Turned {
  const { store, directory, authentication, routes, limiter, clock, counters } = options;
  const guesses = createGuesses({ clock });

  function inDialog(request: SipMessage, peer: Peer): Admitted | undefined {
    if (request.method === 'REGISTER') return undefined;
    const dialog = routes.dialogOf(request, peer);
    if (dialog === 'bad') counters.badToken++;
    return typeof dialog === 'string' ? undefined : { type: 'dialog', ...dialog };
  }

  function refuse(request: SipMessage, status: number, reason?: string): Turned {
    const toTag = authentication.tagFor(request);
    return {
      type: 'answer',
      response: createResponse(request, status, { toTag, ...(reason && { reason }) }),
    };
  }

  function fromFlow(request: SipMessage, flow: Flow): Admitted | Turned {
    const site = store.get('sites', flow.site);
    if (isGateway(site, flow)) return { type: 'gateway', flow };
    const found = authentication.check(request, flow);
    if (found.type === 'right') options.algorithms.proven(found.device.id, found.algorithm);
    const number = emergencyNumber(request, flow, site);
    const caller = found.type === 'right' ? found.device : number && directory.deviceAt(flow);
    if (number !== undefined && caller) return { type: 'emergency', flow, device: caller, number };
    const known = unlessBlocked(found, flow);
    if (known.type !== 'right') return notAuthenticated(request, flow, known, number !== undefined);
    const { device, generation, isRepeat } = known;
    if (device.site === flow.site) return { type: 'device', flow, device, generation, isRepeat };
    counters.foreignSite++;
    return refuse(request, 403, 'Device of another site');
  }

  /** The same for a device that there is not; a new secret is nobody's guess yet. */
  const guessKey = (name: string, { agent, remote }: Flow) =>
    `${agent} ${remote.address} ${name.slice(0, 64)} ${store.get('devices', name)?.generation}`;

  function unlessBlocked(found: Authenticated | Unauthenticated, flow: Flow): typeof found {
    // Nearly always nobody has guessed wrong of late, and then there is nothing to look up.
    if (found.type !== 'right' || guesses.size === 0) return found;
    if (!guesses.isBlocked(guessKey(found.device.id, flow))) return found;
    counters.blocked++;
    return { type: 'none', isStale: false };
  }

  function notAuthenticated(
    request: SipMessage,
    flow: Flow,
    found: Unauthenticated,
    isEmergencyCall: boolean,
  ): Turned {
    if (found.guessed !== undefined) guesses.wrong(guessKey(found.guessed, flow));
    if (isEmergencyCall || limiter.take(`${flow.agent} ${flow.remote.address}`)) {
      counters[found.type === 'none' ? 'challenged' : 'wrongCredentials']++;
      if (directory.deviceAt(flow) === undefined) options.onStranger(request, flow);
      const algorithms = options.algorithms.offered(request, flow);
      const response = authentication.challenge(request, flow, { isStale: found.isStale, algorithms });
      return { type: 'answer', response };
    }
    counters.limited++;
    return { type: 'drop' };
  }

  return (request, peer) => {
    const dialog = inDialog(request, peer);
    if (dialog !== undefined) return dialog;
    if (peer.type === 'upstream') return { type: 'upstream', peer };
    // The IVR is called, it never calls.
    return peer.type === 'ivr' ? refuse(request, 403) : fromFlow(request, peer.flow);
  };
}

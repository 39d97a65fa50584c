/**
 * Ways out for an emergency call: the routes of the device's site, in order, and
 * the INVITE that goes there. Who is logged in does not matter, for it says
 * nothing about where help must come to: numbers and place are the device's.
 *
 *     gateway     on the site's own LAN, reached through its agent
 *     upstream    a PBX or trunk, from the controller
 *
 *     location    what the INVITE carries besides (RFC 6442)
 *     none        nothing
 *     value       Geolocation: <cid:…>, and the PIDF-LO in a multipart body
 *     reference   Geolocation: <https:…>, where the PIDF-LO can be fetched
 *
 * A route that wants a location is there twice, with it and then without: a
 * gateway that cannot read a multipart body must still get the call.
 */

import { checkPidfLo, formatPidfLo, pidfLoType } from '#controller/emergency/pidf-lo.ts';
import { numbersOf, placeOf } from '#controller/emergency/place.ts';
import type { Device, Site } from '#controller/model/model.ts';
import type { EmergencyRoute, Place } from '#controller/model/place.ts';
import type { Flows, Store } from '#controller/model/ports.ts';
import { formatHostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import { addPart, backUser } from './b2bua.ts';
import type { Side } from './flow-token.ts';
import type { Identity } from './identity.ts';
import type { Legs, Outgoing } from './legs.ts';
import type { Peer } from './peer.ts';

/** Where a route leads now; undefined: nowhere. */
export type Exit = { peer: Peer; uri: string };

export type Way = { name: string; number: string; location: EmergencyRoute['location']; exit: Exit };

export type WaysOut = {
  /** Every route of a site, also one that leads nowhere at the moment. */
  routesOf(site: Site, number: string): { name: string; route: EmergencyRoute; exits: readonly Exit[] }[];
  /** What to try, in order. */
  waysOf(device: Device, site: Site, number: string): Way[];
  /** The INVITE on its `tries`th other way, without the place as yet. */
  invite(request: SipMessage, near: Side, way: Way, tries: number): Outgoing & { far: Side };
  /** Adds the place, as the way wants it. */
  locate(request: SipMessage, near: Side, way: Pick<Way, 'location'>): void;
  pidfLoOf(device: Device, at?: string): string;
  /** Routes that lead nowhere now. */
  problemsOf(site: Site): string[];
};

export type WaysOutOptions = {
  store: Store;
  flows: Flows;
  clock: Clock;
  legs: Legs;
  random: (bytes: number) => Uint8Array;
  /** Where a device's PIDF-LO can be fetched; undefined: nowhere, it was not configured. */
  locationUrl?: ((device: string) => string) | undefined;
  /** The addresses of a PBX or trunk. */
  exitsTo(upstream: string, number: string): readonly Exit[];
  /** No address of it answers. */
  isDown(upstream: string): boolean;
};

const gatewayAlone: readonly EmergencyRoute[] = [{ type: 'gateway', location: 'none' }];

export const routesOf = (site: Site): readonly EmergencyRoute[] => site.emergencyRoutes ?? gatewayAlone;

/**
 * Who a device is in an emergency call, and where it is called back, whoever sits
 * there by then. `at`: the site it calls from; a phone that was carried to
 * another office is there and not where it was registered.
 */
export function inEmergency(
  store: Pick<Store, 'get'>,
  id: string,
  at?: string,
): { caller: Identity; callback: string; place: Place } {
  const device = store.get('devices', id);
  const own = at === undefined || at === device?.site ? device : undefined;
  const place = placeOf(own ?? {}, store.get('sites', at ?? device?.site ?? ''));
  const { callerId, callback } = numbersOf({ id }, place);
  return { caller: { user: callerId, display: id }, callback, place };
}

export function createWaysOut(options: WaysOutOptions): WaysOut {
  const { store, flows, clock, legs, random, locationUrl, exitsTo } = options;

  function exitsOf(route: EmergencyRoute, site: Site, number: string): readonly Exit[] {
    if (route.type === 'upstream') return exitsTo(route.upstream, number);
    const gateway = site.emergencyGateway;
    const flow = gateway === undefined ? undefined : flows.toAddress(site.id, gateway);
    if (gateway === undefined || flow === undefined) return [];
    return [{ peer: { type: 'flow', flow }, uri: `sip:${number}@${formatHostPort(gateway)}` }];
  }

  function pidfLoOf({ id, mac, site }: Device, at: string = site): string {
    const { place } = inEmergency(store, id, at);
    const language = store.get('sites', at)?.language ?? 'en';
    return formatPidfLo({ device: id, mac, place, language, at: new Date(clock.wall()) });
  }

  function routes(site: Site, number: string) {
    return routesOf(site).map((route) => {
      const name = route.type === 'gateway' ? 'gateway' : `upstream ${route.upstream}`;
      return { name, route, exits: exitsOf(route, site, number) };
    });
  }

  function locate(request: SipMessage, { device, peer }: Side, { location }: Pick<Way, 'location'>): void {
    const found = store.get('devices', device);
    if (location === 'none' || found === undefined) return;
    if (location === 'value') {
      const id = `${Buffer.from(random(9)).toString('base64url')}@hotdesk.invalid`;
      request.set('Geolocation', `<cid:${id}>`);
      const boundary = `hotdesk-${Buffer.from(random(18)).toString('base64url')}`;
      addPart(request, { type: pidfLoType, id, body: Buffer.from(pidfLoOf(found, siteOf(peer))) }, boundary);
    } else request.set('Geolocation', `<${locationUrl?.(device) ?? ''}>`);
    request.set('Geolocation-Routing', 'yes');
    request.append('Supported', 'geolocation');
  }

  const isDown = (route: EmergencyRoute) => route.type === 'upstream' && options.isDown(route.upstream);

  return {
    routesOf: routes,
    locate,
    pidfLoOf,

    problemsOf: (site) =>
      routes(site, '112').flatMap(({ name, route, exits }) => {
        const isMissing = route.type === 'gateway' && site.emergencyGateway === undefined;
        const why = isMissing ? 'the site has none' : 'there is no way to it now';
        const noPlace = route.location === 'reference' && locationUrl === undefined;
        return [
          ...(exits.length === 0 || isDown(route) ? [`emergency route ${name}: ${why}`] : []),
          ...(noPlace ? [`emergency route ${name}: no location by reference without --location-url`] : []),
        ];
      }),

    waysOf(device, site, number) {
      // Half an address helps nobody: then the call goes without.
      const isKnown = checkPidfLo(pidfLoOf(device, site.id)) === undefined;
      return routes(site, number).flatMap(({ name, route: { location }, exits }) =>
        exits.flatMap((exit): Way[] => {
          const plain: Way = { name, number, location: 'none', exit };
          const mayLocate = location === 'value' || (location === 'reference' && locationUrl !== undefined);
          return mayLocate && isKnown ? [{ ...plain, location }, plain] : [plain];
        }),
      );
    },

    invite(request, near, { exit, number }, tries) {
      const far: Side = { peer: exit.peer, device: '', user: backUser(number, tries) };
      const out = legs.first({ request, near, caller: undefined }, { side: far, uri: exit.uri });
      for (const name of notOurs) out.request.removeAll(name);
      return { ...out, far };
    },
  };
}

export const siteOf = (peer: Peer) => (peer.type === 'flow' ? peer.flow.site : undefined);

/** What the phone may say of itself elsewhere and not here: where it is, that it wants to be nobody, who sent it. */
const notOurs = [
  'Geolocation',
  'Geolocation-Routing',
  'Geolocation-Error',
  'Privacy',
  'Referred-By',
  'Replaces',
];

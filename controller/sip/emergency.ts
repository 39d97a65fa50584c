/**
 * Emergency calls: to the gateway on the device's own site, as the device, and
 * back from there. Who is logged in does not matter, for it says nothing about
 * where help must come to.
 */

import type { Device } from '#controller/model/model.ts';
import type { Flows, Store } from '#controller/model/ports.ts';
import { formatHostPort } from '#protocol/address.ts';
import type { Target } from './forward.ts';
import type { Identity } from './identity.ts';

/** Undefined: the site has no gateway, or no agent of it is up. */
export function gatewayTarget(
  { store, flows }: { store: Store; flows: Flows },
  { site, number }: { site: string; number: string },
): Target | undefined {
  const gateway = store.get('sites', site)?.emergencyGateway;
  const flow = gateway === undefined ? undefined : flows.toAddress(site, gateway);
  if (gateway === undefined || flow === undefined) return undefined;
  return {
    side: { peer: { type: 'flow', flow }, device: '', user: number },
    uri: `sip:${number}@${formatHostPort(gateway)}`,
  };
}

/** The number to call back is the device's name: it rings there whoever sits there by then. */
export const emergencyCaller = ({ id }: Pick<Device, 'id'>): Identity => ({ user: id, display: id });

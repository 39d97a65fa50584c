/**
 * Where a side of a call is by now. A phone that came by TCP or TLS may have
 * lost its connection and come back over another; the one in the flow token is
 * gone for good, for nobody connects to a phone. Then a request in the dialog
 * goes to where the phone has registered since, if that is the same place.
 */

import type { Flows } from '#controller/model/ports.ts';
import type { Directory } from './directory.ts';
import type { Side } from './flow-token.ts';
import { isSamePlace } from './peer.ts';

export type Whereabouts = (side: Side) => Side;

export type WhereaboutsOptions = {
  flows: Pick<Flows, 'isUp'>;
  directory: Pick<Directory, 'bindingOf'>;
};

export function createWhereabouts({ flows, directory }: WhereaboutsOptions): Whereabouts {
  return (side) => {
    const { peer, device } = side;
    if (peer.type !== 'flow' || peer.flow.transport === 'udp' || flows.isUp(peer.flow)) return side;
    const flow = directory.bindingOf(device)?.flow;
    if (flow === undefined || !flows.isUp(flow)) return side;
    const now = { type: 'flow', flow } as const;
    return isSamePlace(peer, now) ? { ...side, peer: now } : side;
  };
}

/** Where the media of a side comes from and goes to, as controller/media wants to know it. */

import { type MediaEnd, noAgent } from '#controller/model/ports.ts';
import type { Side } from './flow-token.ts';

export function mediaEndOf({ peer, device, user }: Side): MediaEnd | undefined {
  if (peer.type === 'ivr') return undefined;
  if (peer.type === 'flow') {
    const { flow } = peer;
    return device === '' ? { flow, user, isGateway: true } : { flow, user, device, isGateway: false };
  }
  const { upstream, transport, local, remote } = peer;
  // A space: no site has that name.
  const flow = { agent: noAgent, site: `upstream ${upstream}`, transport, local, remote };
  return { flow, user, isGateway: false, namesItsMedia: true };
}

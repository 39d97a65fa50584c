/** How things of ours are called towards an upstream. */

import type { Upstream } from '#controller/model/model.ts';
import type { NamesThere } from '#controller/sip/peer.ts';
import { formatHostPort } from '#protocol/address.ts';

export const domainOf = ({ domain, addresses: [first] }: Upstream) =>
  domain ?? (first === undefined ? 'invalid' : formatHostPort(first).replace(/:\d+$/, ''));

/** Users who register there are called as they registered; a trunk knows our numbers in full. */
export const namesAt = (upstream: Upstream): NamesThere => ({
  domain: domainOf(upstream),
  prefix: upstream.mode === 'trunk' ? upstream.calledPrefix : '',
});

/** What stands behind the @ towards an upstream. */

import type { Upstream } from '#controller/model/model.ts';
import { formatHostPort } from '#protocol/address.ts';

export const domainOf = ({ domain, addresses: [first] }: Upstream) =>
  domain ?? (first === undefined ? 'invalid' : formatHostPort(first).replace(/:\d+$/, ''));

/**
 * A phone that asks the agent for a file without a token: it was led here by
 * DHCP (option 66) or by hand. It is refused like everything else, and told of,
 * so that an admin sees it.
 *
 *     GET /001565aabb01.cfg      GET /snomD785-000413AA0001.htm      GET /cfgc074ad0a0b0c.xml
 */

import { type Description, describeUserAgent } from './subscribe.ts';

/** Not the name that a Fanvil tries which does not know its own model: `F00000000000.cfg`. */
const inPath = /(?:^|[^0-9a-z]|cfg)(?!f0{11})([0-9a-f]{12})\.[a-z]{2,5}$/i;
const inUserAgent = /(?:^|[^0-9a-f])([0-9a-f]{12}|(?:[0-9a-f]{2}:){5}[0-9a-f]{2})(?![0-9a-f])/i;

export function readStray(path: string, userAgent: string): ({ mac: string } & Description) | undefined {
  if (path.length > 256 || userAgent.length > 256) return undefined;
  const mac = inPath.exec(path)?.[1] ?? inUserAgent.exec(userAgent)?.[1];
  if (mac === undefined) return undefined;
  return { mac: mac.replaceAll(':', '').toLowerCase(), ...describeUserAgent(userAgent) };
}

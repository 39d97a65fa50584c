/**
 * The one thing that is asked for over HTTP: a file under a device's token.
 *
 *     GET /p/<token>/<file>      HEAD too; origin form, no query, nothing escaped
 *
 * `Host` is absent or our own. It is never used, but a name in it that is not
 * ours is a browser led here by DNS, or somebody who tries things.
 */

import { formatHostPort, type HostPort } from '#protocol/address.ts';

const path = /^\/p\/[A-Za-z0-9_-]{16,64}\/[A-Za-z0-9][A-Za-z0-9_-]{0,47}(?:\.[A-Za-z0-9_-]{1,15}){0,3}$/;

export type Asked = {
  method?: string | undefined;
  url?: string | undefined;
  /** Name and value by turns, as they came. */
  rawHeaders: readonly string[];
};

export function isConfigRequest({ method, url, rawHeaders }: Asked, local: HostPort): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (url === undefined || !path.test(url)) return false;
  return isOurs(hostsIn(rawHeaders), local);
}

function hostsIn(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host');
}

function isOurs(hosts: readonly string[], local: HostPort): boolean {
  if (hosts.length === 0) return true; // HTTP/1.0
  const full = formatHostPort(local);
  const [host] = hosts;
  return hosts.length === 1 && (host === full || (local.port === 80 && `${host}:80` === full));
}

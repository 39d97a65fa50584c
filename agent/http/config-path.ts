/**
 * What is asked for over HTTP: a file under a device's token, or a bare one.
 *
 *     GET /p/<token>/<file>      HEAD too; origin form, no query, nothing escaped
 *     GET /<file>                as a phone asks that DHCP led here; the controller decides
 *
 * `Host` may be any name or address: a DHCP option and a URL typed into a phone
 * may name the agent as the office's DNS does. It is never used. What protects is
 * the token in the path: a page led here by DNS rebinding does not know one.
 */

const bare = /^\/[A-Za-z0-9][A-Za-z0-9_-]{0,47}(?:\.[A-Za-z0-9_-]{1,15}){1,3}$/;
const path = /^\/p\/[A-Za-z0-9_-]{16,64}\/[A-Za-z0-9][A-Za-z0-9_-]{0,47}(?:\.[A-Za-z0-9_-]{1,15}){0,3}$/;
/** RFC 9110, 7.2, without what no DNS name and no address has in it. */
const hostField = /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

export type Asked = {
  method?: string | undefined;
  url?: string | undefined;
  /** Name and value by turns, as they came. */
  rawHeaders: readonly string[];
};

/** Undefined: neither. */
export function readPath({ method, url = '', rawHeaders }: Asked): 'token' | 'bare' | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  const hosts = hostsIn(rawHeaders); // none: HTTP/1.0
  if (hosts.length > 1 || !hosts.every((host) => hostField.test(host))) return undefined;
  if (path.test(url)) return 'token';
  return bare.test(url) ? 'bare' : undefined;
}

function hostsIn(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host');
}

/**
 * The one thing that is asked for over HTTP: a file under a device's token.
 *
 *     GET /p/<token>/<file>      HEAD too; origin form, no query, nothing escaped
 *
 * `Host` may be any name or address: a DHCP option and a URL typed into a phone
 * may name the agent as the office's DNS does. It is never used. What protects is
 * the token in the path: a page led here by DNS rebinding does not know one.
 */

const path = /^\/p\/[A-Za-z0-9_-]{16,64}\/[A-Za-z0-9][A-Za-z0-9_-]{0,47}(?:\.[A-Za-z0-9_-]{1,15}){0,3}$/;
/** RFC 9110, 7.2, without what no DNS name and no address has in it. */
const hostField = /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

export type Asked = {
  method?: string | undefined;
  url?: string | undefined;
  /** Name and value by turns, as they came. */
  rawHeaders: readonly string[];
};

export function isConfigRequest({ method, url, rawHeaders }: Asked): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (url === undefined || !path.test(url)) return false;
  const hosts = hostsIn(rawHeaders); // none: HTTP/1.0
  return hosts.length <= 1 && hosts.every((host) => hostField.test(host));
}

function hostsIn(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'host');
}

/**
 * Who a message says it is from: never what the phone wrote, always what was
 * authenticated (RFC 3325 5: we are the edge of the trust domain).
 *
 * Dropped besides: what would make the far phone do something by itself, as
 * answering at once (Alert-Info, Call-Info, Answer-Mode), and all that is ours
 * to write (credentials, routes).
 */

import type { SipMessage } from '#protocol/sip/message.ts';
import { formatNameAddr } from '#protocol/sip/name-addr.ts';
import { encodeText } from '#protocol/sip/scan.ts';
import { parseUri } from '#protocol/sip/uri.ts';

/** `user` is an extension, a device's name or a number: nothing in it needs escaping. */
export type Identity = { user: string; display: string };

const dropped = new Set([
  'Alert-Info',
  'Answer-Mode',
  'Authentication-Info',
  'Authorization',
  'Call-Info',
  'Diversion',
  'History-Info',
  'Identity',
  'Identity-Info',
  'Path',
  'Priv-Answer-Mode',
  'Proxy-Authenticate',
  'Proxy-Authentication-Info',
  'Proxy-Authorization',
  'Referred-By',
  'Remote-Party-ID',
  'Reply-To',
  'Service-Route',
  'WWW-Authenticate',
]);

/** P-Asserted-Identity, P-Preferred-Identity and the like are all ours to write. */
const isDropped = (name: string) => dropped.has(name) || name.startsWith('X-') || name.startsWith('P-');

export function dropClaims(message: SipMessage): void {
  message.removeWhere(isDropped);
}

/** From and P-Asserted-Identity of a request, for a peer that knows us as `host`. The tag stays. */
export function assertCaller(request: SipMessage, { user, display }: Identity, host: string): void {
  const tag = request.from.params.get('tag');
  const params = new Map(tag === undefined ? [] : [['tag', tag]]);
  request.set('From', formatNameAddr({ display: encodeText(display), uri: `sip:${user}@${host}`, params }));
  assertIdentity(request, { user, display }, host);
}

/** P-Asserted-Identity alone: whom a response is from. */
export function assertIdentity(message: SipMessage, { user, display }: Identity, host: string): void {
  const uri = `sip:${user}@${host}`;
  message.set(
    'P-Asserted-Identity',
    formatNameAddr({ display: encodeText(display), uri, params: new Map() }),
  );
}

/** The number a gateway names as caller, made harmless. */
export function callerNumber(request: SipMessage): string {
  const { uri } = request.from;
  const user = uri.startsWith('sip') ? (parseUri(uri).user ?? '') : '';
  return /^\+?[0-9*#]{1,32}$/.test(user) ? user : 'anonymous';
}

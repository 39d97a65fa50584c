/** A call from an upstream: whom it is for, and whom it is from. Pure. */

import type { Upstream } from '#controller/model/model.ts';
import type { Identity } from '#controller/sip/identity.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import { type NameAddr, parseNameAddr } from '#protocol/sip/name-addr.ts';
import { decodeText } from '#protocol/sip/scan.ts';
import { parseUri, schemeOf, unescapeUser } from '#protocol/sip/uri.ts';

/** Our extension: what is dialled there, without the prefix that all our numbers have there. */
export function calledThere(
  request: SipMessage,
  upstream: Pick<Upstream, 'calledPrefix'> | undefined,
): string | undefined {
  if (request.start.type !== 'request' || upstream === undefined) return undefined;
  const number = numberIn(request.start.uri);
  return number?.startsWith(upstream.calledPrefix) === true
    ? number.slice(upstream.calledPrefix.length)
    : undefined;
}

/**
 * Its P-Asserted-Identity counts, and From only without one: the upstream is in
 * our trust domain (RFC 3325 5). `Privacy: id` keeps both from the phone.
 */
export function callerThere(request: SipMessage): Identity {
  const privacy = (request.get('Privacy') ?? '').toLowerCase().split(/[;\s]+/);
  if (privacy.includes('id') || privacy.includes('user')) return { user: 'anonymous', display: 'Anonymous' };
  const asserted = request.getAll('P-Asserted-Identity').map(parseNameAddr);
  const known = asserted.find(({ uri }) => numberIn(uri) !== undefined) ?? request.from;
  const user = numberIn(known.uri) ?? 'anonymous';
  return { user, display: displayOf(known) ?? user };
}

/** Of `sip:`, `sips:` and `tel:`, made harmless; undefined when it is no number. */
function numberIn(uri: string): string | undefined {
  const scheme = schemeOf(uri);
  if (!['sip', 'sips', 'tel'].includes(scheme)) return undefined;
  const raw = scheme === 'tel' ? /^tel:([^;]*)/i.exec(uri)?.[1] : parseUri(uri).user;
  const number = unescapeUser(raw ?? '').replace(/[-.()]/g, '');
  return /^\+?[0-9*#]{1,32}$/.test(number) ? number : undefined;
}

function displayOf({ display }: NameAddr): string | undefined {
  const text =
    display === undefined
      ? ''
      : decodeText(display)
          .replace(/[\p{Cc}\p{Cf}]/gu, '')
          .trim();
  return text === '' ? undefined : text.slice(0, 64);
}

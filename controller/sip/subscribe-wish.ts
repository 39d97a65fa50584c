/**
 * What a SUBSCRIBE asks for (RFC 6665 4.2.1), read from the message alone: who
 * may watch what, and whether it belongs to a subscription, is asked elsewhere.
 */

import type { SipMessage } from '#protocol/sip/message.ts';
import { parseNameAddr } from '#protocol/sip/name-addr.ts';
import { splitList } from '#protocol/sip/scan.ts';
import { isContact } from './registrar.ts';

export type Wish = {
  event: string;
  eventId: string | undefined;
  /** 0: only the state as it is now, or no more of it. */
  seconds: number;
  contact: string;
};

export type Refused = { status: number; reason?: string; headers?: readonly (readonly [string, string])[] };

export const minSubscriptionSeconds = 60;
export const maxSubscriptionSeconds = 3_600;
/** Nothing of a dialog that is kept may be longer. */
const maxChars = 256;

export function readSubscribe(
  request: SipMessage,
  contentTypeOf: (event: string) => string | undefined,
  allowEvents: string,
): Wish | Refused {
  const [event = '', ...params] = (request.get('Event') ?? '').split(';').map((part) => part.trim());
  const contentType = contentTypeOf(event.toLowerCase());
  if (contentType === undefined) return { status: 489, headers: [['Allow-Events', allowEvents]] };
  if (!accepts(request, contentType)) return { status: 406, headers: [['Accept', contentType]] };
  const header = request.get('Expires') ?? String(maxSubscriptionSeconds);
  if (!/^[0-9]{1,10}$/.test(header)) return { status: 400, reason: 'Expires is not a number' };
  const seconds = Math.min(Number(header), maxSubscriptionSeconds);
  if (seconds > 0 && seconds < minSubscriptionSeconds) {
    return { status: 423, headers: [['Min-Expires', String(minSubscriptionSeconds)]] };
  }
  const contact = contactOf(request);
  const eventId = params.find((param) => /^id=/i.test(param))?.slice(3);
  if (contact === undefined) return { status: 400, reason: 'One Contact, please' };
  if (![request.callId, request.from.uri, request.to.uri, eventId ?? '', tagOf(request)].every(isShort)) {
    return { status: 400, reason: 'Too long to be kept' };
  }
  return { event: event.toLowerCase(), eventId, seconds, contact };
}

export const isRefused = (read: Wish | Refused): read is Refused => 'status' in read;

const isShort = (text: string) => text.length <= maxChars;

const tagOf = (request: SipMessage) => request.from.params.get('tag') ?? '';

function contactOf(request: SipMessage): string | undefined {
  const [contact, ...more] = request.getAll('Contact');
  if (contact === undefined || more.length > 0) return undefined;
  const { uri } = parseNameAddr(contact);
  return isContact(uri) ? uri : undefined;
}

/** RFC 6665 4.1.2.1: without an Accept, the package's own type. */
function accepts(request: SipMessage, contentType: string): boolean {
  const accepted = request
    .getAll('Accept')
    .flatMap(splitList)
    .map((range) => (range.split(';')[0] ?? '').trim().toLowerCase());
  const [type = ''] = contentType.split('/');
  return accepted.length === 0 || [contentType, `${type}/*`, '*/*'].some((each) => accepted.includes(each));
}

/**
 * The answer while the controller cannot be reached: `503` with Retry-After,
 * made from the request alone and remembered nowhere. Sent to where the
 * request came from; not much longer than it, so it is no use as an amplifier.
 */

import { createHash } from 'node:crypto';
import type { HostPort } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import { createResponse, formatMessage, parseMessage, type SipMessage } from '#protocol/sip/message.ts';
import { receivedFrom } from '#protocol/sip/via.ts';

/** Undefined for what is not answered: responses, ACK, and what cannot be parsed. */
export function answerUnavailable(
  bytes: Uint8Array,
  source: HostPort,
  retryAfterSeconds: number,
): Uint8Array | undefined {
  try {
    const request = parseMessage(bytes);
    if (request.start.type !== 'request' || request.method === 'ACK') return undefined;
    const response = createResponse(request, 503, {
      toTag: tagOf(request),
      headers: [['Retry-After', String(retryAfterSeconds)]],
    });
    response.replaceTopVia(receivedFrom(response.topVia, source));
    return formatMessage(response);
  } catch (error) {
    if (Fault.is(error)) return undefined;
    throw error;
  }
}

/** RFC 3261 8.2.7: a stateless server gives each retransmission the same To tag. */
function tagOf(request: SipMessage): string {
  const branch = request.topVia.params.get('branch') ?? '';
  return createHash('sha256').update(`${request.callId} ${branch}`).digest('hex').slice(0, 16);
}

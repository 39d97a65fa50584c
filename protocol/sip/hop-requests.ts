/** The two requests that a client transaction makes of its INVITE: ACK for a refusal, CANCEL. */

import { createRequest, type HeaderList, type SipMessage } from './message.ts';

/** RFC 3261 17.1.1.3: To is the response's, all else the INVITE's. */
export function createAck(invite: SipMessage, response: SipMessage): SipMessage {
  return create(invite, 'ACK', response.get('To') ?? '', []);
}

/** RFC 3261 9.1. `extra`: a Reason (RFC 3326), for one. */
export function createCancel(invite: SipMessage, extra: HeaderList): SipMessage {
  return create(invite, 'CANCEL', invite.get('To') ?? '', extra);
}

function create(invite: SipMessage, method: string, to: string, extra: HeaderList): SipMessage {
  const uri = invite.start.type === 'request' ? invite.start.uri : '';
  const headers: (readonly [string, string])[] = [['Via', invite.get('Via') ?? '']];
  for (const route of invite.getAll('Route')) headers.push(['Route', route]);
  headers.push(
    ['From', invite.get('From') ?? ''],
    ['To', to],
    ['Call-ID', invite.callId],
    ['CSeq', `${invite.cseq.number} ${method}`],
    ['Max-Forwards', '70'],
    ...extra,
  );
  return createRequest({ method, uri, headers });
}

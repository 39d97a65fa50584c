/**
 * Which transaction a message belongs to (RFC 3261 17.1.3, 17.2.3).
 *
 * A branch that begins with the magic cookie, and has something after it
 * (RFC 4475 3.2.1), names the transaction with the sent-by and the method; an
 * ACK and a CANCEL carry the branch of their INVITE. Peers of RFC 2543 name
 * theirs by Request-URI, From tag, Call-ID, CSeq and Via; we leave out the To
 * tag, which their ACK has and their INVITE has not.
 */

import type { SipMessage } from './message.ts';
import { formatVia } from './via.ts';

const cookie = 'z9hG4bK';

/**
 * `peer` keeps one phone from naming another's transaction. `method`: that of
 * the transaction looked for, when it is not the request's own.
 */
export function serverKey(request: SipMessage, peer: string, method: string = request.method): string {
  const via = request.topVia;
  const branch = via.params.get('branch');
  const sentBy = `${via.host.toLowerCase()}:${via.port ?? ''}`;
  if (branch !== undefined && isBranch(branch)) return [branch, sentBy, method, peer].join('\n');
  const uri = request.start.type === 'request' ? request.start.uri : '';
  const { callId, cseq } = request;
  const tag = request.from.params.get('tag') ?? '';
  return ['2543', uri, tag, callId, cseq.number, formatVia(via), method, peer].join('\n');
}

/** For a request of ours and the responses to it. */
export function clientKey(message: SipMessage): string {
  return `${message.topVia.params.get('branch') ?? ''}\n${message.cseq.method}`;
}

/** Equal for the copies of one request that came over several ways (RFC 3261 8.2.2.2); undefined within a dialog. */
export function mergeKey(request: SipMessage): string | undefined {
  if (request.to.params.has('tag')) return undefined;
  const { callId, cseq } = request;
  return [callId, request.from.params.get('tag') ?? '', cseq.number, cseq.method].join('\n');
}

const isBranch = (branch: string) =>
  branch.length > cookie.length && branch.slice(0, cookie.length).toLowerCase() === cookie.toLowerCase();

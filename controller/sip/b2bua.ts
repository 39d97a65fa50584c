/**
 * The back-to-back leg of an emergency call. It changes what a proxy may not
 * (RFC 3261 16.6): the body, the Contact, and the CSeq, which rises with each
 * way out that is tried. So there are two dialogs, coupled one to one:
 *
 *     phone                              gateway
 *     INVITE 1, SDP                  →   INVITE 1+n, SDP and PIDF-LO     n = tries before this one
 *     Contact: <sip:HD0001@phone>    →   Contact: <sip:+4930…@agent;hd=…>
 *     ACK, PRACK, BYE 2, RAck … 1    →   … 2+n, RAck … 1+n
 *     200, CSeq 1                    ←   200, CSeq 1+n
 *     BYE to its own Contact         ←   BYE sip:+4930…@agent;hd=…
 *
 * Call-ID and tags are the same in both, and all that is needed later is in what
 * each side sends back: `n` in its Record-Route token, as the user `sos+n+112`, and
 * the phone's own Contact in `hd`. Nothing is remembered, so a BYE finds its
 * way after a restart of the controller too.
 */

import type { SipMessage } from '#protocol/sip/message.ts';
import { findParts, typeOfPart } from '#protocol/sip/multipart.ts';
import { parseNameAddr } from '#protocol/sip/name-addr.ts';
import { parseUri } from '#protocol/sip/uri.ts';
import type { Side } from './flow-token.ts';

const maxContactChars = 256;
const maxCSeq = 2 ** 31 - 1;

/** The `user` of the far side of a call to `number`, after `tries` that led nowhere. */
export const backUser = (number: string, tries: number) => `sos+${tries}+${number}`;

/** Undefined: no back-to-back leg goes there. */
export function triesOf(side: Side): number | undefined {
  const tries = readBackUser(side)?.[1];
  return tries === undefined ? undefined : Number(tries);
}

/** By which number or name that end was called. */
export const calledAs = (side: Side) => readBackUser(side)?.[2] ?? side.user;

const readBackUser = ({ device, user }: Side) =>
  device === '' ? /^sos\+(\d{1,3})\+(\d{1,32})$/.exec(user) : null;

/** A request of the phone's becomes one of the far dialog. */
export function shiftSequence(request: SipMessage, by: number): void {
  request.set('CSeq', `${shifted(request.cseq.number, by)} ${request.cseq.method}`);
  // RFC 3262 7.2: response number, then the CSeq of the INVITE.
  const [, response, cseq, method] =
    /^\s*(\d{1,10})\s+(\d{1,10})\s+(\S+)\s*$/.exec(request.get('RAck') ?? '') ?? [];
  if (cseq !== undefined) request.set('RAck', `${response} ${shifted(Number(cseq), by)} ${method}`);
}

const shifted = (cseq: number, by: number) => Math.min(maxCSeq, cseq + by);

/** The phone's Contact becomes the number to call back, at the address where the far side reaches us. */
export function coverContact(message: SipMessage, user: string, host: string): void {
  const [contact] = message.getAll('Contact');
  if (contact === undefined) return;
  const { uri } = parseNameAddr(contact);
  const hidden =
    uri.length <= maxContactChars ? `;hd=${Buffer.from(uri, 'latin1').toString('base64url')}` : '';
  message.set('Contact', `<sip:${user}@${host}${hidden}>`);
}

/** The phone's own Contact in a Request-URI made by `coverContact`; undefined when it was lost on the way. */
export function uncoverContact(uri: string): string | undefined {
  const hidden = uri.startsWith('sip:') ? parseUri(uri).params.get('hd') : undefined;
  const contact = hidden === undefined ? '' : Buffer.from(hidden, 'base64url').toString('latin1');
  return /^sips?:[!-;=?-~]{1,255}$/.test(contact) ? contact : undefined;
}

/** A part of a body: its Content-Type and, where a header points to it, its Content-ID without brackets. */
export type Part = { type: string; id?: string; body: Uint8Array };

/** RFC 2046 5.1.3: what was the body, and `more`, as multipart/mixed. `boundary` is in neither. */
export function addPart(message: SipMessage, more: Part, boundary: string): void {
  const type = message.get('Content-Type');
  const first: Part[] = message.body.length > 0 && type !== undefined ? [{ type, body: message.body }] : [];
  const parts = [...first, more].flatMap(({ type: each, id, body }) => [
    Buffer.from(
      `--${boundary}\r\nContent-Type: ${each}\r\n${id === undefined ? '' : `Content-ID: <${id}>\r\n`}\r\n`,
    ),
    body,
    Buffer.from('\r\n'),
  ]);
  message.body = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
  message.set('Content-Type', `multipart/mixed;boundary=${boundary}`);
  message.set('MIME-Version', '1.0');
}

/** Undefined: no multipart body, or none that can be taken apart. */
export function readParts(message: SipMessage): Part[] | undefined {
  return findParts(message)?.map((part) => {
    const id = /^Content-ID:\s*<([^>]+)>/im.exec(part.head)?.[1];
    const body = message.body.subarray(part.start, part.end);
    return { type: typeOfPart(part), ...(id !== undefined && { id }), body };
  });
}

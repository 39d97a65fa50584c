/**
 * What a phone that asked by multicast is sent, by unicast: a 200, and a NOTIFY
 * whose body is the URL (RFC 6080, as far as any phone follows it).
 *
 * The dialog is a proper one, with a tag and a Via of ours, which the phones of
 * every make take; the 200 goes where RFC 3261, 18.2.2 says, but never to an
 * address that a message names: only to the one it came from.
 */

import { formatHostPort, type HostPort } from '#protocol/address.ts';
import type { Asking } from './subscribe.ts';

const sipPort = 5_060;

/** `rport` or none: the port asked from, or the one in the Via. */
export function portOf({ via }: Pick<Asking, 'via'>, source: HostPort): number {
  if (/;\s*rport\b/i.test(via)) return source.port;
  return portIn(/^SIP\s*\/\s*2\.0\s*\/\s*\w+\s+(?:\[[^\]]*\]|[^\s:;,]+)(?::(\d{1,5}))?/i.exec(via)?.[1]);
}

function portIn(text: string | undefined): number {
  const port = Number(text ?? sipPort);
  return port >= 1 && port <= 65_535 ? port : sipPort;
}

/** The Contact's port, when it is of the address that asked. */
export function notifyTarget({ via, contact }: Asking, source: HostPort): HostPort {
  const [, host, port] = /^sips?:(?:[^@]*@)?([\d.]+)(?::(\d{1,5}))?(?:[;?]|$)/i.exec(contact ?? '') ?? [];
  if (host !== source.address) return { ...source, port: portOf({ via }, source) };
  return { ...source, port: portIn(port) };
}

export function formatOk(asking: Asking, { local, source, tag }: Leg): Buffer {
  // RFC 3581, 4: who asks for rport is told both.
  const via = asking.via.replace(
    /;\s*rport\s*(?=;|,|$)/i,
    `;received=${source.address};rport=${source.port}`,
  );
  return format([
    'SIP/2.0 200 OK',
    `Via: ${via}`,
    `From: ${asking.from}`,
    `To: ${tagged(asking.to, tag)}`,
    `Call-ID: ${asking.callId}`,
    `CSeq: ${asking.cseq}`,
    `Contact: <sip:${formatHostPort(local)}>`,
    'Expires: 0',
    'Content-Length: 0',
  ]);
}

export type Leg = { local: HostPort; source: HostPort; tag: string };

export function formatNotify(asking: Asking, { local, source, tag }: Leg, url: string): Buffer {
  return format(
    [
      `NOTIFY ${asking.contact ?? `sip:${formatHostPort(notifyTarget(asking, source))}`} SIP/2.0`,
      `Via: SIP/2.0/UDP ${formatHostPort(local)};branch=z9hG4bK${tag};rport`,
      'Max-Forwards: 70',
      `From: ${tagged(asking.to, tag)}`,
      `To: ${asking.from}`,
      `Call-ID: ${asking.callId}`,
      'CSeq: 1 NOTIFY',
      `Contact: <sip:${formatHostPort(local)}>`,
      'Event: ua-profile;effective-by=0',
      'Subscription-State: terminated;reason=timeout',
      'Content-Type: application/url',
      `Content-Length: ${Buffer.byteLength(url)}`,
    ],
    url,
  );
}

/** Of an answer to a NOTIFY: its status and its call. */
export function readAnswer(bytes: Uint8Array): { status: number; callId: string } | undefined {
  if (bytes.length > 4_096) return undefined;
  const text = Buffer.from(bytes).toString('latin1');
  const status = /^SIP\/2\.0 ([1-6]\d\d)(?: |\r?\n)/.exec(text)?.[1];
  const callId = /^(?:call-id|i)[ \t]*:[ \t]*(\S+)/im.exec(text)?.[1];
  const isNotify = /^cseq[ \t]*:[ \t]*\d+[ \t]+NOTIFY/im.test(text);
  return status && callId && isNotify ? { status: Number(status), callId } : undefined;
}

const tagged = (value: string, tag: string) => (/;\s*tag=/i.test(value) ? value : `${value};tag=${tag}`);

const format = (lines: readonly string[], body = '') =>
  Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');

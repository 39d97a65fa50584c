/**
 * What of a phone's request the controller gets to see, and what of the
 * controller's answer the phone: names that are known, and so much of each.
 */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { TunnelAnswer } from '#agent/tunnel.ts';

type Answered = Pick<TunnelAnswer, 'status' | 'headers'>;

/** Which headers the controller is to see, and how much of each. */
const passedUp = {
  'user-agent': 256,
  'if-none-match': 256,
  'if-range': 256,
  range: 64,
  authorization: 1_024,
} as const;
const passedDown = [
  ...['content-type', 'content-length', 'content-range', 'accept-ranges'],
  ...['etag', 'cache-control', 'last-modified', 'www-authenticate'],
] as const;
const maxCertificateBytes = 6_000;
const maxBodyBytes = 1024 * 1024;

export function upward(request: Pick<IncomingMessage, 'headers'>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, max] of Object.entries(passedUp)) {
    const value = request.headers[name];
    if (typeof value === 'string') headers[name] = value.slice(0, max);
  }
  return headers;
}

export function downward(headers: Record<string, string>): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const known = passedDown.find((each) => each === name.toLowerCase());
    if (known !== undefined) picked[known] = value;
  }
  return picked;
}

/** What the controller answers to who may ask; all else is one refusal. */
export function isForPhone(
  { status, headers }: Answered,
  request: Pick<IncomingMessage, 'headers'>,
): boolean {
  if (status === 200 || status === 304) return true;
  if (status === 206 || status === 416) return request.headers.range !== undefined;
  return status === 401 && headers['www-authenticate'] !== undefined;
}

export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/**
 * A Poly sends its logs in (PUT), and reads the answer once it has: nobody wants them, but an
 * answer that comes with a connection torn down is none. Of a log too long no more is read.
 */
export async function readThrough(request: Readable): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Uint8Array).length;
      if (bytes > maxBodyBytes) return;
    }
  } catch {
    // Who sent it is gone, and the answer with him.
  }
}

/** Base64 DER of what a phone showed; one too long for the tunnel is none. */
export function certificateOf(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const { raw } = socket.getPeerCertificate();
  return raw === undefined || raw.length > maxCertificateBytes ? undefined : raw.toString('base64');
}

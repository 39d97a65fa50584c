/**
 * Where in a message its session description is: the whole body, or one part of
 * several (RFC 5621), as a trunk sends it that carries ISUP along.
 */

import type { SipMessage } from '#protocol/sip/message.ts';
import { findParts, isMultipart, typeOfPart } from '#protocol/sip/multipart.ts';

export type SdpBody = {
  bytes: Uint8Array;
  /** Puts another in its place. */
  put: (bytes: Uint8Array) => void;
};

const isSdp = /^application\/sdp\s*(?:;|$)/i;
const isEncoded = /^Content-Transfer-Encoding[ \t]*:[ \t]*(?:base64|quoted-printable)/im;

/** Undefined: there is none. `unclear`: a multipart body that cannot be taken apart, or has two of them. */
export function sdpIn(message: SipMessage): SdpBody | 'unclear' | undefined {
  if (message.body.length === 0) return undefined;
  if (isMultipart(message)) return sdpAmong(message);
  if (!isSdp.test(message.get('Content-Type') ?? '')) return undefined;
  return {
    bytes: message.body,
    put: (bytes) => {
      message.body = bytes;
    },
  };
}

function sdpAmong(message: SipMessage): SdpBody | 'unclear' | undefined {
  const parts = findParts(message);
  if (parts === undefined || parts.some((part) => typeOfPart(part).startsWith('multipart/')))
    return 'unclear';
  const [part, more] = parts.filter((each) => typeOfPart(each) === 'application/sdp');
  if (part === undefined) return undefined;
  if (more !== undefined || isEncoded.test(part.head)) return 'unclear';
  const { body } = message;
  return {
    bytes: body.subarray(part.start, part.end),
    put: (bytes) => {
      message.body = Buffer.concat([body.subarray(0, part.start), bytes, body.subarray(part.end)]);
    },
  };
}

/**
 * RTP packets (RFC 3550 5.1).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |V=2|P|X|  CC   |M|     PT      |           sequence            |
 *     |                           timestamp                           |
 *     |                             SSRC                              |
 *     |          CC times CSRC; with X: u16 id, u16 n, n words        |
 *     |                payload, with P its last byte counts padding   |
 *
 * Anybody can send anything to an RTP port, so what is no RTP is `undefined`
 * and not a Fault: the caller counts it and the call goes on.
 */

import assert from 'node:assert/strict';

const headerBytes = 12;

export type RtpPacket = {
  payloadType: number;
  /** u16, counts packets; wraps. */
  sequence: number;
  /** u32, counts samples; wraps. */
  timestamp: number;
  ssrc: number;
  marker: boolean;
  payload: Uint8Array;
};

/** The payload shares memory with `bytes`: copy it if you keep it. Padding, CSRCs and extensions are skipped. */
export function decodeRtp(bytes: Uint8Array): RtpPacket | undefined {
  if (bytes.length < headerBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const first = view.getUint8(0);
  const second = view.getUint8(1);
  // RFC 5761 4: with the marker bit these payload types are RTCP's 200 to 204.
  if (first >> 6 !== 2 || (second >= 200 && second <= 204)) return undefined;

  let start = headerBytes + (first & 0x0f) * 4;
  if ((first & 0b0001_0000) !== 0) {
    if (start + 4 > bytes.length) return undefined;
    start += 4 + view.getUint16(start + 2) * 4;
  }
  const padding = (first & 0b0010_0000) !== 0 ? view.getUint8(bytes.length - 1) : 0;
  const end = bytes.length - padding;
  if (start > end || (padding === 0 && (first & 0b0010_0000) !== 0)) return undefined;

  return {
    payloadType: second & 0x7f,
    sequence: view.getUint16(2),
    timestamp: view.getUint32(4),
    ssrc: view.getUint32(8),
    marker: (second & 0x80) !== 0,
    payload: bytes.subarray(start, end),
  };
}

export function encodeRtp({
  payloadType,
  sequence,
  timestamp,
  ssrc,
  marker,
  payload,
}: RtpPacket): Uint8Array {
  assert(payloadType >= 0 && payloadType <= 127, 'a payload type has seven bits');
  const bytes = new Uint8Array(headerBytes + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 2 << 6);
  view.setUint8(1, (marker ? 0x80 : 0) | payloadType);
  view.setUint16(2, sequence & 0xffff);
  view.setUint32(4, timestamp >>> 0);
  view.setUint32(8, ssrc >>> 0);
  bytes.set(payload, headerBytes);
  return bytes;
}

/**
 * Frames: what the WebSocket messages between agent and controller carry. A
 * message is 1 to n frames, one behind the other. Integers are big-endian.
 *
 *      0               1               2               3
 *     +---------------+---------------+-------------------------------+
 *     |  type (u8)    |  zero (u8)    |  length of the body (u16)     |
 *     +---------------+---------------+-------------------------------+
 *     |  channel (u32): a flow, a stream, an HTTP request; 0 the link |
 *     +---------------------------------------------------------------+
 *     |  number (u32)                                                 |
 *     +---------------------------------------------------------------+
 *     |  body                                                         |
 *     +---------------------------------------------------------------+
 *
 * On either socket, first a hello each way, then:
 *
 *     signal   control, sip   numbered from 1; kept until acknowledged, sent again after a
 *                             reconnect, dropped by the receiver where it has seen the number
 *              http.*         gone with the socket: a phone asks again
 *     media    rtp            numbered and acknowledged to see how long it waits, never sent again
 *     both     ack            the last number received in order; sent with what goes anyway
 *              ping, pong     the number comes back as it was
 *
 * A type byte is never reused. To change a body, add a type and raise
 * `protocolVersion` in ./version.ts.
 */

import assert from 'node:assert/strict';
import { Fault } from '#protocol/fault.ts';

export const headerBytes = 12;

/** Longest WebSocket message either side sends or takes. */
export const maxMessageBytes = 64 * 1024;

/** Longest body of a frame, so that any frame fits a message. */
export const maxBodyBytes = maxMessageBytes - headerBytes;

const codes = {
  hello: 0x01, //         number: last received; body: version u32, own epoch 8 B, epoch it received from 8 B
  ack: 0x02, //           number: last received in order
  ping: 0x03, //          number: comes back in the pong
  pong: 0x04,
  control: 0x10, //       JSON, see ./control.ts
  sip: 0x11, //           one SIP message; channel: flow
  rtp: 0x20, //           one RTP packet; channel: stream
  'http.request': 0x30, // JSON, see ./http.ts; channel: the agent's choice
  'http.answer': 0x31, //  JSON
  'http.body': 0x32, //    bytes, within the window
  'http.end': 0x33, //     the body is whole
  'http.window': 0x34, //  number: so many more bytes may be sent; channel 0: of all requests together
  'http.reset': 0x35, //   either side gives up
} as const;

export type FrameType = keyof typeof codes;

export type Frame = {
  type: FrameType;
  channel: number;
  number: number;
  /** Of a received frame: shares memory with the message. */
  body: Uint8Array;
};

const types: (FrameType | undefined)[] = [];
for (const [type, code] of Object.entries(codes)) types[code] = type as FrameType;

const withoutBody: ReadonlySet<FrameType> = new Set([
  'ack',
  'ping',
  'pong',
  'http.end',
  'http.window',
  'http.reset',
]);

/** Frames of the link itself say nothing of a channel. */
const ofLink: ReadonlySet<FrameType> = new Set(['hello', 'ack', 'ping', 'pong', 'control']);

export const emptyBody: Uint8Array = new Uint8Array(0);

export const frameBytes = (frame: Frame) => headerBytes + frame.body.length;

/** One message of these frames, each copied once. The caller keeps within `maxMessageBytes`. */
export function encodeFrames(frames: readonly Frame[]): Uint8Array {
  let length = 0;
  for (const frame of frames) length += frameBytes(frame);
  assert(length <= maxMessageBytes, 'a message is at most 64 KiB');

  const message = Buffer.allocUnsafe(length);
  let at = 0;
  for (const { type, channel, number, body } of frames) {
    message[at] = codes[type];
    message[at + 1] = 0;
    message.writeUInt16BE(body.length, at + 2);
    message.writeUInt32BE(channel, at + 4);
    message.writeUInt32BE(number, at + 8);
    message.set(body, at + headerBytes);
    at += headerBytes + body.length;
  }
  return message;
}

/** Throws `frame.malformed` or `frame.too-large`; never takes a part of a message. */
export function decodeFrames(message: Uint8Array): Frame[] {
  if (message.length > maxMessageBytes) {
    throw new Fault('frame.too-large', 'message too large', { bytes: message.length, maxMessageBytes });
  }
  if (message.length === 0) throw malformed('an empty message');
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  const frames: Frame[] = [];
  for (let at = 0; at < message.length; ) {
    const frame = decodeFrame(view, message, at);
    frames.push(frame);
    at += frameBytes(frame);
  }
  return frames;
}

function decodeFrame(view: DataView, message: Uint8Array, at: number): Frame {
  if (message.length - at < headerBytes) throw malformed('header cut short');
  const type = types[view.getUint8(at)];
  if (type === undefined) throw malformed(`no frame type ${view.getUint8(at)}`);
  if (view.getUint8(at + 1) !== 0) throw malformed('second byte is not zero');

  const length = view.getUint16(at + 2);
  const channel = view.getUint32(at + 4);
  const start = at + headerBytes;
  if (message.length - start < length) throw malformed(`${type} cut short`);
  if (length > 0 && withoutBody.has(type)) throw malformed(`${type} with a body`);
  if (channel !== 0 && ofLink.has(type)) throw malformed(`${type} on a channel`);
  if (channel === 0 && !ofLink.has(type) && type !== 'http.window')
    throw malformed(`${type} without a channel`);
  return { type, channel, number: view.getUint32(at + 8), body: message.subarray(start, start + length) };
}

// --- hello -------------------------------------------------------------------

/** Eight random bytes in hex, new for each life of a link's end. */
export type Epoch = string;

export const noEpoch: Epoch = '0000000000000000';

export type Hello = {
  version: number;
  epoch: Epoch;
  /** Whose frames the sender has received so far, and up to which number; `noEpoch` when none's. */
  seen: Epoch;
  received: number;
};

const helloBytes = 20;

export function encodeHello({ version, epoch, seen, received }: Hello): Frame {
  const body = Buffer.alloc(helloBytes);
  body.writeUInt32BE(version, 0);
  body.write(epoch, 4, 'hex');
  body.write(seen, 12, 'hex');
  return { type: 'hello', channel: 0, number: received, body };
}

/** Throws `frame.malformed`. A longer body is of a later version and its beginning is read. */
export function decodeHello(frame: Frame): Hello {
  if (frame.type !== 'hello') throw malformed(`${frame.type} before hello`);
  if (frame.body.length < helloBytes) throw malformed('hello cut short');
  const body = Buffer.from(frame.body.buffer, frame.body.byteOffset, frame.body.length);
  return {
    version: body.readUInt32BE(0),
    epoch: body.toString('hex', 4, 12),
    seen: body.toString('hex', 12, 20),
    received: frame.number,
  };
}

const malformed = (why: string) => new Fault('frame.malformed', `malformed frame: ${why}`);

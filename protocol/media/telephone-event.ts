/**
 * Digits as RTP telephone events (RFC 4733).
 *
 *     |     event     |E|R|  volume   |           duration            |
 *
 * One press is several packets with one timestamp: the first has the marker, the
 * duration grows, the end has E and is sent three times. So the timestamp names
 * the press, and a digit is reported with the first packet of it that arrives,
 * whichever that is: lost starts, lost ends and late copies all come out as one.
 *
 * A press of more than 8 s does not fit the duration and goes on in a second
 * segment (2.5.1.3): a new timestamp, one full duration later, without marker.
 */

import assert from 'node:assert/strict';
import type { RtpPacket } from './rtp.ts';

/** Event codes 0 to 15 are these, in order. */
const digits = '0123456789*#ABCD';
const maxDuration = 0xffff;
const endCopies = 3;

/** An older press this many packets back is a late packet; further back, and the sender began anew. */
const latePackets = 200;
/** A continued segment may begin this far from where it should: packets around the border get lost. */
const segmentSlack = 4_000;

export type DigitOptions = {
  digit: string;
  /** As negotiated. */
  payloadType: number;
  ssrc: number;
  /** Of the first packet. */
  sequence: number;
  /** When the key went down, in samples. */
  timestamp: number;
  durationMs?: number;
  /** Between packets; the last two copies of the end follow at the same pace. */
  stepMs?: number;
  rate?: number;
  /** dB below full scale, 0 to 63. */
  volume?: number;
};

/** The packets of one press, to be sent `stepMs` apart. `sequence` and the clock go on by as many. */
export function encodeDigit({
  digit,
  payloadType,
  ssrc,
  sequence,
  timestamp,
  durationMs = 160,
  stepMs = 20,
  rate = 8_000,
  volume = 10,
}: DigitOptions): RtpPacket[] {
  const event = digits.indexOf(digit);
  const duration = Math.round((durationMs * rate) / 1_000);
  const step = (stepMs * rate) / 1_000;
  assert(digit.length === 1 && event >= 0, 'a digit is one of 0-9, *, #, A-D');
  assert(duration > 0 && duration <= maxDuration, 'one segment is at most 65535 samples');

  const packets: RtpPacket[] = [];
  const push = (at: number, end: boolean) => {
    const payload = Uint8Array.of(event, (end ? 0x80 : 0) | (volume & 0x3f), at >> 8, at & 0xff);
    const marker = packets.length === 0;
    packets.push({
      payloadType,
      ssrc,
      sequence: (sequence + packets.length) & 0xffff,
      timestamp,
      marker,
      payload,
    });
  };
  for (let at = step; at < duration; at += step) push(at, false);
  for (let copy = 0; copy < endCopies; copy++) push(duration, true);
  return packets;
}

export type DigitDetector = {
  /** The digit whose press this packet begins; undefined for any other packet. */
  feed(packet: RtpPacket): string | undefined;
};

export type DigitDetectorOptions = {
  /** As negotiated: packets of any other type are not looked at. */
  payloadType: number;
};

type Press = {
  ssrc: number;
  sequence: number;
  timestamp: number;
  event: number;
  duration: number;
  hasEnded: boolean;
};

export function createDigitDetector({ payloadType }: DigitDetectorOptions): DigitDetector {
  let last: Press | undefined;

  return {
    feed(packet) {
      const report = packet.payloadType === payloadType ? decodeEvent(packet) : undefined;
      if (report === undefined) return undefined;

      const { ssrc, sequence, timestamp } = packet;
      const relation = last === undefined ? 'new' : relate(last, report, packet);
      if (last !== undefined && relation === 'same') {
        last.sequence = sequence;
        last.duration = Math.max(last.duration, report.duration);
        last.hasEnded ||= report.hasEnded;
      } else if (relation !== 'late') {
        last = { ssrc, sequence, timestamp, ...report };
      }
      return relation === 'new' ? digits[report.event] : undefined;
    },
  };
}

type Report = Pick<Press, 'event' | 'duration' | 'hasEnded'>;

function decodeEvent({ payload }: RtpPacket): Report | undefined {
  const [event, flags, high, low] = payload;
  if (event === undefined || flags === undefined || high === undefined || low === undefined) return undefined;
  if (event >= digits.length) return undefined; // flash, fax and modem tones, ...
  return { event, duration: (high << 8) | low, hasEnded: (flags & 0x80) !== 0 };
}

function relate(last: Press, report: Report, packet: RtpPacket): 'new' | 'same' | 'late' | 'continued' {
  if (packet.ssrc !== last.ssrc) return 'new';
  const later = (packet.timestamp - last.timestamp) | 0; // signed: timestamps wrap
  if (later === 0) return 'same';
  if (later < 0) {
    const packetsBack = ((last.sequence - packet.sequence) << 16) >> 16; // so do sequence numbers
    return packetsBack > 0 && packetsBack <= latePackets ? 'late' : 'new';
  }

  const continues =
    !packet.marker &&
    !last.hasEnded &&
    report.event === last.event &&
    Math.abs(later - maxDuration) <= segmentSlack &&
    last.duration >= maxDuration - segmentSlack;
  return continues ? 'continued' : 'new';
}

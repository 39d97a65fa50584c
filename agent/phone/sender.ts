/**
 * What the phone says: one RTP packet every 20 ms, a tone or silence in G.711,
 * or for the length of a key press a telephone event instead (RFC 4733).
 *
 * Sequence and timestamp go on over all of it, and over a change of codec too.
 * Pure: ./audio.ts asks for the next packet when the next 20 ms are over.
 */

import { encodeG711, g711Silence } from '#protocol/media/g711.ts';
import type { AudioTerms } from '#protocol/media/negotiate.ts';
import type { RtpPacket } from '#protocol/media/rtp.ts';
import { encodeDigit } from '#protocol/media/telephone-event.ts';
import { createTone } from '#protocol/media/tone.ts';

export const packetMs = 20;
const packetSamples = 160;
const pressMs = 100;
const pausePackets = 4;
const maxDigits = 64;

/** What of the agreement a packet depends on. */
export type Codec = Pick<AudioTerms, 'codec' | 'payloadType'>;

export type Sender = {
  next(agreed: Codec): RtpPacket;
  /** undefined: silence. */
  tone(hz: number | undefined): void;
  /** False: more are waiting than will be sent. */
  press(digits: string, payloadType: number): boolean;
};

export function createSender({ random }: { random: (below: number) => number }): Sender {
  const ssrc = random(2 ** 32);
  let sequence = random(2 ** 16);
  let timestamp = random(2 ** 32);
  let isFirst = true;
  let wave: ((count: number) => Int16Array) | undefined;
  let waiting: { digit: string; payloadType: number }[] = [];
  let press: RtpPacket[] = [];
  let pause = 0;

  function startPress(): void {
    if (press.length > 0) return;
    if (pause > 0) {
      pause--;
      return;
    }
    const next = waiting.shift();
    if (next === undefined) return;
    press = encodeDigit({ ...next, ssrc, sequence, timestamp, durationMs: pressMs, stepMs: packetMs });
    pause = pausePackets;
  }

  function sound({ codec, payloadType }: Codec): RtpPacket {
    const payload =
      wave === undefined
        ? new Uint8Array(packetSamples).fill(g711Silence[codec])
        : encodeG711(codec, wave(packetSamples));
    return { payloadType, sequence, timestamp, ssrc, marker: isFirst, payload };
  }

  return {
    next(agreed) {
      startPress();
      const packet = press.shift() ?? sound(agreed);
      isFirst = false;
      sequence = (sequence + 1) & 0xffff;
      timestamp = (timestamp + packetSamples) >>> 0;
      return packet;
    },
    tone(hz) {
      wave = hz === undefined ? undefined : createTone({ hz });
    },
    press(digits, payloadType) {
      if (waiting.length + digits.length > maxDigits) return false;
      waiting = [...waiting, ...[...digits].map((digit) => ({ digit, payloadType }))];
      return true;
    },
  };
}

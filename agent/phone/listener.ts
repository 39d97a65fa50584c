/**
 * What the phone hears: counts packets, measures their level, names a steady
 * tone and the digits the other side presses.
 */

import { decodeG711, type G711, g711PayloadType } from '#protocol/media/g711.ts';
import type { AudioTerms } from '#protocol/media/negotiate.ts';
import { decodeRtp } from '#protocol/media/rtp.ts';
import { createDigitDetector } from '#protocol/media/telephone-event.ts';
import { createToneDetector, powerOf } from '#protocol/media/tone.ts';

/** Call progress, and the eight of the keypad. */
export const usualTones = [425, 440, 480, 620, 697, 770, 852, 941, 1209, 1336, 1477, 1633] as const;

/** As RFC 6464 has it: 0 is the loudest there is, -127 silence. */
const leastDb = -127;

export type ListenerOptions = {
  tones?: readonly number[];
  /** A tone began; undefined: it ended. */
  onTone(hz: number | undefined): void;
  onDigit(digit: string): void;
};

export type Listener = {
  feed(bytes: Uint8Array): void;
  /** What the payload types mean; again with each answer. */
  agree(terms: Pick<AudioTerms, 'codec' | 'payloadType' | 'eventType'>): void;
  /** Packets of sound since the beginning, and the level of those since the last reading. */
  read(): { packets: number; levelDb: number };
  /** What came and was no RTP, or of a type nobody agreed on. */
  readonly dropped: number;
};

export function createListener({ tones = usualTones, onTone, onDigit }: ListenerOptions): Listener {
  const toneDetector = createToneDetector({ hz: tones });
  let digitDetector: ReturnType<typeof createDigitDetector> | undefined;
  let eventType: number | undefined;
  const codecs = new Map<number, G711>(staticCodecs);
  let heard: number | undefined;
  let packets = 0;
  let dropped = 0;
  let power = 0;
  let measured = 0;

  function hear(samples: Int16Array): void {
    packets++;
    measured++;
    power += powerOf(samples);
    const tone = toneDetector.feed(samples);
    if (tone !== heard) onTone(tone);
    heard = tone;
  }

  return {
    feed(bytes) {
      const packet = decodeRtp(bytes);
      const codec = codecs.get(packet?.payloadType ?? -1);
      if (packet !== undefined && packet.payloadType === eventType) {
        const digit = digitDetector?.feed(packet);
        if (digit !== undefined) onDigit(digit);
      } else if (packet !== undefined && codec !== undefined) {
        hear(decodeG711(codec, packet.payload));
      } else {
        dropped++;
      }
    },
    agree(terms) {
      codecs.set(terms.payloadType, terms.codec);
      if (terms.eventType === eventType) return;
      eventType = terms.eventType;
      digitDetector = eventType === undefined ? undefined : createDigitDetector({ payloadType: eventType });
    },
    read() {
      const levelDb = measured === 0 ? leastDb : toDb(power / measured);
      power = 0;
      measured = 0;
      return { packets, levelDb };
    },
    get dropped() {
      return dropped;
    },
  };
}

/** Both laws were offered, so either may come whatever was answered (RFC 3264 5.1). */
const staticCodecs: readonly [number, G711][] = [
  [g711PayloadType.PCMA, 'PCMA'],
  [g711PayloadType.PCMU, 'PCMU'],
];

const toDb = (meanSquare: number) =>
  Math.max(leastDb, Math.round(10 * Math.log10(Math.max(meanSquare, 1e-9) / 32_768 ** 2)));

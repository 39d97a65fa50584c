/**
 * The player: one RTP packet each 20 ms, a prompt's or silence.
 *
 * Silence is sent too, from the answer to the BYE: it keeps the way through the
 * phone's network and its jitter buffer open, so the first word is not lost.
 *
 * Packet n is due at start + n * 20 ms whenever the last timer fired, so lateness
 * does not add up. After a standstill of more than `maxBurst` packets the missed
 * time is left out (timestamp and marker tell) instead of sent in one burst.
 */

import { randomInt } from 'node:crypto';
import type { Clock } from '#protocol/clock.ts';
import { type G711, g711Silence } from '#protocol/media/g711.ts';
import { encodeRtp } from '#protocol/media/rtp.ts';
import type { Sound } from './prompts.ts';

const frameMs = 20;
const frameSamples = 160;
const maxBurst = 5;

const silence: Sound = {
  PCMA: new Uint8Array(frameSamples).fill(g711Silence.PCMA),
  PCMU: new Uint8Array(frameSamples).fill(g711Silence.PCMU),
};

export type Encoding = { readonly codec: G711; readonly payloadType: number };

export type PlayerOptions = {
  clock: Clock;
  encoding: Encoding;
  send: (packet: Uint8Array) => void;
  /** All that was to play has been sent. Not after `hush`. */
  onPlayed: () => void;
};

export type Player = {
  /** After what is playing. */
  play(sound: Sound): void;
  hush(): void;
  /** From the next packet on. `isMuted`: time passes, nothing is sent (the phone put us on hold). */
  use(encoding: Encoding, isMuted: boolean): void;
  close(): void;
};

/** Sends from now until `close`. */
export function createPlayer({ clock, encoding, send, onPlayed }: PlayerOptions): Player {
  const ssrc = randomInt(2 ** 32);
  let sequence = randomInt(2 ** 16);
  let timestamp = randomInt(2 ** 32);
  let marker = true;
  let muted = false;
  let queue: Sound[] = [];
  let at = 0; // sample of queue[0] that is next
  let start = clock.now();
  let ticks = 0;
  let stop = clock.after(0, tick);

  function tick(): void {
    const missed = Math.floor((clock.now() - start) / frameMs) - ticks;
    if (missed > maxBurst) {
      start += missed * frameMs;
      timestamp += missed * frameSamples;
      marker = true;
    }
    ticks++;
    // Planned before anything else is called: `onPlayed` may close.
    stop = clock.after(Math.max(0, start + ticks * frameMs - clock.now()), tick);

    const payload = nextFrame();
    if (!muted) {
      send(encodeRtp({ payloadType: encoding.payloadType, sequence, timestamp, ssrc, marker, payload }));
      sequence = (sequence + 1) & 0xffff;
      marker = false;
    }
    timestamp = (timestamp + frameSamples) >>> 0;
    if (queue.length > 0 && at >= soundLength()) advance();
  }

  function nextFrame(): Uint8Array {
    const sound = queue[0];
    if (sound === undefined) return silence[encoding.codec];
    const part = sound[encoding.codec].subarray(at, at + frameSamples);
    at += frameSamples;
    if (part.length === frameSamples) return part;
    const frame = silence[encoding.codec].slice();
    frame.set(part);
    return frame;
  }

  const soundLength = () => queue[0]?.[encoding.codec].length ?? 0;

  function advance(): void {
    queue.shift();
    at = 0;
    if (queue.length === 0) onPlayed();
  }

  return {
    play(sound) {
      queue.push(sound);
    },
    hush() {
      queue = [];
      at = 0;
    },
    use(next, isMuted) {
      marker ||= muted && !isMuted;
      encoding = next;
      muted = isMuted;
    },
    close() {
      stop();
      stop = () => {};
      queue = [];
    },
  };
}

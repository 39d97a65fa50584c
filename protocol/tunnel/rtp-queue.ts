/**
 * RTP on its way out: voice that is late is worth nothing, so it never waits
 * behind more than 60 ms of itself. A key that was pressed still is worth
 * something: it waits for up to 3 s. What is overdue is dropped, oldest first,
 * and counted.
 *
 * A socket takes megabytes before it says that it is full, and seconds of voice
 * would stand in them unseen. So the other end acknowledges what it got, and
 * while the oldest packet under way has been there for longer than the quickest
 * round trip of late and `maxWaitMs`, it stands in a queue somewhere: then no
 * more is sent until an acknowledgement comes.
 */

import type { Frame } from './frame.ts';

/** A round trip is remembered for one to two of these, so a longer way becomes the new measure. */
const memoryMs = 5_000;

/**
 * An RTP header and a telephone event (RFC 4733 2.3), bare or with the tags of SRTP (RFC 4568 6.2).
 * No voice has packets of these lengths, but for a codec that asks for the shortest of its frames.
 */
const keyLengths = new Set([16, 20, 26]);

export class RtpQueue {
  /** Packets that waited too long, or came when the queue was full. */
  dropped = 0;
  readonly #maxWaitMs: number;
  readonly #maxKeyWaitMs: number;
  readonly #maxPackets: number;
  #waiting: { frame: Frame; at: number }[] = [];
  /** One entry a `take`: the last number it gave out, and when. */
  #underway: { number: number; at: number }[] = [];
  #number = 0;
  #quickest = { now: Number.POSITIVE_INFINITY, before: Number.POSITIVE_INFINITY, since: 0 };

  constructor({ maxWaitMs = 60, maxKeyWaitMs = 3_000, maxPackets = 8_192 } = {}) {
    this.#maxWaitMs = maxWaitMs;
    this.#maxKeyWaitMs = maxKeyWaitMs;
    this.#maxPackets = maxPackets;
  }

  push(channel: number, body: Uint8Array, now: number): void {
    if (this.#waiting.length >= this.#maxPackets) this.#dropFirst(1);
    this.#waiting.push({ frame: { type: 'rtp', channel, number: 0, body }, at: now });
  }

  /** What may be sent now, in order; nothing while the way is blocked. */
  take(now: number): Frame[] {
    this.#dropOverdue(now);
    if (this.#waiting.length === 0 || this.#isBlocked(now)) return [];

    const frames = this.#waiting.map(({ frame }) => frame);
    this.#waiting = [];
    for (const frame of frames) frame.number = this.#number = (this.#number + 1) >>> 0;
    this.#underway.push({ number: this.#number, at: now });
    return frames;
  }

  acknowledged(number: number, now: number): void {
    let last: number | undefined;
    while (this.#underway[0] !== undefined && ((number - this.#underway[0].number) | 0) >= 0) {
      last = this.#underway.shift()?.at;
    }
    if (last !== undefined) this.#learn(now - last, now);
  }

  /** Another socket: what was under way on the old one is gone. */
  restart(): void {
    this.#dropFirst(this.#waiting.length);
    this.#underway = [];
    this.#quickest = { now: Number.POSITIVE_INFINITY, before: Number.POSITIVE_INFINITY, since: 0 };
    this.#number = 0;
  }

  #isBlocked(now: number): boolean {
    const oldest = this.#underway[0];
    if (oldest === undefined) return false;
    const quickest = Math.min(this.#quickest.now, this.#quickest.before);
    // Before the first acknowledgement nothing is known of the way: give it a second.
    const usual = quickest === Number.POSITIVE_INFINITY ? 1_000 : quickest;
    return now - oldest.at > usual + this.#maxWaitMs;
  }

  #learn(roundTripMs: number, now: number): void {
    if (now - this.#quickest.since > memoryMs) {
      this.#quickest = { now: roundTripMs, before: this.#quickest.now, since: now };
    } else if (roundTripMs < this.#quickest.now) {
      this.#quickest.now = roundTripMs;
    }
  }

  #dropOverdue(now: number): void {
    const [oldest] = this.#waiting;
    if (oldest === undefined || now - oldest.at <= this.#maxWaitMs) return;
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter(({ frame, at }) => {
      const maxMs = keyLengths.has(frame.body.length) ? this.#maxKeyWaitMs : this.#maxWaitMs;
      return now - at <= maxMs;
    });
    this.dropped += before - this.#waiting.length;
  }

  #dropFirst(count: number): void {
    this.#waiting.splice(0, count);
    this.dropped += count;
  }
}

/**
 * What came of one RTP stream, from its headers alone: packets, losses by
 * sequence numbers, jitter by time stamps (RFC 3550 A.1, A.3, A.8). A sender may
 * start anew with another SSRC or number; what was counted before stays counted.
 *
 *     lost = expected - received, of the run so far; late and doubled packets mend it
 */

export type ReceptionReport = { packets: number; lost: number; jitterMs: number };

/** A jump of more is a new beginning, not loss (RFC 3550 A.1: MAX_DROPOUT). */
const maxDropout = 3_000;
const headerBytes = 12;

export class Reception {
  readonly #rateOf: (payloadType: number) => number;
  #packets = 0;
  /** Of runs that are over. */
  #lostBefore = 0;
  #ssrc: number | undefined;
  #first = 0;
  /** The highest number of the run, not wrapped. */
  #highest = 0;
  #received = 0;
  /** Arrival minus time stamp, in units of the clock, as of the packet before. */
  #transit: number | undefined;
  #rate = 8_000;
  #jitter = 0;

  /** `rateOf` tells the clock rate of a payload type; 8 kHz is what voice has. */
  constructor(rateOf: (payloadType: number) => number = () => 8_000) {
    this.#rateOf = rateOf;
  }

  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** Of the payload that came last. */
  get rate(): number {
    return this.#rate;
  }

  get report(): ReceptionReport {
    return {
      packets: this.#packets,
      lost: this.#lostBefore + this.#lostNow(),
      jitterMs: Math.round((this.#jitter / this.#rate) * 100_000) / 100,
    };
  }

  /** `packet` is RTP by its shape: at least a header. */
  receive(packet: Uint8Array, nowMs: number): void {
    if (packet.length < headerBytes) return;
    this.#packets++;
    this.#count(readUint32(packet, 8), ((packet[2] ?? 0) << 8) | (packet[3] ?? 0));
    this.#time((packet[1] ?? 0) & 0x7f, readUint32(packet, 4), nowMs);
  }

  #count(ssrc: number, number: number): void {
    const step = (number - this.#highest) & 0xffff;
    const isLate = step > 0xffff - maxDropout;
    if (ssrc !== this.#ssrc || (step > maxDropout && !isLate)) {
      this.#lostBefore += this.#lostNow();
      this.#ssrc = ssrc;
      this.#first = this.#highest = number;
      this.#received = 0;
      this.#transit = undefined;
    } else if (!isLate) {
      this.#highest += step;
    }
    this.#received++;
  }

  #time(payloadType: number, timestamp: number, nowMs: number): void {
    const rate = this.#rateOf(payloadType);
    if (rate !== this.#rate) this.#transit = undefined;
    this.#rate = rate;
    const transit = ((nowMs * rate) / 1_000 - timestamp) % 2 ** 32;
    if (this.#transit !== undefined) {
      const moved = Math.abs(transit - this.#transit);
      // Two packets of one event or one picture have one time stamp, and time stamps wrap: neither is jitter.
      if (moved < rate * 10) this.#jitter += (moved - this.#jitter) / 16;
    }
    this.#transit = transit;
  }

  #lostNow(): number {
    if (this.#ssrc === undefined) return 0;
    return Math.max(0, this.#highest - this.#first + 1 - this.#received);
  }
}

/** By index: a view or an iterator for each packet would be the dearest part of all this. */
function readUint32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16);
  return (high | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
}

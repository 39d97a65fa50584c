/**
 * One RTP stream between a phone and the controller, without sockets: which
 * packets pass, and where to.
 *
 * The phone is known by the address that was signalled, and by nothing else.
 * Its port is the signalled one, unless its first packet comes from another:
 * then that one, once (RFC 4961 is not kept by all phones). A later packet from
 * a third port is a stranger's, until signalling names a new remote.
 */

import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';

export type Verdict = 'pass' | 'foreign' | 'tooLong' | 'notRtp' | 'overRate';

/** No voice packet is longer than an Ethernet frame. */
export const maxPacketBytes = 1_500;
/** Voice is 50 a second, at most 100; twice that leaves room for events and bursts after a gap. */
const packetsPerSecond = 200;
const burst = 200;

export class Stream {
  readonly #clock: Clock;
  #target: HostPort;
  #isSettled = false;
  #tokens = burst;
  #refilledAt: number;
  #usedAt: number;

  constructor(remote: HostPort, clock: Clock) {
    this.#clock = clock;
    this.#target = remote;
    this.#usedAt = clock.now();
    this.#refilledAt = this.#usedAt;
  }

  /** Where packets to the phone go. */
  get target(): HostPort {
    return this.#target;
  }

  get usedAt(): number {
    return this.#usedAt;
  }

  /** Signalling named a (new) remote: the old one is a stranger, the port may be learned again. */
  retarget(remote: HostPort): void {
    this.#target = remote;
    this.#isSettled = false;
  }

  fromPhone(packet: Uint8Array, address: string, port: number): Verdict {
    if (address !== this.#target.address) return 'foreign';
    if (this.#isSettled && port !== this.#target.port) return 'foreign';
    const wrong = shapeOf(packet);
    if (wrong !== undefined) return wrong;
    if (!this.#takeToken()) return 'overRate';
    // Only a packet that is RTP may settle the port.
    if (!this.#isSettled) {
      this.#isSettled = true;
      if (port !== this.#target.port) this.#target = { address, port };
    }
    return 'pass';
  }

  toPhone(packet: Uint8Array): Verdict {
    this.#usedAt = this.#clock.now();
    return shapeOf(packet) ?? 'pass';
  }

  #takeToken(): boolean {
    const now = this.#clock.now();
    this.#usedAt = now;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#refilledAt) / 1_000) * packetsPerSecond);
    this.#refilledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}

/**
 * RFC 3550 5.1: two bits of version, which is 2, and twelve bytes before the
 * CSRC list; RFC 5761 4: a second byte of 192 to 223 is RTCP.
 */
function shapeOf(packet: Uint8Array): 'tooLong' | 'notRtp' | undefined {
  if (packet.length > maxPacketBytes) return 'tooLong';
  const [first = 0, second = 0] = packet;
  if (packet.length < 12 + 4 * (first & 0b1111) || first >> 6 !== 2) return 'notRtp';
  return second >= 192 && second <= 223 ? 'notRtp' : undefined;
}

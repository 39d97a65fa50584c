/**
 * One stream between a phone and the controller, without sockets: which packets
 * pass, and where to. RTP has one port of ours, RTCP the next above; where the
 * phone sends both to one port (RFC 5761) they leave by one, too.
 *
 * The phone is known by the address that was signalled, and by nothing else.
 * Its port is the signalled one, unless its first packet comes from another:
 * then that one, once (RFC 4961 is not kept by all phones). A later packet from
 * a third port is a stranger's, until signalling names a new remote. Port 0 is
 * a phone that has not said its own yet: it is heard, and told nothing.
 */

import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { createBucket } from './bucket.ts';
import { isRtcp } from './rtcp.ts';

/** What a stream may be told besides where its phone is. */
export type StreamTerms = {
  /** Where the phone has RTCP: its RTP port when both share one (RFC 5761), the next above when absent. */
  rtcpPort?: number | undefined;
  /** `datagram`: what is no RTP too, as UDPTL (T.38) and DTLS. */
  carries?: 'rtp' | 'datagram' | undefined;
  /** From the phone; voice needs 50 to 100. */
  packetsPerSecond?: number | undefined;
};

export type Verdict = 'pass' | 'foreign' | 'tooLong' | 'notRtp' | 'overRate' | 'noTarget';

/** Which of the two ports. */
export type Way = 'rtp' | 'rtcp';

/** No voice packet is longer than an Ethernet frame. */
export const maxPacketBytes = 1_500;
/** Voice is 50 a second, at most 100; twice that leaves room for events and bursts after a gap. */
const voicePerSecond = 200;
/** A compound packet every five seconds is usual (RFC 3550 6.2), feedback at once is not rare. */
const rtcpPerSecond = 20;

export class Stream {
  readonly #clock: Clock;
  readonly #isDatagram: boolean;
  readonly #takes: Record<Way, () => boolean>;
  #sources: Record<Way, Source>;
  #isMuxed: boolean;
  #usedAt: number;

  constructor(remote: HostPort, clock: Clock, terms: StreamTerms = {}) {
    this.#clock = clock;
    this.#isDatagram = terms.carries === 'datagram';
    this.#takes = {
      rtp: createBucket(clock, terms.packetsPerSecond ?? voicePerSecond),
      rtcp: createBucket(clock, rtcpPerSecond),
    };
    this.#sources = sourcesOf(remote, terms.rtcpPort);
    this.#isMuxed = terms.rtcpPort === remote.port;
    this.#usedAt = clock.now();
  }

  /** Where RTP to the phone goes. */
  get target(): HostPort {
    return this.#sources.rtp.target;
  }

  get usedAt(): number {
    return this.#usedAt;
  }

  /** Signalling named a (new) remote: the old one is a stranger, the port may be learned again. */
  retarget(remote: HostPort, rtcpPort?: number): void {
    const { rtp, rtcp } = this.#sources;
    const next = sourcesOf(remote, rtcpPort);
    // What stands is not learned again: a stranger could be quicker than the phone.
    this.#sources = { rtp: rtp.or(next.rtp), rtcp: rtcp.or(next.rtcp) };
    this.#isMuxed = rtcpPort === remote.port;
  }

  fromPhone(packet: Uint8Array, address: string, port: number, way: Way = 'rtp'): Verdict {
    const source = this.#sources[way];
    if (!source.hears(address, port)) return 'foreign';
    const shape = this.#shapeOf(packet);
    if (shape !== 'rtp' && shape !== 'rtcp') return shape;
    if (way === 'rtcp' && shape === 'rtp') return 'notRtp';
    this.#usedAt = this.#clock.now();
    if (!this.#takes[shape]()) return 'overRate';
    // Only a packet of the port's own kind may settle it.
    if (shape === way) source.settle(port);
    return 'pass';
  }

  toPhone(packet: Uint8Array): Verdict {
    this.#usedAt = this.#clock.now();
    const shape = this.#shapeOf(packet);
    if (shape !== 'rtp' && shape !== 'rtcp') return shape;
    return this.targetOf(packet).target.port === 0 ? 'noTarget' : 'pass';
  }

  /** Of a packet that passes to the phone: which port of ours it leaves by, and where to. */
  targetOf(packet: Uint8Array): { way: Way; target: HostPort } {
    const way = !this.#isMuxed && !this.#isDatagram && isRtcp(packet) ? 'rtcp' : 'rtp';
    return { way, target: this.#sources[way].target };
  }

  /**
   * RFC 3550 5.1: two bits of version, which is 2, and twelve bytes before the
   * CSRC list. RTCP is told by its second byte.
   */
  #shapeOf(packet: Uint8Array): Way | 'tooLong' | 'notRtp' {
    if (packet.length > maxPacketBytes) return 'tooLong';
    if (this.#isDatagram) return 'rtp';
    if (isRtcp(packet)) return 'rtcp';
    const first = packet[0] ?? 0;
    const second = packet[1] ?? 0;
    if (packet.length < 12 + 4 * (first & 0b1111) || first >> 6 !== 2) return 'notRtp';
    return second >= 192 && second <= 223 ? 'notRtp' : 'rtp';
  }
}

function sourcesOf(remote: HostPort, rtcpPort?: number): Record<Way, Source> {
  const port = remote.port === 0 ? 0 : (rtcpPort ?? Math.min(remote.port + 1, 65_535));
  return { rtp: new Source(remote), rtcp: new Source({ address: remote.address, port }) };
}

/** The one place packets are taken from and sent to. */
class Source {
  readonly #signalled: HostPort;
  #target: HostPort;
  #isSettled = false;

  constructor(remote: HostPort) {
    this.#signalled = this.#target = remote;
  }

  get target(): HostPort {
    return this.#target;
  }

  hears(address: string, port: number): boolean {
    return address === this.#target.address && (!this.#isSettled || port === this.#target.port);
  }

  settle(port: number): void {
    this.#isSettled = true;
    if (port !== this.#target.port) this.#target = { address: this.#target.address, port };
  }

  or(next: Source): Source {
    const { address, port } = next.#signalled;
    return address === this.#signalled.address && port === this.#signalled.port ? this : next;
  }
}

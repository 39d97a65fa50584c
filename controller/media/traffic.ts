/**
 * What one phone sent in one stream of a call: counted here from sequence
 * numbers and time stamps as it passed, and by who got it, from its RTCP. Of a
 * stream that two phones of one agent have without us, the agent reports.
 */

import type { Clock } from '#protocol/clock.ts';
import { Reception, type ReceptionReport } from '#protocol/media/reception.ts';
import { readReceptionBlocks } from '#protocol/media/rtcp.ts';

export type TrafficReport = ReceptionReport & {
  rtcp: number;
  /** Over the bound on packets a second. */
  dropped: number;
  /** As the phone that got it says; absent: it has not said, or says it encrypted. */
  heard?: { lost: number; jitterMs: number };
  /** How often nothing came for too long where something should. */
  silences: number;
};

export class Traffic {
  readonly #clock: Clock;
  readonly #reception: Reception;
  #reported: ReceptionReport | undefined;
  #heard: { lost: number; jitter: number } | undefined;
  #rtcp = 0;
  #dropped = 0;
  #silences = 0;
  #lastAt: number;
  /** Since then something should come. */
  #dueSince: number;
  #isSilent = false;

  constructor(clock: Clock, rateOf: (payloadType: number) => number) {
    this.#clock = clock;
    this.#reception = new Reception(rateOf);
    this.#lastAt = this.#dueSince = clock.now();
  }

  /** When its last packet came; before the first, when it began. */
  get lastAt(): number {
    return this.#lastAt;
  }

  rtp(packet: Uint8Array): void {
    const now = this.#clock.now();
    this.#reception.receive(packet, now);
    this.#came(now);
  }

  /** RTCP that its sender wrote. */
  rtcp(): void {
    this.#rtcp++;
  }

  dropped(): void {
    this.#dropped++;
  }

  /** RTCP that came back, from who gets this. */
  answered(packet: Uint8Array): void {
    const about = readReceptionBlocks(packet).find(({ ssrc }) => ssrc === this.#reception.ssrc);
    if (about !== undefined) this.#heard = about;
  }

  /** From the agent, of a joined stream. */
  reported(report: ReceptionReport): void {
    const { packets, lost, jitterMs } = report;
    if (packets > (this.#reported?.packets ?? 0)) this.#came(this.#clock.now());
    this.#reported = { packets, lost, jitterMs };
  }

  /** Answers whether it has become silent since it was asked last; `isRight`: nothing is to come now. */
  isNewlySilent(isRight: boolean, afterMs: number): boolean {
    const now = this.#clock.now();
    if (isRight) {
      this.#dueSince = now;
      this.#isSilent = false;
    }
    if (this.#isSilent || now - Math.max(this.#lastAt, this.#dueSince) < afterMs) return false;
    this.#isSilent = true;
    this.#silences++;
    return true;
  }

  get report(): TrafficReport {
    const heard = this.#heard;
    const rate = this.#reception.rate;
    return {
      ...(this.#reported ?? this.#reception.report),
      rtcp: this.#rtcp,
      dropped: this.#dropped,
      ...(heard && {
        heard: {
          lost: Math.max(0, heard.lost),
          jitterMs: Math.round((heard.jitter / rate) * 100_000) / 100,
        },
      }),
      silences: this.#silences,
    };
  }

  #came(now: number): void {
    this.#lastAt = now;
    this.#isSilent = false;
  }
}

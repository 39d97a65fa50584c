/**
 * What was sent, or waits to be, and may not have arrived. Bounded in bytes.
 * Numbers go round after 2^32, so they are compared by their difference.
 */

import { Fault } from '#protocol/fault.ts';
import { type Frame, frameBytes } from './frame.ts';

/** How far `number` is ahead of `other`; negative when behind. */
export const ahead = (number: number, other: number) => (number - other) | 0;

export class Unacknowledged {
  readonly #maxBytes: number;
  #frames: Frame[] = [];
  #bytes = 0;
  #last = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** In order, oldest first. */
  get frames(): readonly Frame[] {
    return this.#frames;
  }

  /** Gives the frame its number; false when there is no room. */
  add(frame: Frame): boolean {
    if (this.#bytes + frameBytes(frame) > this.#maxBytes) return false;
    frame.number = this.#last = (this.#last + 1) >>> 0;
    this.#frames.push(frame);
    this.#bytes += frameBytes(frame);
    return true;
  }

  /** All up to this number arrived. Throws `frame.malformed` for one that was never given. */
  settle(received: number): void {
    if (ahead(received, this.#last) > 0) {
      throw new Fault('frame.malformed', 'out of contract: acknowledges what was never sent');
    }
    let count = 0;
    for (const frame of this.#frames) {
      if (ahead(received, frame.number) < 0) break;
      this.#bytes -= frameBytes(frame);
      count++;
    }
    if (count > 0) this.#frames.splice(0, count);
  }

  /** Numbers begin at 1 again. Answers what was left. */
  startOver(): readonly Frame[] {
    const left = this.#frames;
    this.#frames = [];
    this.#bytes = 0;
    this.#last = 0;
    return left;
  }
}

/**
 * What was received and not acknowledged yet. An acknowledgement waits for
 * company, for 20 ms or 32 frames; nearly always something else leaves before,
 * and takes it along.
 *
 * Its timer is then left to run out: on a busy link one that ends for nothing
 * costs far less than one begun and cancelled with each packet.
 */

import type { Clock } from '#protocol/clock.ts';

const delayMs = 20;
const maxFrames = 32;

export class Acknowledging {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #frames = 0;
  #dueAt = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** One more frame; true when there are enough not to wait any longer. */
  received(): boolean {
    if (this.#frames++ === 0) {
      this.#dueAt = this.#clock.now() + delayMs;
      if (this.#cancel === undefined) this.#wait(delayMs);
    }
    return this.#frames >= maxFrames;
  }

  /** Whether there is something to acknowledge; from now on there is not. */
  take(): boolean {
    const isSome = this.#frames > 0;
    this.#frames = 0;
    return isSome;
  }

  /** The socket is gone, and whoever comes next says in its hello what arrived. */
  stop(): void {
    this.#frames = 0;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #wait(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => {
      this.#cancel = undefined;
      if (this.#frames === 0) return;
      const leftMs = Math.ceil(this.#dueAt - this.#clock.now());
      if (leftMs > 0) this.#wait(leftMs);
      else this.#onDue();
    });
  }
}

/**
 * Pulse: whether the other end of a socket still lives. A ping every `pingMs`;
 * after `deadMs` without a byte it is dead, also where TCP has not noticed.
 */

import type { Clock } from '#protocol/clock.ts';

export type PulseOptions = {
  clock: Clock;
  pingMs: number;
  deadMs: number;
  sendPing(number: number): void;
  onDead(): void;
};

type Ping = { sentAt: number; answered?: (lives: boolean) => void };

export class Pulse {
  /** The last round trip. */
  latencyMs: number | undefined;
  readonly #options: PulseOptions;
  readonly #pings = new Map<number, Ping>();
  #number = 0;
  #heardAt: number;
  #cancelPing = () => {};
  #cancelDead = () => {};

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    this.#pingLater();
    this.#expectLife(options.deadMs);
  }

  heard(): void {
    this.#heardAt = this.#options.clock.now();
  }

  ponged(number: number): void {
    const ping = this.#pings.get(number);
    if (ping === undefined) return;
    this.latencyMs = this.#options.clock.now() - ping.sentAt;
    ping.answered?.(true);
    for (const older of this.#pings.keys()) {
      this.#pings.delete(older);
      if (older === number) break;
    }
  }

  /** A ping at once: did its answer come in time? What was under way already does not count as life. */
  probe(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(withinMs, () => resolve(false));
      this.#ping((lives) => {
        cancel();
        resolve(lives);
      });
    });
  }

  stop(): void {
    this.#cancelPing();
    this.#cancelDead();
    for (const { answered } of this.#pings.values()) answered?.(false);
    this.#pings.clear();
  }

  #pingLater(): void {
    this.#cancelPing = this.#options.clock.after(this.#options.pingMs, () => {
      this.#ping();
      this.#pingLater();
    });
  }

  #ping(answered?: (lives: boolean) => void): void {
    this.#number = (this.#number + 1) >>> 0;
    this.#pings.set(this.#number, { sentAt: this.#options.clock.now(), ...(answered && { answered }) });
    this.#options.sendPing(this.#number);
  }

  #expectLife(ms: number): void {
    const { clock, deadMs, pingMs, onDead } = this.#options;
    const due = clock.now() + ms;
    this.#cancelDead = clock.after(ms, () => {
      // Where this process itself stood still, what the other end sent may be unread: wait a little more.
      const stoodStill = clock.now() - due > pingMs;
      const left = stoodStill ? pingMs : this.#heardAt + deadMs - clock.now();
      if (left > 0) this.#expectLife(left);
      else onDead();
    });
  }
}

/**
 * A transaction machine at work: keeps its state and timers, hands every other
 * effect to its owner. What the owner throws is thrown on, once the step is done:
 * a machine that stopped in the middle would never end.
 */

import type { Clock } from '#protocol/clock.ts';
import type { Effect, Event, Machine, Step, TimerName, Timing, Why } from './machine.ts';

type Owned = Exclude<Effect, { type: 'start' | 'stop' | 'end' }>;

export type Owner = {
  readonly timing: Timing;
  readonly clock: Clock;
  /** False when the transport refused; effects that send nothing answer true. */
  perform(effect: Owned): boolean;
  ended(why: Why): void;
};

/** There are tens of thousands of them at times, for 32 s each: one object, and a timer at a time. */
export class Running<State> {
  readonly #machine: Machine<State>;
  readonly #owner: Owner;
  readonly #timers = new Map<TimerName, () => void>();
  #state: State | undefined;
  #isOver = false;

  constructor(machine: Machine<State>, owner: Owner) {
    this.#machine = machine;
    this.#owner = owner;
  }

  /** The machine's first step; nothing happens before. */
  begin(): void {
    this.#take(this.#machine.begin(this.#owner.timing));
  }

  feed(event: Event): void {
    if (this.#isOver || this.#state === undefined) return;
    this.#take(this.#machine.step(this.#state, event, this.#owner.timing));
  }

  /** Ends it without a word to anybody. */
  drop(): void {
    this.#isOver = true;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #take(step: Step<State>): void {
    this.#state = step.state;
    let isSent = true;
    let thrown: { error: unknown } | undefined;
    for (const effect of step.effects) {
      if (this.#isOver) break; // a listener closed us meanwhile
      try {
        isSent = this.#apply(effect) && isSent;
      } catch (error) {
        thrown ??= { error };
      }
    }
    // Told on the next turn: who called us is not yet ready to hear of an end.
    if (!isSent && !this.#isOver) this.#startTimer('failed', 0, { type: 'failed' });
    if (thrown !== undefined) throw thrown.error;
  }

  #apply(effect: Effect): boolean {
    switch (effect.type) {
      case 'start':
        this.#startTimer(effect.timer, effect.ms, { type: 'timer', timer: effect.timer });
        return true;
      case 'stop':
        this.#stopTimer(effect.timer);
        return true;
      case 'end':
        this.drop();
        this.#owner.ended(effect.why);
        return true;
      default:
        return this.#owner.perform(effect);
    }
  }

  #startTimer(timer: TimerName, ms: number, event: Event): void {
    this.#stopTimer(timer);
    const expired = () => {
      this.#timers.delete(timer);
      this.feed(event);
    };
    this.#timers.set(timer, this.#owner.clock.after(ms, expired));
  }

  #stopTimer(timer: TimerName): void {
    const cancel = this.#timers.get(timer);
    if (cancel === undefined) return;
    cancel();
    this.#timers.delete(timer);
  }
}

/**
 * A transaction machine at work: keeps its state and timers, hands every other
 * effect to its owner. What the owner throws is thrown on, once the step is done:
 * a machine that stopped in the middle would never end.
 */

import type { Clock } from '#protocol/clock.ts';
import type { Effect, Event, Machine, Step, TimerName, Timing, Why } from './machine.ts';

export type Running = {
  /** The machine's first step; nothing happens before. */
  begin(): void;
  feed(event: Event): void;
  /** Ends it without a word to anybody. */
  drop(): void;
};

type Owned = Exclude<Effect, { type: 'start' | 'stop' | 'end' }>;

export type RunningOptions = {
  timing: Timing;
  clock: Clock;
  /** False when the transport refused; effects that send nothing answer true. */
  perform(effect: Owned): boolean;
  onEnd(why: Why): void;
};

export function createRunning<State>(
  machine: Machine<State>,
  { timing, clock, perform, onEnd }: RunningOptions,
): Running {
  const timers = new Map<TimerName, () => void>();
  let state: State | undefined;
  let isOver = false;

  function take(step: Step<State>): void {
    state = step.state;
    let isSent = true;
    const thrown: unknown[] = [];
    for (const effect of step.effects) {
      if (isOver) break; // a listener closed us meanwhile
      try {
        isSent = apply(effect) && isSent;
      } catch (error) {
        thrown.push(error);
      }
    }
    // Told on the next turn: who called us is not yet ready to hear of an end.
    if (!isSent && !isOver) startFailure();
    if (thrown.length > 0) throw thrown[0];
  }

  function startFailure(): void {
    stopTimer('failed');
    const failed = () => feed({ type: 'failed' });
    timers.set('failed', clock.after(0, failed));
  }

  function apply(effect: Effect): boolean {
    switch (effect.type) {
      case 'start':
        return startTimer(effect.timer, effect.ms);
      case 'stop':
        return stopTimer(effect.timer);
      case 'end':
        drop();
        onEnd(effect.why);
        return true;
      default:
        return perform(effect);
    }
  }

  function startTimer(timer: TimerName, ms: number): boolean {
    stopTimer(timer);
    const expired = () => {
      timers.delete(timer);
      feed({ type: 'timer', timer });
    };
    timers.set(timer, clock.after(ms, expired));
    return true;
  }

  function stopTimer(timer: TimerName): boolean {
    timers.get(timer)?.();
    timers.delete(timer);
    return true;
  }

  function feed(event: Event): void {
    if (!isOver && state !== undefined) take(machine.step(state, event, timing));
  }

  function drop(): void {
    isOver = true;
    for (const cancel of timers.values()) cancel();
    timers.clear();
  }

  return { begin: () => take(machine.begin(timing)), feed, drop };
}

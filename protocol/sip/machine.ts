/**
 * What the four transaction machines have in common (RFC 3261 17, RFC 6026).
 *
 * A machine is a pure `step(state, event, timing)` that answers with the next
 * state and what to do; ./running.ts does it. Timers are named as in the RFC:
 * they are started and stopped by effects and come back as events.
 */

export type Timing = {
  /** Round trip estimate: 500 ms. */
  t1: number;
  /** Longest interval between repeats of what is not an INVITE: 4 s. */
  t2: number;
  /** How long a message may stay in the network: 5 s. */
  t4: number;
  /** How long an INVITE may ring after a provisional response: over three minutes (RFC 3261 16.6). */
  timerC: number;
  /** Nothing is sent again, and nothing is waited for that would be sent again. */
  isReliable: boolean;
};

export type Why = 'timeout' | 'transport' | 'done';

/** Of RFC 3261 and 6026; `trying`: the 200 ms after which 100 is due; `cancelled`: 64*T1 after a CANCEL (9.1); `failed`: none of the machines', see ./running.ts. */
export type TimerName = Letter | 'trying' | 'cancelled' | 'failed';
type Letter = 'A' | 'B' | 'C' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M';

export type Effect =
  | { type: 'send' } //      a client its request; a server its last response once more
  | { type: 'respond' } //   a server: the response it was just given
  | { type: 'trying' } //    a server: 100, of our own
  | { type: 'ack' } //       a client: ACK for the response it was just given
  | { type: 'cancel' } //    a client: CANCEL, in a transaction of its own
  | { type: 'deliver' } //   a client: its user gets the response
  | { type: 'start'; timer: TimerName; ms: number } // or start over
  | { type: 'stop'; timer: TimerName }
  | { type: 'end'; why: Why }; // forget it all

export type Event =
  | { type: 'response'; status: number } // to a client, from the network
  | { type: 'request' } //                  to a server: its request once more
  | { type: 'ack' } //                      to a server, from the network
  | { type: 'respond'; status: number } //  to a server, from its user
  | { type: 'cancel' } //                   to a client, from its user
  | { type: 'timer'; timer: TimerName }
  | { type: 'failed' }; //                  the transport refused what was last sent

export type Step<State> = { state: State; effects: readonly Effect[] };

export type Machine<State> = {
  begin(timing: Timing): Step<State>;
  step(state: State, event: Event, timing: Timing): Step<State>;
};

export function go<State>(state: State, ...effects: Effect[]): Step<State> {
  return { state, effects };
}

export const start = (timer: TimerName, ms: number): Effect => ({ type: 'start', timer, ms });
export const stop = (timer: TimerName): Effect => ({ type: 'stop', timer });
export const end = (why: Why): Effect => ({ type: 'end', why });

/** A wait for what only an unreliable transport brings again; over a reliable one it is over at once. */
export const linger = (timer: TimerName, ms: number, { isReliable }: Timing): Effect =>
  isReliable ? end('done') : start(timer, ms);

export const isFinal = (status: number) => status >= 200;
export const isSuccess = (status: number) => status >= 200 && status < 300;

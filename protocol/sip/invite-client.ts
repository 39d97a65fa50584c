/**
 * INVITE client transaction: RFC 3261 17.1.1, with Accepted of RFC 6026 7.2.
 *
 *     state       event      then        and does
 *     (begin)                calling     send; start A = T1 *, start B = 64*T1
 *     calling     A          calling     send; start A doubled
 *     calling     B          ended       timeout
 *     calling     cancel     calling     remembers it: a CANCEL may not come before a 1xx (9.1)
 *     calling     1xx        proceeding  stop A, B; deliver; start C, or what `cancel` does when remembered
 *     proceeding  1xx        proceeding  deliver; start C over, but not for 100 (16.7)
 *     proceeding  cancel, C  proceeding  send CANCEL, once; stop C; start `cancelled` = 64*T1
 *     proceeding  cancelled  ended       timeout: the other side forgot the call (9.1)
 *     calling, proceeding
 *                 2xx        accepted    deliver; start M = 64*T1
 *                 3xx-6xx    completed   ACK; deliver; start D = 32 s, or ended when reliable
 *     accepted    2xx        accepted    deliver: a repeat, or another branch of a fork
 *     accepted    M          ended       done
 *     completed   3xx-6xx    completed   ACK
 *     completed   D          ended       done
 *     any but accepted
 *                 failed     ended       transport
 *
 * What is not here changes nothing. (*) only over an unreliable transport.
 */

import {
  type Effect,
  type Event,
  end,
  go,
  isFinal,
  isSuccess,
  linger,
  type Step,
  start,
  stop,
  type Timing,
} from './machine.ts';

export type InviteClientState =
  | { type: 'calling'; intervalMs: number; isCancelWanted: boolean }
  | { type: 'proceeding'; isCancelled: boolean }
  | { type: 'accepted' }
  | { type: 'completed' }
  | { type: 'ended' };

type State = InviteClientState;

const timerDMs = 32_000;
const ended: State = { type: 'ended' };

export const inviteClient = { begin, step };

function begin({ t1, isReliable }: Timing): Step<State> {
  const state: State = { type: 'calling', intervalMs: t1, isCancelWanted: false };
  const effects: Effect[] = [{ type: 'send' }, start('B', 64 * t1)];
  return isReliable ? go(state, ...effects) : go(state, ...effects, start('A', t1));
}

function step(state: State, event: Event, timing: Timing): Step<State> {
  if (event.type === 'failed' && state.type !== 'accepted') return go(ended, end('transport'));
  switch (state.type) {
    case 'calling':
      return calling(state, event, timing);
    case 'proceeding':
      return proceeding(state, event, timing);
    case 'accepted':
      return accepted(state, event);
    case 'completed':
      return completed(state, event);
    case 'ended':
      return go(state);
  }
}

type In<T extends State['type']> = Extract<State, { type: T }>;

function calling(state: In<'calling'>, event: Event, timing: Timing): Step<State> {
  if (event.type === 'cancel') return go({ ...state, isCancelWanted: true });
  if (event.type === 'timer' && event.timer === 'B') return go(ended, end('timeout'));
  if (event.type === 'timer' && event.timer === 'A') {
    const intervalMs = state.intervalMs * 2;
    return go({ ...state, intervalMs }, { type: 'send' }, start('A', intervalMs));
  }
  if (event.type !== 'response') return go(state);
  if (isFinal(event.status)) return final(event.status, timing);
  const rang: State = { type: 'proceeding', isCancelled: state.isCancelWanted };
  const next = state.isCancelWanted ? cancelling(timing) : [start('C', timing.timerC)];
  return go(rang, stop('A'), stop('B'), ...next, { type: 'deliver' });
}

function proceeding(state: In<'proceeding'>, event: Event, timing: Timing): Step<State> {
  if (event.type === 'timer' && event.timer === 'cancelled') return go(ended, end('timeout'));
  if (event.type === 'cancel' || (event.type === 'timer' && event.timer === 'C')) {
    if (state.isCancelled) return go(state);
    return go({ ...state, isCancelled: true }, stop('C'), ...cancelling(timing));
  }
  if (event.type !== 'response') return go(state);
  if (isFinal(event.status)) return final(event.status, timing);
  if (event.status === 100 || state.isCancelled) return go(state, { type: 'deliver' });
  return go(state, start('C', timing.timerC), { type: 'deliver' });
}

function accepted(state: In<'accepted'>, event: Event): Step<State> {
  if (event.type === 'timer' && event.timer === 'M') return go(ended, end('done'));
  if (event.type === 'response' && isSuccess(event.status)) return go(state, { type: 'deliver' });
  return go(state);
}

function completed(state: In<'completed'>, event: Event): Step<State> {
  if (event.type === 'timer' && event.timer === 'D') return go(ended, end('done'));
  if (event.type === 'response' && event.status >= 300) return go(state, { type: 'ack' });
  return go(state);
}

function final(status: number, timing: Timing): Step<State> {
  const stops = [stop('A'), stop('B'), stop('C'), stop('cancelled')];
  if (isSuccess(status))
    return go({ type: 'accepted' }, ...stops, start('M', 64 * timing.t1), { type: 'deliver' });
  const next: State = timing.isReliable ? ended : { type: 'completed' };
  return go(next, ...stops, { type: 'ack' }, { type: 'deliver' }, linger('D', timerDMs, timing));
}

const cancelling = ({ t1 }: Timing): Effect[] => [{ type: 'cancel' }, start('cancelled', 64 * t1)];

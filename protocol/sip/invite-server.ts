/**
 * INVITE server transaction: RFC 3261 17.2.1, with Accepted of RFC 6026 7.1.
 *
 *     state       event       then        and does
 *     (begin)                 proceeding  start `trying` = 200 ms
 *     proceeding  trying      proceeding  send 100, when nothing was sent yet
 *     proceeding  request     proceeding  send the last response again, if any
 *     proceeding  respond 1xx proceeding  send
 *     proceeding  respond 2xx accepted    send; start L = 64*T1
 *     proceeding  respond 3xx-6xx
 *                             completed   send; start H = 64*T1, start G = T1 *
 *     accepted    respond 2xx accepted    send: the user repeats it until its ACK comes
 *     accepted    L           ended       done
 *     completed   request     completed   send again
 *     completed   G           completed   send again; start G doubled, T2 at most
 *     completed   H           ended       timeout: the ACK never came
 *     completed   failed      ended       transport
 *     completed   ack         confirmed   stop G, H; start I = T4, or ended when reliable
 *     confirmed   I           ended       done
 *
 * What is not here changes nothing: a request in Accepted is a repeat that the
 * user's own 2xx answers, an ACK there is the user's (./transactions.ts passes
 * it on), and a failed send in Proceeding or Accepted ends nothing, for the
 * peer asks again (RFC 6026 7.1). (*) only over an unreliable transport.
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

export type InviteServerState =
  | { type: 'proceeding'; hasResponded: boolean }
  | { type: 'accepted' }
  | { type: 'completed'; intervalMs: number }
  | { type: 'confirmed' }
  | { type: 'ended' };

type State = InviteServerState;

const tryingMs = 200;
const ended: State = { type: 'ended' };

export const inviteServer = { begin, step };

function begin(): Step<State> {
  return go({ type: 'proceeding', hasResponded: false }, start('trying', tryingMs));
}

function step(state: State, event: Event, timing: Timing): Step<State> {
  switch (state.type) {
    case 'proceeding':
      return proceeding(state, event, timing);
    case 'accepted':
      return accepted(state, event);
    case 'completed':
      return completed(state, event, timing);
    case 'confirmed':
      return event.type === 'timer' && event.timer === 'I' ? go(ended, end('done')) : go(state);
    case 'ended':
      return go(state);
  }
}

type In<T extends State['type']> = Extract<State, { type: T }>;

function proceeding(state: In<'proceeding'>, event: Event, timing: Timing): Step<State> {
  if (event.type === 'request') return state.hasResponded ? go(state, { type: 'send' }) : go(state);
  if (event.type === 'timer' && event.timer === 'trying' && !state.hasResponded) {
    return go({ ...state, hasResponded: true }, { type: 'trying' });
  }
  if (event.type !== 'respond') return go(state);
  if (!isFinal(event.status))
    return go({ ...state, hasResponded: true }, stop('trying'), { type: 'respond' });
  const { t1, isReliable } = timing;
  const effects: Effect[] = [stop('trying'), { type: 'respond' }];
  if (isSuccess(event.status)) return go({ type: 'accepted' }, ...effects, start('L', 64 * t1));
  if (!isReliable) effects.push(start('G', t1));
  return go({ type: 'completed', intervalMs: t1 }, ...effects, start('H', 64 * t1));
}

function accepted(state: In<'accepted'>, event: Event): Step<State> {
  if (event.type === 'timer' && event.timer === 'L') return go(ended, end('done'));
  if (event.type === 'respond' && isSuccess(event.status)) return go(state, { type: 'respond' });
  return go(state);
}

function completed(state: In<'completed'>, event: Event, timing: Timing): Step<State> {
  if (event.type === 'failed') return go(ended, end('transport'));
  if (event.type === 'request') return go(state, { type: 'send' });
  if (event.type === 'ack') {
    const next: State = timing.isReliable ? ended : { type: 'confirmed' };
    return go(next, stop('G'), stop('H'), linger('I', timing.t4, timing));
  }
  if (event.type !== 'timer') return go(state);
  if (event.timer === 'H') return go(ended, end('timeout'));
  if (event.timer !== 'G') return go(state);
  const intervalMs = Math.min(state.intervalMs * 2, timing.t2);
  return go({ ...state, intervalMs }, { type: 'send' }, start('G', intervalMs));
}

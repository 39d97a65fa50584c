/**
 * Client transaction of all but INVITE and ACK: RFC 3261 17.1.2.
 *
 *     state       event    then        and does
 *     (begin)              trying      send; start F = 64*T1, start E = T1 *
 *     trying      E        trying      send; start E doubled, T2 at most
 *     trying      1xx      proceeding  deliver
 *     proceeding  E        proceeding  send; start E = T2
 *     proceeding  1xx      proceeding  deliver
 *     trying, proceeding
 *                 F        ended       timeout
 *                 2xx-6xx  completed   deliver; start K = T4, or ended when reliable
 *                 failed   ended       transport
 *     completed   K        ended       done
 *
 * What is not here changes nothing. (*) only over an unreliable transport.
 */

import {
  type Effect,
  type Event,
  end,
  go,
  isFinal,
  linger,
  type Step,
  start,
  stop,
  type Timing,
} from './machine.ts';

export type NonInviteClientState =
  | { type: 'trying'; intervalMs: number }
  | { type: 'proceeding' }
  | { type: 'completed' }
  | { type: 'ended' };

type State = NonInviteClientState;

const ended: State = { type: 'ended' };

export const nonInviteClient = { begin, step };

function begin({ t1, isReliable }: Timing): Step<State> {
  const effects: Effect[] = [{ type: 'send' }, start('F', 64 * t1)];
  if (!isReliable) effects.push(start('E', t1));
  return go({ type: 'trying', intervalMs: t1 }, ...effects);
}

function step(state: State, event: Event, timing: Timing): Step<State> {
  if (state.type === 'ended') return go(state);
  if (state.type === 'completed') {
    return event.type === 'timer' && event.timer === 'K' ? go(ended, end('done')) : go(state);
  }
  if (event.type === 'failed') return go(ended, end('transport'));
  if (event.type === 'response') return response(event.status, timing);
  if (event.type !== 'timer') return go(state);
  if (event.timer === 'F') return go(ended, end('timeout'));
  if (event.timer !== 'E') return go(state);

  const { t2 } = timing;
  if (state.type === 'proceeding') return go(state, { type: 'send' }, start('E', t2));
  const intervalMs = Math.min(state.intervalMs * 2, t2);
  return go({ ...state, intervalMs }, { type: 'send' }, start('E', intervalMs));
}

function response(status: number, timing: Timing): Step<State> {
  if (!isFinal(status)) return go({ type: 'proceeding' }, { type: 'deliver' });
  const next: State = timing.isReliable ? ended : { type: 'completed' };
  return go(next, stop('E'), stop('F'), { type: 'deliver' }, linger('K', timing.t4, timing));
}

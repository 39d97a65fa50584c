/**
 * Server transaction of all but INVITE and ACK: RFC 3261 17.2.2.
 *
 *     state       event            then        and does
 *     (begin)                      trying
 *     trying      request          trying      nothing: the first response answers all repeats
 *     trying, proceeding
 *                 respond 1xx      proceeding  send
 *                 respond 2xx-6xx  completed   send; start J = 64*T1, or ended when reliable
 *     proceeding  request          proceeding  send again
 *     completed   request          completed   send again
 *     completed   J                ended       done
 *     proceeding, completed
 *                 failed           ended       transport
 *
 * What is not here changes nothing; a second final response is dropped.
 */

import { type Event, end, go, isFinal, linger, type Step, type Timing } from './machine.ts';

export type NonInviteServerState =
  | { type: 'trying' }
  | { type: 'proceeding' }
  | { type: 'completed' }
  | { type: 'ended' };

type State = NonInviteServerState;

const ended: State = { type: 'ended' };

export const nonInviteServer = { begin, step };

function begin(): Step<State> {
  return go({ type: 'trying' });
}

function step(state: State, event: Event, timing: Timing): Step<State> {
  if (state.type === 'ended') return go(state);
  if (state.type === 'trying') return event.type === 'respond' ? respond(event.status, timing) : go(state);
  if (event.type === 'request') return go(state, { type: 'send' });
  if (event.type === 'failed') return go(ended, end('transport'));
  if (state.type === 'proceeding')
    return event.type === 'respond' ? respond(event.status, timing) : go(state);
  return event.type === 'timer' && event.timer === 'J' ? go(ended, end('done')) : go(state);
}

function respond(status: number, timing: Timing): Step<State> {
  if (!isFinal(status)) return go({ type: 'proceeding' }, { type: 'respond' });
  const next: State = timing.isReliable ? ended : { type: 'completed' };
  return go(next, { type: 'respond' }, linger('J', 64 * timing.t1, timing));
}

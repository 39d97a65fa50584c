/**
 * The change-over of one device, as a machine without clocks or sockets: from
 * a committed session to a phone that has proven that it shows it.
 *
 *     state     event                      then
 *     pending   call ended, waited         asks the phone to fetch (check-sync)
 *     any       call ended                 asks at once, if that kept it busy
 *     pending   answered                   sent; waits
 *     any       busy, no answer, nobody    waits: 1, 2, 4, 8, 15, 15, … s
 *     any       waited                     asks again
 *     any       fetched the new config     fetched; waits 8 s for it to register
 *     any       registered as it should    active
 *     any       registered as it was       asks at once, if it could not be reached before
 *     any       late (40 s)                stuck, with the reason; asks every 60 s
 *     stuck     fetched the new config     fetched, with 40 s more
 *
 * `step` answers with the next state and what to do; ./change-overs.ts does it.
 * The proof is the registration with the new secret alone: a phone that got
 * there on its own is as good as one that was asked.
 *
 * After an edit the secret is the old one, so that the fetch is the proof, and
 * nobody waits at the phone:
 *
 *     any       fetched the new config     active
 *     any       nobody                     left: it is told when it comes back
 *     any       late, no answer            left
 *     any       late, busy                 pending, with 40 s more
 *     any       late, told                 stuck
 */

export type Problem = 'unregistered' | 'busy' | 'no-answer' | 'not-fetched' | 'not-registered';

export type State =
  | {
      type: 'pending' | 'sent' | 'fetched' | 'stuck';
      /** What stands between the phone and the session, as far as is known. */
      problem: Problem | undefined;
      asked: number;
      isAsking: boolean;
      /** The login call is still up: a phone in a call is not disturbed. */
      isInCall: boolean;
      /** No session has changed. */
      isEdit: boolean;
    }
  | { type: 'active' }
  | { type: 'left' };

export type Answer = 'answered' | 'unregistered' | 'busy' | 'no-answer';

export type Event =
  | { type: 'callEnded' }
  | { type: 'waited' }
  | { type: 'late' }
  | { type: 'answer'; answer: Answer } // to the last `ask`
  | { type: 'fetched' } //                the config as it is now
  | { type: 'registered'; isNew: boolean }; // isNew: as the session says, with the newest secret

export type Effect =
  | { type: 'ask' }
  | { type: 'wait'; ms: number } //  `waited` after ms; replaces the wait before
  | { type: 'limit'; ms: number } // `late` after ms; replaces the limit before
  | { type: 'rest' }; //             neither is wanted any more

export type Step = { state: State; effects: Effect[] };
type Unproven = Exclude<State, { type: 'active' | 'left' }>;

const delaysMs = [1_000, 2_000, 4_000, 8_000, 15_000];
const limitMs = 40_000;
const stuckMs = 60_000;
/** For the phone to fetch after it answered, and to register after it fetched. */
const fetchMs = 4_000;
const registerMs = 8_000;
/** A call that nobody told the end of. */
const callMs = 10_000;

export function begin({ isInCall, isEdit = false }: { isInCall: boolean; isEdit?: boolean }): Step {
  const state: Unproven = {
    ...{ type: 'pending', problem: undefined, asked: 0, isAsking: false },
    ...{ isInCall, isEdit },
  };
  const limit: Effect = { type: 'limit', ms: limitMs };
  if (isInCall) return { state, effects: [limit, { type: 'wait', ms: callMs }] };
  return { state: { ...state, isAsking: true }, effects: [limit, { type: 'ask' }] };
}

export function step(state: State, event: Event): Step {
  if (state.type === 'active' || state.type === 'left') return { state, effects: [] };
  switch (event.type) {
    case 'callEnded':
      return state.isInCall || state.problem === 'busy' ? ask(state) : stay(state);
    case 'waited':
      return ask(state);
    case 'late':
      return late(state);
    case 'answer':
      return answered(state, event.answer);
    case 'fetched':
      return fetched(state);
    case 'registered':
      if (event.isNew && !state.isEdit) return end('active');
      return wasLost(state) ? ask(state) : stay(state);
  }
}

function ask(state: Unproven): Step {
  if (state.isAsking) return stay(state);
  return { state: { ...state, isAsking: true, isInCall: false }, effects: [{ type: 'ask' }] };
}

function late(state: Unproven): Step {
  if (!state.isEdit || state.problem === 'not-fetched') return stay({ ...state, type: 'stuck' });
  if (state.problem !== 'busy') return end('left');
  return { state: { ...state, type: 'pending' }, effects: [{ type: 'limit', ms: limitMs }] };
}

function answered(before: Unproven, answer: Answer): Step {
  const isAway = answer === 'unregistered' || (answer === 'no-answer' && before.type === 'stuck');
  if (before.isEdit && isAway) return end('left');
  const delayMs = before.type === 'stuck' ? stuckMs : (delaysMs[before.asked] ?? 15_000);
  const state: Unproven = { ...before, asked: before.asked + 1, isAsking: false };
  if (before.type === 'fetched') return wait(state, Math.max(delayMs, registerMs));
  if (answer !== 'answered') return wait({ ...state, problem: answer }, delayMs);
  const type = before.type === 'pending' ? 'sent' : before.type;
  const told = wait({ ...state, type, problem: 'not-fetched' }, Math.max(delayMs, fetchMs));
  // A call may have taken most of its time.
  if (before.isEdit && before.type === 'pending') told.effects.push({ type: 'limit', ms: limitMs });
  return told;
}

function fetched(before: Unproven): Step {
  if (before.isEdit) return end('active');
  const state: Unproven = { ...before, type: 'fetched', problem: 'not-registered', isInCall: false };
  const effects: Effect[] = before.isAsking ? [] : [{ type: 'wait', ms: registerMs }];
  if (before.type === 'stuck') effects.push({ type: 'limit', ms: limitMs });
  return { state, effects };
}

/**
 * It registers again after it could not be reached: the moment to ask, whatever
 * the wait. Not after it answered: some register at each check-sync, and the
 * two would chase each other.
 */
const wasLost = ({ problem }: Unproven) => problem === 'unregistered' || problem === 'no-answer';

const wait = (state: Unproven, ms: number): Step => ({ state, effects: [{ type: 'wait', ms }] });
const stay = (state: State): Step => ({ state, effects: [] });
const end = (type: 'active' | 'left'): Step => ({ state: { type }, effects: [{ type: 'rest' }] });

/** For whoever reads the device's page, `ms` after the commit; undefined when there is nothing to tell. */
export function reasonOf(state: State, ms: number): string | undefined {
  if (state.type === 'active' || state.type === 'left') return undefined;
  if (state.isInCall) return 'waits for the call to end';
  if (state.problem === undefined) return undefined;
  return (state.type === 'stuck' ? stuckReasons : reasons)[state.problem].replace('…', spelt(ms));
}

const reasons: Record<Problem, string> = {
  unregistered: 'the phone is not registered: is it switched on and connected?',
  busy: 'the phone is in a call',
  'no-answer': 'the phone does not answer: is it switched on and connected?',
  'not-fetched': 'the phone was told, but has not fetched its config',
  'not-registered': 'the phone fetched its config, but has not registered with it',
};

const stuckReasons: Record<Problem, string> = {
  unregistered:
    'the phone is not registered, and has not asked for its config for …: is it on and connected?',
  busy: 'the phone is in a call, and has not asked for its config for …',
  'no-answer': 'the phone has not asked for its config for …, and does not answer: is it on?',
  'not-fetched':
    'the phone was told, but has not asked for its config for …: does it have the right address for it?',
  'not-registered':
    'the phone fetched its config, but has not registered with it for …: does it reach its server?',
};

function spelt(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

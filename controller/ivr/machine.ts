/**
 * The login call, as a machine without clocks, sockets or audio.
 *
 *     state            event               then
 *     askExtension     digits, # or pause  askPin
 *     askPin           digits, # or pause  checking
 *     checking         right               committing
 *     checking         wrong               askPin; the third time, leaving: refused
 *     committing       done                leaving: loggedIn, loggedOut
 *     checking, committing   failed        leaving: failed
 *     ask...           silence             asks again; the third time, leaving: abandoned
 *     leaving          said, hangup        ended
 *     any other        hangup              ended: abandoned
 *
 * A pause (3 s) ends an entry as `#` does; `*` starts over: it drops what was
 * typed, and with nothing typed goes back to the extension if that was asked for.
 * Digits may be typed ahead: the first one stops the prompt. Keys pressed while a
 * PIN is checked answer the question that follows a wrong one; those pressed when
 * nothing will be asked any more are dropped.
 *
 * Every effect stops the silence clock; `listen` starts it.
 *
 * Why a PIN was wrong never comes in here, so it cannot be heard. A PIN is in a
 * state only until it is handed to `check`.
 */

import type { SaidPrompt } from '#controller/model/ports.ts';

export type Request =
  | { type: 'login'; extension?: string }
  | { type: 'logout' }
  | { type: 'say'; prompt: SaidPrompt };

export type State =
  | { type: 'askExtension'; digits: string; tries: number; silences: number }
  | {
      type: 'askPin';
      digits: string;
      tries: number;
      silences: number;
      extension: string;
      /** The extension was asked for and not dialled, so it can be corrected. */
      asked: boolean;
    }
  | { type: 'checking'; tries: number; extension: string; asked: boolean; ahead: string }
  | { type: 'committing'; outcome: 'loggedIn' | 'loggedOut' }
  | { type: 'leaving'; outcome: Outcome }
  | { type: 'ended'; outcome: Outcome };

/** `failed`: the answer was right, but it could not be saved or a policy refused it. `said`: that was all. */
export type Outcome = 'loggedIn' | 'loggedOut' | 'refused' | 'abandoned' | 'failed' | 'said';

export type Event =
  | { type: 'digit'; digit: string } //       0-9, *, #
  | { type: 'said' } //                       everything to say was said
  | { type: 'silence' } //                    the listening ran out
  | { type: 'checked'; answer: 'right' | 'wrong' }
  | { type: 'committed' }
  | { type: 'failed' } //                     check or commit could not be done
  | { type: 'hangup' }; //                    by the phone, or the call lasted too long

export type Effect =
  | { type: 'say'; prompt: Prompt } //        after what is being said
  | { type: 'hush' } //                       stop saying
  | { type: 'listen'; ms: number } //         start the silence clock, or start it over
  | { type: 'check'; extension: string; pin: string }
  | { type: 'logIn'; extension: string }
  | { type: 'logOut' }
  | { type: 'end'; outcome: Outcome };

export const prompts = [
  'extension',
  'pin',
  'wrong',
  'refused',
  'unavailable',
  'loggedIn',
  'loggedOut',
  'goodbye',
  'noHelp',
  'testPassed',
  'testFailed',
] as const;

export type Prompt = (typeof prompts)[number];
export type Step = { state: State; effects: Effect[] };

const maxTries = 3;
const maxSilences = 3;
/** More digits than any extension or PIN has: the rest is dropped, and the answer is wrong anyway. */
const maxDigits = 16;
/** A second PIN with its #, typed while the first is checked. */
const maxAhead = maxDigits + 1;
/** After a digit: whoever stops typing is done. */
const pauseMs = 3_000;
/** After a question: time to begin. */
const patienceMs = 6_000;

export function begin(request: Request): Step {
  if (request.type === 'say') return leave('said', request.prompt);
  if (request.type === 'logout') {
    return { state: { type: 'committing', outcome: 'loggedOut' }, effects: [{ type: 'logOut' }] };
  }
  const { extension } = request;
  if (extension === undefined) return askExtension(0);
  return ask({ type: 'askPin', digits: '', tries: 0, silences: 0, extension, asked: false }, 'pin');
}

export function step(state: State, event: Event): Step {
  if (state.type === 'ended') return stay(state);
  if (event.type === 'hangup') return end(state.type === 'leaving' ? state.outcome : 'abandoned');
  switch (state.type) {
    case 'askExtension':
      return entry(state, event, 'extension', (extension) => {
        const { tries } = state;
        return ask({ type: 'askPin', digits: '', tries, silences: 0, extension, asked: true }, 'pin');
      });
    case 'askPin':
      return entry(state, event, 'pin', (pin) => {
        const { tries, extension, asked } = state;
        return {
          state: { type: 'checking', tries, extension, asked, ahead: '' },
          effects: [{ type: 'check', extension, pin }],
        };
      });
    case 'checking':
      return checking(state, event);
    case 'committing':
      return committing(state, event);
    case 'leaving':
      return event.type === 'said' ? end(state.outcome) : stay(state);
  }
}

// One function a state. ----------------------------------------------------

function checking(state: In<'checking'>, event: Event): Step {
  if (event.type === 'failed') return leave('failed', 'unavailable', 'goodbye');
  if (event.type === 'digit')
    return stay({ ...state, ahead: (state.ahead + event.digit).slice(0, maxAhead) });
  if (event.type !== 'checked') return stay(state);

  const { extension, asked } = state;
  if (event.answer === 'right') {
    return { state: { type: 'committing', outcome: 'loggedIn' }, effects: [{ type: 'logIn', extension }] };
  }
  const tries = state.tries + 1;
  if (tries === maxTries) return leave('refused', 'refused', 'goodbye');
  const again = ask({ type: 'askPin', digits: '', tries, silences: 0, extension, asked }, 'wrong');
  return [...state.ahead].reduce((done, digit) => {
    const next = step(done.state, { type: 'digit', digit });
    return { state: next.state, effects: [...done.effects, ...next.effects] };
  }, again);
}

function committing(state: In<'committing'>, event: Event): Step {
  if (event.type === 'failed') return leave('failed', 'unavailable', 'goodbye');
  return event.type === 'committed' ? leave(state.outcome, state.outcome) : stay(state);
}

// What the states share. ---------------------------------------------------

type In<T extends State['type']> = Extract<State, { type: T }>;
type Asking = In<'askExtension' | 'askPin'>;

function entry(state: Asking, event: Event, prompt: Prompt, submit: (digits: string) => Step): Step {
  switch (event.type) {
    case 'said':
      return { state, effects: [{ type: 'listen', ms: patienceMs }] };
    case 'silence':
      return state.digits === '' ? askAgain(state, prompt) : submit(state.digits);
    case 'digit':
      return press(state, event.digit, prompt, submit);
    default:
      return stay(state);
  }
}

function press(state: Asking, digit: string, prompt: Prompt, submit: (digits: string) => Step): Step {
  // A # that comes after the pause already ended the entry answers nothing.
  if (digit === '#') return state.digits === '' ? stay(state) : submit(state.digits);
  if (digit === '*') {
    if (state.type === 'askPin' && state.asked && state.digits === '')
      return hushed(askExtension(state.tries));
    return hushed(ask({ ...state, digits: '', silences: 0 }, prompt));
  }
  const digits = (state.digits + digit).slice(0, maxDigits);
  return hushed({ state: { ...state, digits, silences: 0 }, effects: [{ type: 'listen', ms: pauseMs }] });
}

function askAgain(state: Asking, prompt: Prompt): Step {
  const silences = state.silences + 1;
  return silences < maxSilences ? ask({ ...state, silences }, prompt) : leave('abandoned', 'goodbye');
}

function askExtension(tries: number): Step {
  return ask({ type: 'askExtension', digits: '', tries, silences: 0 }, 'extension');
}

/** The listening begins when all is said. */
function ask(state: Asking, prompt: Prompt): Step {
  return { state, effects: [{ type: 'say', prompt }] };
}

function leave(outcome: Outcome, ...prompts: Prompt[]): Step {
  return { state: { type: 'leaving', outcome }, effects: prompts.map((prompt) => ({ type: 'say', prompt })) };
}

function end(outcome: Outcome): Step {
  return { state: { type: 'ended', outcome }, effects: [{ type: 'end', outcome }] };
}

function hushed({ state, effects }: Step): Step {
  return { state, effects: [{ type: 'hush' }, ...effects] };
}

function stay(state: State): Step {
  return { state, effects: [] };
}

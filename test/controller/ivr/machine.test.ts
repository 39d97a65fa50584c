import * as assert from 'uvu/assert';
import { begin, type Effect, type Event, type Request, step } from '#controller/ivr/machine.ts';
import { describe } from '#test/support/describe.ts';

/**
 * Whole calls, one a row. In `call`, keys are themselves, `.` lets everything be
 * said, `_` is a silence or pause, `y` and `n` answer the PIN check, `c` is the
 * commit on disk, `x` a check or commit that failed, `!` the phone hanging up.
 *
 * In `does`, a prompt is its name, `-` stops it, `?100:1234` is a check,
 * `+100` a login, `+` a logout.
 */
// biome-ignore format: a table
const calls: { name: string; request: Request; call: string; does: string; ends: string }[] = [
  { name: 'right PIN',                        request: dialled('100'), call: '.1234#yc.',            does: 'pin - - - - ?100:1234 +100 loggedIn',                       ends: 'loggedIn' },
  { name: 'a pause ends the PIN',             request: dialled('100'), call: '.1234_yc.',            does: 'pin - - - - ?100:1234 +100 loggedIn',                       ends: 'loggedIn' },
  { name: 'typed ahead of the prompt',        request: dialled('100'), call: '12#yc.',               does: 'pin - - ?100:12 +100 loggedIn',                             ends: 'loggedIn' },
  { name: 'a slip, then * to start over',     request: dialled('100'), call: '.9*12#yc.',            does: 'pin - - pin - - ?100:12 +100 loggedIn',                     ends: 'loggedIn' },
  { name: '* with nothing typed asks again',  request: dialled('100'), call: '.*.12#yc.',            does: 'pin - pin - - ?100:12 +100 loggedIn',                       ends: 'loggedIn' },
  { name: '# with nothing typed is nothing',  request: dialled('100'), call: '.##12#yc.',            does: 'pin - - ?100:12 +100 loggedIn',                             ends: 'loggedIn' },
  { name: '# after the pause is nothing',     request: dialled('100'), call: '.12_#n#.34#yc.',       does: 'pin - - ?100:12 wrong - - ?100:34 +100 loggedIn',           ends: 'loggedIn' },
  { name: 'right PIN at the third try',       request: dialled('100'), call: '.1#n.2#n.3#yc.',       does: 'pin - ?100:1 wrong - ?100:2 wrong - ?100:3 +100 loggedIn',  ends: 'loggedIn' },
  { name: 'three wrong PINs',                 request: dialled('100'), call: '.1#n.2#n.3#n.',        does: 'pin - ?100:1 wrong - ?100:2 wrong - ?100:3 refused goodbye', ends: 'refused' },
  { name: 'silences do not count as tries',   request: dialled('100'), call: '.1#n._._.2#n._.3#n.',  does: 'pin - ?100:1 wrong pin pin - ?100:2 wrong pin - ?100:3 refused goodbye', ends: 'refused' },
  { name: 'nothing pressed',                  request: dialled('100'), call: '._._._.',              does: 'pin pin pin goodbye',                                       ends: 'abandoned' },
  { name: 'a digit begins the silences anew', request: dialled('100'), call: '._._1*._._._.',        does: 'pin pin pin - - pin pin pin goodbye',                       ends: 'abandoned' },
  { name: 'keys while the PIN is checked',    request: dialled('100'), call: '.12#99#*yc.',          does: 'pin - - ?100:12 +100 loggedIn',                             ends: 'loggedIn' },
  { name: 'a second PIN while the first is checked', request: dialled('100'), call: '.12#34#nyc.', does: 'pin - - ?100:12 wrong - - ?100:34 +100 loggedIn',             ends: 'loggedIn' },
  { name: 'keys while it is saved',           request: dialled('100'), call: '.12#y99#*c.',          does: 'pin - - ?100:12 +100 loggedIn',                             ends: 'loggedIn' },
  { name: 'keys during the confirmation',     request: dialled('100'), call: '.12#yc99#*.',          does: 'pin - - ?100:12 +100 loggedIn',                             ends: 'loggedIn' },
  { name: 'keys after the end',               request: dialled('100'), call: '.12#yc.3#_y',          does: 'pin - - ?100:12 +100 loggedIn',                             ends: 'loggedIn' },
  { name: 'the commit fails',                 request: dialled('100'), call: '.12#yx.',              does: 'pin - - ?100:12 +100 unavailable goodbye',                  ends: 'failed' },
  { name: 'the check fails',                  request: dialled('100'), call: '.12#x.',               does: 'pin - - ?100:12 unavailable goodbye',                       ends: 'failed' },
  { name: 'more digits than there are PINs',  request: dialled('100'), call: '.12345678901234567#n.!', does: `pin ${'- '.repeat(17)}?100:1234567890123456 wrong`,       ends: 'abandoned' },
  { name: 'hangs up at once',                 request: dialled('100'), call: '!',                    does: 'pin',                                                       ends: 'abandoned' },
  { name: 'hangs up at the PIN',              request: dialled('100'), call: '.12!',                 does: 'pin - -',                                                   ends: 'abandoned' },
  { name: 'hangs up while it is checked',     request: dialled('100'), call: '.12#!yc',              does: 'pin - - ?100:12',                                           ends: 'abandoned' },
  { name: 'hangs up while it is saved',       request: dialled('100'), call: '.12#y!c',              does: 'pin - - ?100:12 +100',                                      ends: 'abandoned' },
  { name: 'hangs up at the confirmation',     request: dialled('100'), call: '.12#yc!',              does: 'pin - - ?100:12 +100 loggedIn',                             ends: 'loggedIn' },

  { name: 'bare code',                        request: bare(),         call: '.100#.12#yc.',         does: 'extension - - - pin - - ?100:12 +100 loggedIn',             ends: 'loggedIn' },
  { name: 'bare code, all typed ahead',       request: bare(),         call: '100#12#yc.',           does: 'extension - - - pin - - ?100:12 +100 loggedIn',             ends: 'loggedIn' },
  { name: 'bare code, nothing pressed',       request: bare(),         call: '._._._.',              does: 'extension extension extension goodbye',                     ends: 'abandoned' },
  { name: 'bare code, * in the extension',    request: bare(),         call: '.9*1#.2#yc.',          does: 'extension - - extension - pin - ?1:2 +1 loggedIn',          ends: 'loggedIn' },
  { name: 'bare code, * back to it',          request: bare(),         call: '.9#.*.1#.2#yc.',       does: 'extension - pin - extension - pin - ?1:2 +1 loggedIn',      ends: 'loggedIn' },
  { name: 'bare code, tries go on after *',   request: bare(),         call: '.9#.1#n.*.8#.2#n.*.7#.3#n.', does: 'extension - pin - ?9:1 wrong - extension - pin - ?8:2 wrong - extension - pin - ?7:3 refused goodbye', ends: 'refused' },
  { name: 'bare code, silent at the PIN',     request: bare(),         call: '._.1#._._._.',         does: 'extension extension - pin pin pin goodbye',                 ends: 'abandoned' },

  { name: 'logout',                           request: { type: 'logout' }, call: 'c.',               does: '+ loggedOut',                                               ends: 'loggedOut' },
  { name: 'logout, keys do nothing',          request: { type: 'logout' }, call: '1#c2*.',           does: '+ loggedOut',                                               ends: 'loggedOut' },
  { name: 'logout that fails',                request: { type: 'logout' }, call: 'x.',               does: '+ unavailable goodbye',                                     ends: 'failed' },
  { name: 'says how a test went',             request: { type: 'say', prompt: 'testPassed' }, call: '1#.', does: 'testPassed',                         ends: 'said' },
  { name: 'says that no help was reached',    request: { type: 'say', prompt: 'noHelp' }, call: '!',  does: 'noHelp',                                               ends: 'said' },
  { name: 'logout, hangs up at once',         request: { type: 'logout' }, call: '!c.',              does: '+',                                                         ends: 'abandoned' },
];

describe('login machine', (test) => {
  for (const { name, request, call, does, ends } of calls) {
    test(name, () => {
      const { heard, outcomes } = run(request, call);
      assert.is(heard.join(' '), does);
      assert.equal(outcomes, [ends]);
    });
  }

  test('listens 6 s after a question and 3 s after a digit, and not while it speaks or works', () => {
    const { listening } = run({ type: 'login', extension: '100' }, '.12#n.');
    assert.equal(listening, [6_000, 3_000, 3_000, 6_000]);
  });

  test('no state keeps a PIN that was handed over', () => {
    let { state } = begin({ type: 'login', extension: '100' });
    for (const digit of '739216#') ({ state } = step(state, { type: 'digit', digit }));
    assert.not.match(JSON.stringify(state), /739216/);
  });
});

function dialled(extension: string): Request {
  return { type: 'login', extension };
}

function bare(): Request {
  return { type: 'login' };
}

const events: Record<string, Event> = {
  '.': { type: 'said' },
  _: { type: 'silence' },
  y: { type: 'checked', answer: 'right' },
  n: { type: 'checked', answer: 'wrong' },
  c: { type: 'committed' },
  x: { type: 'failed' },
  '!': { type: 'hangup' },
};

function run(request: Request, call: string) {
  const heard: string[] = [];
  const outcomes: string[] = [];
  const listening: number[] = [];
  let { state, effects } = begin(request);
  collect(effects);
  for (const letter of call) {
    ({ state, effects } = step(state, events[letter] ?? { type: 'digit', digit: letter }));
    collect(effects);
  }
  return { heard, outcomes, listening };

  function collect(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === 'say') heard.push(effect.prompt);
      if (effect.type === 'hush') heard.push('-');
      if (effect.type === 'check') heard.push(`?${effect.extension}:${effect.pin}`);
      if (effect.type === 'logIn') heard.push(`+${effect.extension}`);
      if (effect.type === 'logOut') heard.push('+');
      if (effect.type === 'listen') listening.push(effect.ms);
      if (effect.type === 'end') outcomes.push(effect.outcome);
    }
  }
}

/**
 * What a line on stdin makes the phone do.
 *
 *     call NUMBER | sip:USER@HOST:PORT     press N            a line key
 *     answer                               auto-answer on|off
 *     hangup                               hold on|off
 *     dtmf DIGITS                          tone HZ | off
 *     transfer NUMBER                      transfer-to-call     who is on hold, to the call made since
 *     register AOR                         one try with own credentials
 *     status                               quit
 */

import { Fault } from '#protocol/fault.ts';
import { nearest } from '#protocol/nearest.ts';
import type { Phone } from './phone.ts';

/** What a person may do to a phone. */
export type Controls = Pick<
  Phone,
  | 'call'
  | 'answer'
  | 'autoAnswer'
  | 'hangUp'
  | 'hold'
  | 'transfer'
  | 'dtmf'
  | 'press'
  | 'tone'
  | 'register'
  | 'status'
>;

type Verb = { argument?: RegExp; run(phone: Controls, argument: string): unknown };

const onOff = /^(?:on|off)$/;
const maxLine = 512;

export const verbs: Readonly<Record<string, Verb>> = {
  call: { argument: /^\S{1,256}$/, run: (phone, number) => phone.call(number) },
  answer: { run: (phone) => phone.answer() },
  'auto-answer': { argument: onOff, run: (phone, word) => phone.autoAnswer(word === 'on') },
  hangup: { run: (phone) => phone.hangUp() },
  hold: { argument: onOff, run: (phone, word) => phone.hold(word === 'on') },
  transfer: { argument: /^\S{1,256}$/, run: (phone, number) => phone.transfer(number) },
  'transfer-to-call': { run: (phone) => phone.transfer() },
  dtmf: { argument: /^[0-9A-D*#]{1,64}$/, run: (phone, digits) => phone.dtmf(digits) },
  press: { argument: /^[1-9][0-9]{0,2}$/, run: (phone, position) => phone.press(Number(position)) },
  tone: {
    argument: /^(?:[1-9][0-9]{1,3}|off)$/,
    run: (phone, word) => phone.tone(word === 'off' ? undefined : Number(word)),
  },
  register: { argument: /^[A-Za-z0-9*#+._-]{1,64}$/, run: (phone, aor) => phone.register(aor) },
  status: { run: (phone) => phone.status() },
  quit: { run: () => undefined },
};

/** Answers 'quit' when that was the command. Throws `input.invalid` for what is no command. */
export function runCommand(phone: Controls, line: string): 'done' | 'quit' {
  const [word = '', ...rest] = line.slice(0, maxLine).trim().split(/\s+/);
  if (word === '' || word.startsWith('#')) return 'done';
  const verb = Object.hasOwn(verbs, word) ? verbs[word] : undefined;
  if (verb === undefined) throw wrong(`unknown command "${word}"${hintFor(word)}`);
  const argument = rest.join(' ');
  if (!(verb.argument ?? /^$/).test(argument)) throw wrong(`${word}: "${argument}" is not what it takes`);
  verb.run(phone, argument);
  return word === 'quit' ? 'quit' : 'done';
}

function hintFor(word: string): string {
  const near = nearest(word, Object.keys(verbs));
  return near === undefined ? '' : `; did you mean "${near}"?`;
}

const wrong = (message: string) => new Fault('input.invalid', message, { field: 'command' });

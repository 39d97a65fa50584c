/**
 * One login dialogue for real: runs the machine's effects on a voice, a clock
 * and the sessions. It knows no SIP and no audio.
 */

import type { Sessions } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { begin, type Effect, type Event, type Outcome, type Prompt, type Request, step } from './machine.ts';

export type Log = Record<'debug' | 'info' | 'warn', (facts: object, message: string) => void>;

export type DialogueOptions = {
  request: Request;
  device: string;
  sessions: Sessions;
  clock: Clock;
  say: (prompt: Prompt) => void;
  hush: () => void;
  onEnd: (outcome: Outcome) => void;
  log: Log;
};

export type Dialogue = { feed(event: Event): void };

export function startDialogue(options: DialogueOptions): Dialogue {
  const { request, device, sessions, clock, say, hush, onEnd, log } = options;
  let { state, effects } = begin(request);
  let stopListening = () => {};

  function feed(event: Event): void {
    ({ state, effects } = step(state, event));
    for (const effect of effects) run(effect);
  }

  function run(effect: Effect): void {
    stopListening();
    switch (effect.type) {
      case 'say':
        say(effect.prompt);
        break;
      case 'hush':
        hush();
        break;
      case 'listen':
        stopListening = clock.after(effect.ms, () => feed({ type: 'silence' }));
        break;
      case 'check':
        settle(
          sessions
            .checkPin(device, effect.extension, effect.pin)
            .then((answer) => ({ type: 'checked', answer })),
        );
        break;
      case 'logIn':
        settle(sessions.login(device, effect.extension, 'dial').then(() => ({ type: 'committed' })));
        break;
      case 'logOut':
        settle(sessions.logout(device, 'dial').then(() => ({ type: 'committed' })));
        break;
      case 'end':
        onEnd(effect.outcome);
        break;
    }
  }

  function settle(answer: Promise<Event>): void {
    answer.then(feed, (err: unknown) => {
      log.warn({ err, state: state.type }, 'login call: not possible now');
      feed({ type: 'failed' });
    });
  }

  for (const effect of effects) run(effect);
  return { feed };
}

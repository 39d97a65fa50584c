/**
 * A headless phone of the demo, driven as a person would: commands in, and what
 * the phone shows and hears out, as events that can be waited for.
 */

import { Fault } from '#protocol/fault.ts';
import type { Child, ChildOptions, Children } from './children.ts';

export type PhoneEvent = { event: string; at: number } & Record<string, unknown>;
export type Match = { event: string } & Readonly<Record<string, unknown>>;

export interface DemoPhone {
  readonly name: string;
  do(command: string): void;
  /** The number of events so far: waiting for one `from` here waits for a new one. */
  mark(): number;
  /** The first event since `from` that has all of `match`; throws what was waited for when it does not come. */
  saw(match: Match, from: number, ms?: number): Promise<PhoneEvent>;
  count(event: string, from: number): number;
  close(): Promise<void>;
}

const patienceMs = 15_000;
const stepMs = 5;
/** People press keys one after the other; so does the demo. */
const betweenKeysMs = 220;

export function startPhone(
  children: Children,
  { name, file, args, logFile }: Omit<ChildOptions, 'onLine'>,
): DemoPhone {
  const events: PhoneEvent[] = [];
  const waiting = new Set<() => void>();
  let isOver = false;

  const child: Child = children.start({
    name,
    file,
    args: ['phone', ...args],
    logFile,
    onLine(line) {
      events.push({ ...(JSON.parse(line) as { event: string }), at: performance.now() });
      for (const look of waiting) look();
    },
  });
  void child.exited.then(() => {
    isOver = true;
    for (const look of waiting) look();
  });

  const find = (match: Match, from: number) => events.slice(from).find((event) => fits(event, match));

  return {
    name,
    do: child.say,
    mark: () => events.length,
    count: (event, from) => events.slice(from).filter((each) => each.event === event).length,

    saw(match, from, ms = patienceMs) {
      return new Promise((resolve, reject) => {
        const end = (settle: () => void) => {
          waiting.delete(look);
          clearTimeout(timer);
          settle();
        };
        const fail = (why: string) =>
          end(() => {
            const seen = events.slice(from).filter(({ event }) => event !== 'audio');
            const last = seen.slice(-3).map(({ at: _, ...event }) => JSON.stringify(event));
            const told = last.length === 0 ? 'nothing' : last.join(' ');
            reject(new Fault('unavailable', `${name} ${why} ${describe(match)}; it told ${told}`));
          });
        const look = () => {
          const found = find(match, from);
          if (found !== undefined) end(() => resolve(found));
          else if (isOver) fail('ended before');
        };
        const timer = setTimeout(() => fail(`did not within ${ms / 1000} s tell`), ms);
        waiting.add(look);
        look();
      });
    },

    close: () => child.stop(),
  };
}

function fits(event: PhoneEvent, { event: name, ...facts }: Match): boolean {
  return (
    event.event === name &&
    Object.entries(facts).every(([key, value]) =>
      typeof value === 'function' ? value(event[key]) === true : event[key] === value,
    )
  );
}

function describe({ event, ...facts }: Match): string {
  const told = Object.entries(facts).map(([key, value]) =>
    typeof value === 'function' ? key : `${key} ${String(value)}`,
  );
  return [event, ...told].join(' ');
}

/** Presses keys at a person's pace; answers when the last one was pressed. */
export async function type(phone: DemoPhone, digits: string): Promise<number> {
  let last = performance.now();
  for (const digit of digits) {
    await pause(betweenKeysMs);
    last = performance.now();
    phone.do(`dtmf ${digit}`);
  }
  return last;
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is one; throws what was waited for. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, ms = patienceMs): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Fault('unavailable', `not within ${ms / 1000} s: ${what}`);
    await pause(stepMs);
  }
}

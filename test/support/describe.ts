/**
 * uvu with its sharp edges off. `describe` runs the suite itself (a forgotten
 * `suite.run()` passes in silence), and every test has a deadline with its
 * name on it (uvu has none: a promise that never settles ends the whole run
 * with "Exiting early").
 */

import { suite } from 'uvu';
import { patience } from './patience.ts';
import { type Failure, tally } from './tally.ts';

type Body = () => void | Promise<void>;
export type Test = ((name: string, body: Body, deadlineMs?: number) => void) & {
  /** Reported by name as skipped; under CI=true it fails, for there nothing may be skipped. */
  skip(name: string, why: string): void;
};

const defaultDeadlineMs = 15_000;

export function describe(subject: string, define: (test: Test) => void): void {
  const tests = suite(subject);
  const file = (globalThis as { UVU_INDEX?: number }).UVU_INDEX ?? 0;
  const test: Test = (name, body, deadlineMs = defaultDeadlineMs) => {
    tally.files.add(file);
    const full = `${subject}: ${name}`;
    tests(name, () => counted({ file, name: full }, () => withDeadline(full, body, deadlineMs)));
  };
  test.skip = (name, why) => {
    if (process.env.CI === 'true') {
      test(name, () => {
        throw new Error(`skipped under CI: ${why}`);
      });
    } else {
      tally.files.add(file);
      tally.skipped.push(`${subject}: ${name} (${why})`);
    }
  };
  define(test);
  tests.run();
}

async function counted(test: Omit<Failure, 'error'>, body: Body): Promise<void> {
  tally.running = test;
  try {
    await body();
    tally.passed++;
  } catch (error) {
    tally.failures.push({ ...test, error });
    throw error;
  }
}

async function withDeadline(name: string, body: Body, quickMs: number): Promise<void> {
  const deadlineMs = quickMs * patience;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`"${name}" took over ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    await Promise.race([body(), late]);
  } finally {
    clearTimeout(timer);
  }
}

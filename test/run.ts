/**
 * Runs every *.test.ts under test/, or a part of them:
 *
 *     npm test                        all that are quick
 *     npm test -- protocol            one folder of test/
 *     npm test -- . machine           files whose path has "machine" in it
 *     npm run test:slow               the *.slow.ts instead: soak, load, long faults
 *
 * All that are quick run in two lanes side by side, for most of them wait: those
 * with real peers (interop/), and the rest. What the second lane says follows
 * what the first said.
 *
 * Adds to uvu what a server's tests need: a file that defines no test fails, a
 * run that leaves a socket or timer behind fails and says so instead of
 * hanging, and the last line tells how many tests passed and failed. Before it
 * stands a line for each that failed, of both lanes, for many who look see the
 * end of the output only; so does the test in which a run broke off.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from 'uvu/run';
import { describeFailure, failureMark } from '#test/support/failures.ts';
import { installPackages } from '#test/support/packages.ts';
import { tally } from '#test/support/tally.ts';

const root = fileURLToPath(new URL('.', import.meta.url));
const isSlow = process.argv.includes('--slow');
const lane = process.argv.find((word) => word.startsWith('--lane='))?.slice('--lane='.length);
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const ending = isSlow ? '.slow.ts' : '.test.ts';
const [folder = '.', part = ''] = words;

const suites = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  .map((file) => join(root, folder, file))
  .filter((file) => file.endsWith(ending) && relative(root, file).includes(part))
  .sort()
  .map((file) => ({ name: relative(root, file), file }))
  .filter(({ name }) => lane === undefined || lane === laneOf(name));

if (lane === undefined && suites.some(({ name }) => laneOf(name) === 'peers')) installPackages();
if (lane === undefined && words.length === 0 && !isSlow) process.exit(await runLanes('peers', 'rest'));

let isOver = false;
let thrown: unknown = 'it ended before its last test did';
process.on('uncaughtExceptionMonitor', (error) => {
  thrown = error;
});
process.on('exit', () => {
  if (isOver) return;
  const last = describeFailure(`broke off in ${where(tally.running)}`, thrown);
  for (const failure of ['', ...told(), last]) print(failure && failureMark + failure);
});

await run(suites);

const patience = performance.now() + 10_000;
while (leaks().length > 0 && performance.now() < patience) {
  await new Promise((go) => setTimeout(go, 50));
}

const left = leaks();
const failures = [
  ...told(),
  ...suites.flatMap(({ name }, index) => (tally.files.has(index) ? [] : [`no test was run in ${name}`])),
  ...(left.length > 0 ? [`left open after the last test: ${left.join(', ')}`] : []),
  ...(tally.passed === 0 ? ['no test passed'] : []),
];
for (const name of tally.skipped) print(`skipped: ${name}`);
for (const failure of failures) print(failureMark + failure);
print(total(tally.passed, failures.length, tally.skipped.length));
isOver = true;
process.exit(failures.length > 0 ? 1 : 0);

function laneOf(name: string): 'peers' | 'rest' {
  return name.startsWith('interop/') ? 'peers' : 'rest';
}

/** The exit code: 0 when every test of every lane passed. */
async function runLanes(...lanes: string[]): Promise<number> {
  const ends = await Promise.all(
    lanes.map(async (name, index) => {
      const child = fork(fileURLToPath(import.meta.url), [`--lane=${name}`], { stdio: 'pipe' });
      let said = '';
      let complained = '';
      child.stderr?.on('data', (chunk) => {
        process.stderr.write(chunk);
        complained = `${complained}${chunk}`.slice(-4_000);
      });
      child.stdout?.on('data', (chunk) => {
        if (index === 0) process.stdout.write(chunk);
        said += chunk;
      });
      const [code, signal] = await once(child, 'close');
      return { name, said, complained, end: signal ?? code, isShown: index === 0 };
    }),
  );
  for (const { said, isShown } of ends) if (!isShown) print(said);
  const sums = [0, 0, 0];
  for (const { name, said, complained, end } of ends) {
    const counts = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\n$/.exec(said);
    // A lane that broke off before its last line failed, whatever it said.
    const found = counts === null ? [0, 1, 0] : counts.slice(1).map((count) => Number(count ?? 0));
    for (const [at, count] of found.entries()) sums[at] = (sums[at] ?? 0) + count;
    if (counts === null) {
      print(complained);
      const file = said.match(/^\S+\.(test|slow)\.ts$/gm)?.at(-1);
      print(`${failureMark}lane ${name} ended by ${end} in ${file}`);
    }
    for (const line of said.split('\n')) if (line.startsWith(failureMark)) print(line);
  }
  const [passed = 0, failed = 0, skipped = 0] = sums;
  print(total(passed, failed, skipped));
  return failed > 0 ? 1 : 0;
}

function total(passed: number, failed: number, skipped: number): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** What failed until now. */
function told(): string[] {
  return tally.failures.map((failure) => describeFailure(where(failure), failure.error));
}

function where(test: { file: number; name: string } | undefined): string {
  return test === undefined ? 'no test' : `${suites[test.file]?.name}, ${test.name}`;
}

function leaks(): string[] {
  const harmless = ['TTYWrap', 'PipeWrap', 'CloseReq', 'FSReqPromise'];
  return process.getActiveResourcesInfo().filter((kind) => !harmless.includes(kind));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

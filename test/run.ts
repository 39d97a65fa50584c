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
 * hanging, and the last line tells how many tests passed and failed.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from 'uvu/run';
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

await run(suites);

const empty = suites.filter((_, index) => !tally.files.has(index)).map(({ name }) => name);

const patience = performance.now() + 2_000;
while (leaks().length > 0 && performance.now() < patience) {
  await new Promise((go) => setTimeout(go, 50));
}

const left = leaks();
for (const name of tally.skipped) print(`skipped: ${name}`);
for (const name of empty) print(`no test was run in ${name}`);
if (left.length > 0) print(`left open after the last test: ${left.join(', ')}`);
const failed = tally.failed + empty.length + (left.length > 0 ? 1 : 0) + (tally.passed === 0 ? 1 : 0);
const skipped = tally.skipped.length > 0 ? `, ${tally.skipped.length} skipped` : '';
print(`${tally.passed} passed, ${failed} failed${skipped}`);
process.exit(failed > 0 ? 1 : 0);

function laneOf(name: string): 'peers' | 'rest' {
  return name.startsWith('interop/') ? 'peers' : 'rest';
}

/** The exit code: 0 when every test of every lane passed. */
async function runLanes(...lanes: string[]): Promise<number> {
  const ends = await Promise.all(
    lanes.map(async (name, index) => {
      const child = fork(fileURLToPath(import.meta.url), [`--lane=${name}`], { stdio: 'pipe' });
      let said = '';
      child.stderr?.pipe(process.stderr);
      child.stdout?.on('data', (chunk) => {
        if (index === 0) process.stdout.write(chunk);
        said += chunk;
      });
      await once(child, 'close');
      return { said, isShown: index === 0 };
    }),
  );
  for (const { said, isShown } of ends) if (!isShown) print(said);
  const counts = ends.map(({ said }) => /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\n$/.exec(said));
  const sum = (group: number) => counts.reduce((all, found) => all + Number(found?.[group] ?? 0), 0);
  // A lane that broke off before its last line failed, whatever it said.
  const broken = ends.filter((_, index) => counts[index] === null).length;
  const failed = sum(2) + broken;
  print(`${sum(1)} passed, ${failed} failed${sum(3) > 0 ? `, ${sum(3)} skipped` : ''}`);
  return failed > 0 ? 1 : 0;
}

function leaks(): string[] {
  const harmless = ['TTYWrap', 'PipeWrap', 'CloseReq', 'FSReqPromise'];
  return process.getActiveResourcesInfo().filter((kind) => !harmless.includes(kind));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/**
 * Runs every *.test.ts under test/, or a part of them:
 *
 *     npm test                        all that are quick
 *     npm test -- protocol            one folder of test/
 *     npm test -- . machine           files whose path has "machine" in it
 *     npm run test:slow               the *.slow.ts instead: soak, load, long faults
 *
 * Adds to uvu what a server's tests need: a file that defines no test fails, a
 * run that leaves a socket or timer behind fails and says so instead of
 * hanging, and the last line tells how many tests passed and failed.
 */

import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from 'uvu/run';
import { installPackages } from '#test/support/packages.ts';
import { tally } from '#test/support/tally.ts';

const root = fileURLToPath(new URL('.', import.meta.url));
const words = process.argv.slice(2).filter((word) => word !== '--slow');
const ending = process.argv.includes('--slow') ? '.slow.ts' : '.test.ts';
const [folder = '.', part = ''] = words;

const suites = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  .map((file) => join(root, folder, file))
  .filter((file) => file.endsWith(ending) && relative(root, file).includes(part))
  .sort()
  .map((file) => ({ name: relative(root, file), file }));

if (suites.some(({ name }) => /^(interop|e2e)\//.test(name))) installPackages();
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

function leaks(): string[] {
  const harmless = ['TTYWrap', 'PipeWrap', 'CloseReq', 'FSReqPromise'];
  return process.getActiveResourcesInfo().filter((kind) => !harmless.includes(kind));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

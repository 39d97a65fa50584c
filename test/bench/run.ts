/**
 * What we measure, each beside a peer in the same run:
 *
 *     npm run bench                        every row
 *     npm run bench -- parse registrar     some of them
 *     npm run bench -- --json              one line of JSON a row on standard output, remarks on standard error
 *     npm run bench -- store 1000 2000     a script of its own, with its own words
 *
 * Nothing fails for being slow: `ok` says whether the goal was met here and now.
 * All load stays on 127.0.0.0/8. The programs are those in dist/ (npm run build).
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { measureBlf } from './blf.ts';
import { measureCalls } from './calls.ts';
import { measureMemory } from './memory.ts';
import { measureParse } from './parse.ts';
import { measureRegistrar } from './registrar.ts';
import { heading, type Row, toJson, toText } from './row.ts';

type Measure = (say: (text: string) => void) => Promise<Row[]>;

const rows: Readonly<Record<string, Measure>> = {
  parse: measureParse,
  registrar: measureRegistrar,
  blf: measureBlf,
  calls: measureCalls,
  memory: measureMemory,
};

/** Without a peer of the same kind; they print for themselves. */
const scripts = ['store', 'tunnel', 'lists'];

const words = process.argv.slice(2).filter((word) => word !== '--json');
const isJson = process.argv.includes('--json');
const known = [...Object.keys(rows), ...scripts];
const isNamed = (word: string) => known.includes(word);
const unknown = words.find((word) => !isNamed(word) && !/^[0-9]+$/.test(word));

if (unknown !== undefined) {
  say(`bench: there is no row "${unknown}"; there are ${known.join(', ')}`);
  process.exitCode = 2;
} else {
  const named = words.filter(isNamed);
  if (!isJson) print(heading);
  for (const name of named.length > 0 ? named : Object.keys(rows)) await measure(name);
}

async function measure(name: string): Promise<void> {
  const row = rows[name];
  if (row === undefined) {
    await runScript(name);
    return;
  }
  for (const each of await row(say)) print(isJson ? toJson(each) : toText(each));
}

async function runScript(name: string): Promise<void> {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  if (!existsSync(file)) throw new Error(`${file} is not there`);
  const numbers = words.filter((word) => !isNamed(word));
  const args = ['--import', 'tsx', file, ...numbers];
  // Its lines are for people, so they stay off a standard output that a program reads.
  const child = spawn(process.execPath, args, { stdio: ['ignore', isJson ? 2 : 1, 2] });
  await once(child, 'exit');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

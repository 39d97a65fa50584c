/**
 * `hotdesk <noun> <verb> [id] [flags]`, and what a program learns of how it went:
 *
 *     exit 0   done
 *          1   refused; why is on standard error
 *          2   not understood: unknown noun, verb or flag, or one that is missing
 *          3   no controller answers
 */

import type { CAC } from 'cac';
import { readArgv, unknownWord } from '#protocol/argv.ts';
import { Fault } from '#protocol/fault.ts';
import { type Client, createClient } from './client.ts';
import { nouns } from './nouns.ts';
import { formatFields, formatTable } from './table.ts';
import { commonFlags, targetOf } from './target.ts';
import type { Call, Noun, Result, Verb } from './verb.ts';

export type Io = {
  env: Readonly<Record<string, string | undefined>>;
  stdin: AsyncIterable<Uint8Array | string>;
  out(text: string): void;
  err(text: string): void;
  /** Overwrites its own line; absent where standard error is no screen. */
  showProgress?: ((text: string) => void) | undefined;
};

export const exitCodes = { done: 0, refused: 1, notUnderstood: 2, unreachable: 3 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const maxLine = 1024;

/** Declares the nouns for help; `run` gets what stands after the noun, as it was typed. */
export function declareNouns(cli: CAC, run: (noun: string) => void): void {
  for (const [name, noun] of Object.entries(nouns)) {
    const command = cli.command(`${name} [...words]`, noun.about).allowUnknownOptions();
    command.usage(usageOf(name, noun).join('\n  $ hotdesk '));
    const flags = [...Object.values(noun.verbs).flatMap((verb) => verb.flags ?? []), ...commonFlags];
    for (const { name: flag, value, about } of new Map(flags.map((each) => [each.name, each])).values()) {
      command.option(value === undefined ? `--${flag}` : `--${flag} <${value}>`, about);
    }
    command.action(() => run(name));
  }
}

function usageOf(name: string, { verbs }: Noun): string[] {
  const lines = Object.entries(verbs).map(([verb, { args, about }]) => ({
    line: [name, verb, ...args].join(' '),
    about,
  }));
  const width = Math.max(...lines.map(({ line }) => line.length));
  return lines.map(({ line, about }) => `${line.padEnd(width)}  ${about}`);
}

export async function runNoun(name: string, argv: readonly string[], io: Io): Promise<ExitCode> {
  let client: Client | undefined;
  try {
    const { verb, args, flags } = readCommand(name, argv);
    const target = targetOf(flags, io.env);
    client = createClient(target);
    const result = await verb.run({
      args,
      flags,
      client,
      ...(target.type === 'socket' && { data: target.data }),
      readLine: () => firstLine(io.stdin),
      progress: progressOn(io),
    });
    print(result, flags.has('json'), io);
    if (result.type !== 'items' || result.refused === undefined) return exitCodes.done;
    io.err(`hotdesk: ${result.refused}`);
    return exitCodes.refused;
  } catch (error) {
    if (!Fault.is(error)) throw error;
    io.err(`hotdesk: ${error.message}`);
    if (error.facts.status !== undefined) return exitCodes.refused;
    return Fault.is(error, 'input.invalid') ? exitCodes.notUnderstood : exitCodes.unreachable;
  } finally {
    await client?.close();
  }
}

type Command = { verb: Verb; args: string[]; flags: ReadonlyMap<string, readonly string[]> };

function readCommand(name: string, argv: readonly string[]): Command {
  const noun = nouns[name];
  if (noun === undefined) throw unknownWord('command', name, Object.keys(nouns));
  const names = Object.keys(noun.verbs);
  const [first = ''] = argv;
  const isWord = first !== '' && !first.startsWith('-');
  // `backup FILE`: the usual verb goes without saying.
  const isSaid = isWord && (noun.usual === undefined || Object.hasOwn(noun.verbs, first));
  const word = isSaid ? first : noun.usual;
  if (word === undefined) throw misused(`${name} what? One of: ${names.join(', ')}`);
  const verb = Object.hasOwn(noun.verbs, word) ? noun.verbs[word] : undefined;
  if (verb === undefined) throw unknownWord(`verb of ${name}`, word, names);

  const { words: args, flags } = readArgv(isSaid ? argv.slice(1) : argv, [
    ...(verb.flags ?? []),
    ...commonFlags,
  ]);
  const absent = verb.args[args.length];
  if (absent !== undefined)
    throw misused(`${name} ${word} wants ${verb.args.join(' ')}; ${absent} is missing`);
  const spare = args[verb.args.length];
  if (spare !== undefined) throw misused(`${name} ${word}: what is "${spare}"?`);
  return { verb, args, flags };
}

function print(result: Result, asJson: boolean, { out, err }: Io): void {
  if (asJson) out(JSON.stringify(jsonOf(result)));
  else if (result.type === 'items') out(formatTable(result.items, result.columns));
  else if (result.type === 'item') out(formatFields(result.item));
  else if (result.type === 'text') {
    if (result.aside !== undefined) err(result.aside);
    out(result.text);
  }
}

function jsonOf(result: Result): object {
  switch (result.type) {
    case 'items':
      return result.json ?? { items: result.items };
    case 'item':
      return result.json ?? result.item;
    case 'text':
      return result.json;
    case 'done':
      return { ok: true };
  }
}

/** `[#####.....] 12 of 40`. */
function progressOn({ showProgress }: Io): Call['progress'] {
  if (showProgress === undefined) return undefined;
  const width = 30;
  return (done, of) => {
    const filled = of === 0 ? width : Math.floor((done / of) * width);
    showProgress(done >= of ? '' : `[${'#'.repeat(filled).padEnd(width, '.')}] ${done} of ${of}`);
  };
}

async function firstLine(stdin: Io['stdin']): Promise<string> {
  let text = '';
  for await (const chunk of stdin) {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    if (text.includes('\n') || text.length > maxLine) break;
  }
  return (text.split('\n')[0] ?? '').replace(/\r$/, '').slice(0, maxLine);
}

const misused = (message: string) => new Fault('input.invalid', message);

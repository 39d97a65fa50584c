/**
 * Flags, read from the raw arguments: cac turns `0042` into 42 and a MAC of
 * digits into a number, so it declares the flags and prints the help, and the
 * values are read here, as they were typed.
 *
 *     --name value   --name=value   --switch   word   -- word
 */

import { Fault } from './fault.ts';
import { nearest } from './nearest.ts';

export type FlagShape = { readonly name: string; readonly takesValue: boolean };
export type ReadArgv = { flags: Map<string, string[]>; words: string[] };

/** A switch reads as `true`. Throws `input.invalid` that names the nearest flag. */
export function readArgv(argv: readonly string[], shapes: readonly FlagShape[]): ReadArgv {
  const known = new Map(shapes.map((shape) => [`--${shape.name}`, shape]));
  const flags = new Map<string, string[]>();
  const words: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      words.push(...rest);
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      words.push(word);
      continue;
    }
    const { name, value } = readFlag(word, rest, known);
    flags.set(name, [...(flags.get(name) ?? []), value]);
  }
  return { flags, words };
}

/** Takes the value of `word` from `rest` when it has none of its own. */
function readFlag(word: string, rest: string[], known: ReadonlyMap<string, FlagShape>) {
  const [, flag = word, given] = /^(--?[^=]*)=(.*)$/s.exec(word) ?? [];
  const shape = known.get(flag);
  if (shape === undefined) throw unknownWord('flag', flag, known.keys());
  const { name, takesValue } = shape;
  if (!takesValue && given !== undefined) throw wrong(flag, `${flag} takes no value`);
  if (!takesValue) return { name, value: 'true' };

  // A token may begin with two hyphens, so only a flag we know is no value.
  const value = given ?? rest.shift();
  if (value === undefined || (given === undefined && known.has(value)))
    throw wrong(flag, `${flag} wants a value`);
  return { name, value };
}

export function unknownWord(noun: string, word: string, candidates: Iterable<string>): Fault {
  const near = nearest(word, candidates);
  return wrong(word, `unknown ${noun} "${word}"${near === undefined ? '' : `; did you mean "${near}"?`}`);
}

const wrong = (field: string, message: string) => new Fault('input.invalid', message, { field });

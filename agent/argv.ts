/**
 * Flags, read from the raw arguments: cac turns `0042` into 42 and a MAC of
 * digits into a number, so it declares the flags and prints the help, and the
 * values are read here, as they were typed.
 *
 *     --name value   --name=value   --switch   word   -- word
 */

import { Fault } from '#protocol/fault.ts';
import { nearest } from '#protocol/nearest.ts';

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
      words.push(...rest.splice(0));
    } else if (word.startsWith('-') && word !== '-') {
      const [name, value] = readFlag(word, rest, known);
      flags.set(name, [...(flags.get(name) ?? []), value]);
    } else {
      words.push(word);
    }
  }
  return { flags, words };
}

/** Takes the value out of `rest` where it is the next word. */
function readFlag(word: string, rest: string[], known: ReadonlyMap<string, FlagShape>): [string, string] {
  const equals = word.indexOf('=');
  const flag = equals < 0 ? word : word.slice(0, equals);
  const shape = known.get(flag);
  if (shape === undefined) throw unknownWord('flag', flag, known.keys());
  const given = equals < 0 ? undefined : word.slice(equals + 1);
  if (!shape.takesValue) {
    if (given !== undefined) throw wrong(flag, `${flag} takes no value`);
    return [shape.name, 'true'];
  }
  const value = given ?? rest.shift();
  // A token may begin with two hyphens, so only a flag that we know is no value.
  if (value === undefined || (given === undefined && known.has(value))) {
    throw wrong(flag, `${flag} wants a value`);
  }
  return [shape.name, value];
}

export function unknownWord(noun: string, word: string, candidates: Iterable<string>): Fault {
  const near = nearest(word, candidates);
  return wrong(word, `unknown ${noun} "${word}"${near === undefined ? '' : `; did you mean "${near}"?`}`);
}

const wrong = (field: string, message: string) => new Fault('input.invalid', message, { field });

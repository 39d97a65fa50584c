/** A file that a command names: text, as UTF-8. */

import { readFile } from 'node:fs/promises';
import { Fault } from '#protocol/fault.ts';

/** Throws `input.invalid` that names the argument or flag. */
export async function readTextFile(file: string, field: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('input.invalid', `${field}: cannot read ${file} (${why})`, { field }, { cause });
  }
}

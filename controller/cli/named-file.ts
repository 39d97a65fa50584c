/** A file that a command names: what goes wrong with it is told with the argument or flag that named it. */

import { readFile } from 'node:fs/promises';
import { Fault } from '#protocol/fault.ts';

/** Text, as UTF-8. Throws `input.invalid` that names `field`. */
export async function readTextFile(file: string, field: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    if (cause instanceof TypeError) {
      const why = 'is not UTF-8 text; a spreadsheet saves it as "CSV UTF-8"';
      throw new Fault('input.invalid', `${field}: ${file} ${why}`, { field }, { cause });
    }
    return cannot('read', file, field)(cause);
  }
}

/** For `catch`: throws `input.invalid` that names `field`. */
export const cannot =
  (what: 'read' | 'write', file = '', field = 'FILE') =>
  (cause: unknown): never => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('input.invalid', `${field}: cannot ${what} ${file} (${why})`, { field }, { cause });
  };

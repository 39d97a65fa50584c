/**
 * The master key: 256 random bits in a file of its own beside the store, from
 * which every other secret is derived. It is made with the store and never
 * after: a store whose key is gone is refused, for a new key would silently
 * lock out every phone, PIN and config URL there is.
 */

import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere } from '#controller/store/files.ts';
import { Fault } from '#protocol/fault.ts';

const name = 'master.key';
const form = /^[0-9a-f]{64}\n?$/;

/** `mayBegin`: there is no store yet that needs an older key. */
export async function openMasterKey(folder: string, mayBegin: boolean): Promise<Uint8Array> {
  const file = join(folder, name);
  const text = (await readIfThere(file))?.toString() ?? (mayBegin ? await begin(folder, file) : undefined);
  if (text === undefined) {
    throw new Fault('store.corrupt', `${file} is missing: bring it back from a backup`, { file });
  }
  if (!form.test(text)) throw new Fault('store.corrupt', `${file} is damaged: it is 64 hex digits`, { file });
  return Buffer.from(text.trim(), 'hex');
}

/** Linked into place whole: nobody ever reads half a key. */
async function begin(folder: string, file: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomBytes(8).toString('hex')}.tmp`;
  const text = `${randomBytes(32).toString('hex')}\n`;
  try {
    const handle = await open(temporary, 'w', 0o600);
    try {
      await handle.chmod(0o600);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(temporary, file);
  } catch (error) {
    // Another first start was quicker: its key is the key.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
  return readFile(file, 'utf8');
}

/** Files with keys and certificates in the data folder: whole or not at all, and readable by us alone. */

import { open, readFile, rename } from 'node:fs/promises';

export async function readOrMake(file: string, make: () => string | Promise<string>): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const content = await make();
  await keepFile(file, content);
  return content;
}

/** Written beside, synced, renamed. */
export async function keepFile(file: string, content: string): Promise<void> {
  const beside = `${file}.${process.pid}.new`;
  const handle = await open(beside, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
}

/**
 * The lock: one process has the store.
 *
 * It is the kernel's flock(2), so it ends with the process, however that dies,
 * and there is no stale lock to be judged by anybody. Node cannot call flock;
 * flock(1) locks a descriptor it inherits, and since a lock belongs to the
 * *open file*, it stays ours when that child has ended. The file itself is
 * never removed: two processes could then each lock a file of that name.
 *
 * Empty, the file says that the first start never came to its end; afterwards
 * it names the process, for the people who look.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#protocol/fault.ts';
import { fileMode } from './files.ts';

export const lockName = 'lock';

export type Lock = {
  /** A store was here before: an empty folder is then a loss, not a beginning. */
  readonly hadStore: boolean;
  /** Writes who we are, once there is a store to have. */
  sign(): Promise<void>;
  close(): Promise<void>;
};

/** Throws `store.locked` when another open file has the lock, be it in this process. */
export async function openLock(folder: string): Promise<Lock> {
  const file = join(folder, lockName);
  const handle = await open(file, 'a+', fileMode);
  try {
    await handle.chmod(fileMode);
    await flock(handle, file);
    const { size } = await handle.stat();
    return {
      hadStore: size > 0,
      async sign() {
        await handle.truncate(0);
        await handle.appendFile(`${process.pid}\n`);
        await handle.sync();
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function flock(handle: FileHandle, file: string): Promise<void> {
  const child = spawn('flock', ['-n', '-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', handle.fd] });
  let code: unknown;
  try {
    [code] = await once(child, 'exit');
  } catch (cause) {
    throw new Fault(
      'store.failed',
      `cannot run flock (util-linux), which guards ${file}`,
      { file },
      { cause },
    );
  }
  if (code === 0) return;
  const holder = (await readFile(file, 'utf8')).trim();
  const who = holder === '' ? 'another process' : `process ${holder}`;
  throw new Fault('store.locked', `${who} has the store: ${file} is locked`, { file });
}

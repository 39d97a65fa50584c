/**
 * Files that survive a power cut: what every file of the store goes through.
 *
 * A rename without the syncs around it is atomic but not durable: after a cut
 * the name may be gone, or be there with nothing behind it. So: write beside,
 * sync the file, rename, sync the folder. Modes are set on the open file,
 * since what open() asks for is cut by whatever umask the process was given.
 */

import { chmod, type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

export type OpenFile = (file: string, flags: string, mode?: number) => Promise<FileHandle>;

export const fileMode = 0o600;
const folderMode = 0o700;

export const temporaryOf = (file: string) => `${file}.tmp`;

/**
 * Puts what `write` writes in the place of `file` and answers it, still open.
 * When it throws, `file` is as it was and nothing is left beside it. The new
 * name is durable after `syncFolder`, which is the caller's: what a failure
 * means then is another matter.
 */
export async function replaceFile(
  file: string,
  write: (handle: FileHandle) => Promise<void>,
  openFile: OpenFile = open,
): Promise<FileHandle> {
  const temporary = temporaryOf(file);
  let handle: FileHandle | undefined;
  try {
    handle = await openFile(temporary, 'w', fileMode);
    await handle.chmod(fileMode);
    await write(handle);
    await handle.sync();
    await rename(temporary, file);
    return handle;
  } catch (error) {
    await handle?.close();
    // On a full disk the half-written file is space that somebody needs.
    await rm(temporary, { force: true });
    throw error;
  }
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes `folder` and its name durable, and closes it to everybody else. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: folderMode });
  await chmod(folder, folderMode);
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** All of `bytes` at `position`: one write may take fewer, on a disk that is nearly full. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

/** Undefined: there is no such file. */
export async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

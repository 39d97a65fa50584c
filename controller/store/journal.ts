/**
 * The journal: every commit since a snapshot, in order. A record is what one
 * fdatasync made durable: a header first, then batches of commits.
 *
 *      0               4               8               12
 *     +---------------+---------------+---------------+----------------
 *     |  "HDJ1"       |  length (u32) |  CRC-32 (u32) |  JSON, length bytes
 *     +---------------+---------------+---------------+----------------
 *
 *     {"version":1,"generation":7,"first":1204}
 *     {"record":1204,"entries":[{"sequence":4712,"changes":[["put","sites",{…}],["delete","users","100"]]}]}
 *
 * The checksum covers the length too. A record is written only after the one
 * before it is durable, so a bad record with nothing behind it was torn by the
 * crash and was never acknowledged; a bad record with a good one anywhere
 * behind it is damage, and then nothing of the file is believed.
 */

import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { Fault } from '#protocol/fault.ts';
import { fileMode, type OpenFile, replaceFile, syncFolder, writeAll } from './files.ts';

const version = 1;
const magic = Buffer.from('HDJ1');
const headBytes = 12;

export type StoredChange =
  | readonly [type: 'put', collection: string, document: object]
  | readonly [type: 'delete', collection: string, id: string];
export type Entry = { readonly sequence: number; readonly changes: readonly StoredChange[] };
export type Batch = { readonly record: number; readonly entries: readonly Entry[] };
type Header = { version: number; generation: number; first: number };

export type JournalText = {
  generation: number;
  /** Number of the first batch: one more than the last of the journal before. */
  first: number;
  batches: Batch[];
  /** Where the good records end. */
  end: number;
  /** Bytes behind it: a record that a crash tore. */
  tornBytes: number;
};

export function encodeRecord(value: Header | Batch): Buffer {
  const body = Buffer.from(JSON.stringify(value));
  const bytes = Buffer.allocUnsafe(headBytes + body.length);
  magic.copy(bytes);
  bytes.writeUInt32BE(body.length, 4);
  body.copy(bytes, headBytes);
  bytes.writeUInt32BE(checksum(bytes, headBytes + body.length), 8);
  return bytes;
}

/** Throws `store.corrupt` naming the file. */
export async function readJournal(file: string): Promise<JournalText> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause;
    throw new Fault('store.corrupt', `${file} is missing`, { file }, { cause });
  });
  const headerEnd = recordEnd(bytes, 0);
  // A journal gets its name when its header is durable, so it is never without one.
  if (headerEnd === undefined) throw damaged(file, bytes.length === 0 ? 'is empty' : 'has no header');
  const header = parseRecord<Header>(bytes, 0, headerEnd);
  if (header.version !== version) {
    const message = `${file} is of version ${header.version}, this hotdesk reads version ${version}`;
    throw new Fault('version.mismatch', message, { file });
  }

  const batches: Batch[] = [];
  let at = headerEnd;
  for (let end = recordEnd(bytes, at); end !== undefined; end = recordEnd(bytes, at)) {
    const batch = parseRecord<Batch>(bytes, at, end);
    if (batch.record !== header.first + batches.length) throw damaged(file, 'lacks a record');
    batches.push(batch);
    at = end;
  }
  if (hasRecordAfter(bytes, at)) throw damaged(file, `is damaged at byte ${at}`);
  return {
    generation: header.generation,
    first: header.first,
    batches,
    end: at,
    tornBytes: bytes.length - at,
  };
}

/** Where the record at `at` ends; undefined when there is no whole and right one. */
function recordEnd(bytes: Buffer, at: number): number | undefined {
  if (bytes.length - at < headBytes || bytes.compare(magic, 0, 4, at, at + 4) !== 0) return undefined;
  const end = at + headBytes + bytes.readUInt32BE(at + 4);
  if (end > bytes.length) return undefined;
  return checksum(bytes.subarray(at, end), end - at) === bytes.readUInt32BE(at + 8) ? end : undefined;
}

function hasRecordAfter(bytes: Buffer, at: number): boolean {
  for (let next = bytes.indexOf(magic, at + 1); next >= 0; next = bytes.indexOf(magic, next + 1)) {
    if (recordEnd(bytes, next) !== undefined) return true;
  }
  return false;
}

const checksum = (record: Buffer, end: number) =>
  crc32(record.subarray(headBytes, end), crc32(record.subarray(4, 8)));

const parseRecord = <T>(bytes: Buffer, at: number, end: number): T =>
  JSON.parse(bytes.toString('utf8', at + headBytes, end)) as T;

const damaged = (file: string, what: string) => new Fault('store.corrupt', `${file} ${what}`, { file });

export type JournalOptions = { file: string; openFile?: OpenFile };

/** A journal that is written to. Not for two writers at once: the store's queue is the one. */
export class Journal {
  readonly file: string;
  readonly #handle: FileHandle;
  #size: number;

  constructor(file: string, handle: FileHandle, size: number) {
    this.file = file;
    this.#handle = handle;
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Durable when it resolves. When it throws, the record is not in the file,
   * with one exception: `poisoned`, when nobody can tell any more what is.
   * After a failed fsync the kernel may forget the dirty pages, and a second
   * fsync would succeed without them.
   */
  async append(record: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#handle, record, this.#size);
    } catch (cause) {
      await this.#takeBack();
      throw new Fault('store.failed', 'the journal cannot be written', { file: this.file }, { cause });
    }
    try {
      await this.#handle.datasync();
    } catch (cause) {
      throw poisoned(this.file, cause);
    }
    this.#size += record.length;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** Half a record in the middle of the file would be damage once another follows it. */
  async #takeBack(): Promise<void> {
    try {
      await this.#handle.truncate(this.#size);
    } catch (cause) {
      throw poisoned(this.file, cause);
    }
  }
}

/** A new journal; `first` is the number its first batch will have. */
export async function createJournal(
  { file, openFile = open }: JournalOptions,
  { generation, first }: { generation: number; first: number },
): Promise<Journal> {
  const header = encodeRecord({ version, generation, first });
  const handle = await replaceFile(file, (handle) => handle.writeFile(header), openFile);
  try {
    await syncFolder(dirname(file));
  } catch (cause) {
    // The name is there and may stay: what was written to the journal before it would contradict it.
    await handle.close();
    throw poisoned(file, cause);
  }
  return new Journal(file, handle, header.length);
}

/** An existing journal, from the end of its good records on. */
export async function continueJournal(
  { file, openFile = open }: JournalOptions,
  { end, tornBytes }: { end: number; tornBytes: number },
): Promise<Journal> {
  const handle = await openFile(file, 'r+', fileMode);
  try {
    await handle.chmod(fileMode);
    if (tornBytes > 0) await handle.truncate(end);
    // Also what a process that was killed had written and not yet synced: from here on it counts as kept.
    await handle.sync();
  } catch (error) {
    await handle.close();
    throw error;
  }
  return new Journal(file, handle, end);
}

const poisoned = (file: string, cause: unknown) =>
  new Fault('store.failed', 'the disk failed; open the store anew', { file, poisoned: true }, { cause });

/**
 * The audit log as it is written: appended, never changed. What waits is written
 * and synced together, and only then acknowledged.
 *
 *     append ── waiting ── one write, fdatasync ── acknowledged
 *
 * A file over `maxBytes` is followed by the next, whose first line continues the
 * chain; of `maxFiles` the oldest goes. When the disk refuses, those lines are
 * not acknowledged, the file is cut back to where it was good, and the next
 * append tries again. A line that a crash tore was never acknowledged: it is cut
 * off when the log is opened, and the log says so.
 */

import { type FileHandle, open, rm } from 'node:fs/promises';
import { fileMode, makeFolder, type OpenFile, syncFolder, writeAll } from '#controller/store/files.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { type AuditFacts, follow, type Head, headBehind, link, noHead } from './chain.ts';
import {
  type AuditPage,
  type AuditQuery,
  auditFile,
  firstOf,
  listAuditFiles,
  readAudit,
  readLines,
  type Verdict,
  verify,
} from './files.ts';

export interface AuditLog {
  /** On disk when it resolves. Throws `store.failed`. */
  append(facts: AuditFacts): Promise<void>;
  /** The newest first. */
  read(query: AuditQuery): Promise<AuditPage>;
  verify(known?: Head): Promise<Verdict>;
  close(): Promise<void>;
}

export type AuditOptions = {
  /** Its own; made if missing, 0700. */
  folder: string;
  clock: Clock;
  log: Record<'warn' | 'error', (facts: object, message: string) => void>;
  maxBytes?: number;
  maxFiles?: number;
  /** Where a test puts its broken disk. */
  openFile?: OpenFile;
};

/** More than are written in a moment: the disk has stopped. */
const maxWaiting = 10_000;

type Waiting = { facts: AuditFacts; at: number; resolve(): void; reject(error: unknown): void };

export async function openAudit(options: AuditOptions): Promise<AuditLog> {
  const { folder, log, openFile = open } = options;
  await makeFolder(folder);
  const last = (await listAuditFiles(folder)).at(-1);
  if (last === undefined) return new FileLog(options, noHead, undefined, 0);

  const { lines, end, tornBytes } = await readLines(last);
  const previous = lines.at(-1) ?? (await lineBefore(folder, last)) ?? '';
  const followed = previous === '' ? noHead : follow(undefined, previous);
  const head =
    typeof followed === 'string' ? headBehind(previous, firstOf(last) + lines.length - 1) : followed;
  const handle = await openFile(last, 'r+', fileMode);
  await handle.truncate(end);
  const audit = new FileLog(options, head, handle, end);
  if (typeof followed === 'string') {
    log.error({ file: last, line: lines.length }, `the audit log’s last line ${followed}`);
  }
  if (tornBytes > 0) {
    log.warn({ file: last, bytes: tornBytes }, 'dropped a line of the audit log that was never finished');
    await audit.append({ who: 'system', what: 'audit.torn', details: { bytes: tornBytes } });
  }
  return audit;
}

/** A file that was begun and never written continues the one before. */
async function lineBefore(folder: string, file: string): Promise<string | undefined> {
  const files = await listAuditFiles(folder);
  const before = files[files.indexOf(file) - 1];
  return before === undefined ? undefined : (await readLines(before)).lines.at(-1);
}

class FileLog implements AuditLog {
  readonly #options: Required<Pick<AuditOptions, 'maxBytes' | 'maxFiles' | 'openFile'>> & AuditOptions;
  #head: Head;
  #handle: FileHandle | undefined;
  #bytes: number;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: AuditOptions, head: Head, handle: FileHandle | undefined, bytes: number) {
    this.#options = { maxBytes: 4 << 20, maxFiles: 256, openFile: open, ...options };
    this.#head = head;
    this.#handle = handle;
    this.#bytes = bytes;
  }

  append(facts: AuditFacts): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Fault('unavailable', 'the controller is stopping'));
    if (this.#waiting.length >= maxWaiting) {
      return Promise.reject(new Fault('store.failed', 'the audit log cannot be written fast enough'));
    }
    const at = this.#options.clock.wall();
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ facts, at, resolve, reject });
    });
    this.#writing ??= this.#write();
    return done;
  }

  read(query: AuditQuery): Promise<AuditPage> {
    return readAudit(this.#options.folder, query);
  }

  verify(known?: Head): Promise<Verdict> {
    return verify(this.#options.folder, known);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #write(): Promise<void> {
    await Promise.resolve(); // what is appended in the same turn goes along
    while (this.#waiting.length > 0) {
      const together = this.#waiting.splice(0);
      try {
        await this.#save(together);
        for (const { resolve } of together) resolve();
      } catch (cause) {
        const { folder, log } = this.#options;
        log.error({ err: cause, folder }, 'cannot write the audit log');
        const fault = new Fault(
          'store.failed',
          'the audit log cannot be written',
          { file: folder },
          { cause },
        );
        for (const { reject } of together) reject(fault);
      }
    }
    this.#writing = undefined; // in the same turn as the look at who waits
  }

  async #save(together: readonly Waiting[]): Promise<void> {
    if (this.#bytes >= this.#options.maxBytes) {
      await this.#handle?.close();
      this.#handle = undefined;
    }
    this.#handle ??= await this.#begin();
    const handle = this.#handle;
    let head = this.#head;
    let text = '';
    for (const { facts, at } of together) {
      const linked = link(head, at, facts);
      head = linked.head;
      text += `${linked.line}\n`;
    }
    const bytes = Buffer.from(text);
    try {
      await writeAll(handle, bytes, this.#bytes);
      await handle.datasync();
    } catch (error) {
      await handle.truncate(this.#bytes).catch(() => {}); // as broken as the write was; the next one writes over it
      throw error;
    }
    this.#head = head;
    this.#bytes += bytes.length;
  }

  async #begin(): Promise<FileHandle> {
    const { folder, openFile, maxFiles } = this.#options;
    const handle = await openFile(auditFile(folder, this.#head.sequence + 1), 'w', fileMode);
    await handle.chmod(fileMode);
    await syncFolder(folder);
    this.#bytes = 0;
    const files = await listAuditFiles(folder);
    for (const old of files.slice(0, Math.max(0, files.length - maxFiles))) await rm(old);
    return handle;
  }
}

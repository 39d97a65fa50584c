/**
 * The audit log's files: `audit-000000000001.jsonl` in the folder `audit`, each
 * named by its first line's number, so that their order is that of their names.
 */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#protocol/fault.ts';
import { type AuditEntry, follow, type Head, noHead, parseEntry } from './chain.ts';

const form = /^audit-(\d{12})\.jsonl$/;

export const auditFolder = (data: string) => join(data, 'audit');

export const auditFile = (folder: string, first: number) =>
  join(folder, `audit-${String(first).padStart(12, '0')}.jsonl`);

/** Paths, the oldest first; none when there is no folder. */
export async function listAuditFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => form.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Whole lines, and the bytes behind the last of them. */
export async function readLines(file: string): Promise<{ lines: string[]; end: number; tornBytes: number }> {
  const bytes = await readFile(file);
  const end = bytes.lastIndexOf(0x0a) + 1;
  const text = bytes.toString('utf8', 0, end);
  return { lines: text.split('\n').slice(0, -1), end, tornBytes: bytes.length - end };
}

export type Verdict = {
  ok: boolean;
  /** Lines that fit, one after the other. */
  entries: number;
  /** The first that is still there; earlier files may have been removed, as the oldest are. */
  first: number;
  head: Head;
  /** The first line that does not fit; `line` counts from 1 in its file. */
  wrong?: { file: string; line: number; why: string };
};

/**
 * Of all files, in order. `known`: a head that was noted earlier, which must
 * still be in the chain. That shows lines cut off the end, which no chain can.
 */
export async function verify(folder: string, known?: Head): Promise<Verdict> {
  const files = await listAuditFiles(folder);
  let head: Head | undefined = firstOf(files[0]) === 1 ? noHead : undefined;
  let entries = 0;
  let isKnown = known === undefined || known.sequence === 0;
  for (const [index, file] of files.entries()) {
    const { lines, tornBytes } = await readLines(file);
    for (const [at, line] of lines.entries()) {
      const next = follow(head, line);
      if (typeof next === 'string') return verdict({ file, line: at + 1, why: next });
      entries++;
      head = next;
      isKnown ||= next.sequence === known?.sequence && next.hash === known.hash;
    }
    // At the very end it is a line that is being written, or that a crash tore.
    if (tornBytes > 0 && index < files.length - 1) {
      return verdict({ file, line: lines.length + 1, why: 'is cut short' });
    }
  }
  if (!isKnown) {
    const file = files.at(-1) ?? folder;
    return verdict({ file, line: 0, why: `the line ${known?.sequence} that was noted earlier is not there` });
  }
  return verdict();

  function verdict(wrong?: Verdict['wrong']): Verdict {
    const { sequence, hash } = head ?? noHead;
    const first = sequence - entries + (entries === 0 ? 0 : 1);
    return { ok: wrong === undefined, entries, first, head: { sequence, hash }, ...(wrong && { wrong }) };
  }
}

/** The number in its name. */
export const firstOf = (file: string | undefined) => Number(/(\d{12})\.jsonl$/.exec(file ?? '')?.[1] ?? 1);

export type AuditQuery = {
  /** At most so many, the newest first. */
  limit: number;
  /** Only lines before this number. */
  before?: number | undefined;
  who?: string | undefined;
  /** Part of it. */
  what?: string | undefined;
  /** Part of who, from where, what, to what, or of the name of what was changed. */
  q?: string | undefined;
  /** Milliseconds since the epoch, the first included and the last not. */
  since?: number | undefined;
  until?: number | undefined;
};

/** `next`: where to go on; the page may be short, or empty, before the end. */
export type AuditPage = { items: AuditEntry[]; next?: number };

/** What one question may read. */
const maxFilesRead = 16;

export async function readAudit(folder: string, query: AuditQuery): Promise<AuditPage> {
  const { limit, before = Number.MAX_SAFE_INTEGER, since = 0 } = query;
  const files = (await listAuditFiles(folder)).filter((file) => firstOf(file) < before).reverse();
  const items: AuditEntry[] = [];
  for (const [index, file] of files.entries()) {
    if (index === maxFilesRead) return { items, next: firstOf(files[index - 1]) };
    for (const entry of await entriesOf(file)) {
      if (Date.parse(entry.at) < since) return { items };
      if (!isWanted(entry, before, query)) continue;
      if (items.length === limit) return { items, next: items.at(-1)?.sequence ?? 0 };
      items.push(entry);
    }
  }
  return { items };
}

/** The last first. A line that is none is left out: `verify` tells of it. */
async function entriesOf(file: string): Promise<AuditEntry[]> {
  const { lines } = await readLines(file);
  return lines.reverse().flatMap((line) => parseEntry(line) ?? []);
}

function isWanted(entry: AuditEntry, before: number, { who, what, q, until }: AuditQuery): boolean {
  if (entry.sequence >= before) return false;
  if (who !== undefined && entry.who !== who) return false;
  if (what !== undefined && !has(entry.what, what)) return false;
  if (q !== undefined && !wordsOf(entry).some((word) => has(word, q))) return false;
  return until === undefined || Date.parse(entry.at) < until;
}

const has = (text: string, part: string) => text.toLowerCase().includes(part.toLowerCase());

function wordsOf({ who, from = '', what, details = {}, changes = [] }: AuditEntry): string[] {
  const changed = changes.flatMap(({ collection, id }) => [collection, id]);
  return [who, from, what, ...Object.values(details).map(String), ...changed];
}

/** `SEQUENCE:HASH`, as `audit verify` prints it. Throws `input.invalid`. */
export function parseHead(text: string): Head {
  const [, number, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (hash === undefined) throw new Fault('input.invalid', 'head: is not NUMBER:HASH', { field: 'head' });
  return { sequence: Number(number), hash };
}

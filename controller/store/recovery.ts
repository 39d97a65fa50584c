/**
 * Recovery: from the files of a store to what was in it.
 *
 *     snapshot-00000007.db    the whole store when journal 7 began
 *     journal-00000007.log    every commit from then until journal 8 began
 *
 * The newest good snapshot, and every journal since. A damaged snapshot costs
 * nothing as long as an older one and all journals from it on are there: the
 * journals' record numbers must run on without a gap. A damaged or missing
 * journal cannot be made up for, so the store refuses and names the file. It
 * never begins anew where something was: only a folder that is empty, or where
 * a first start never came to its end, is new.
 */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#protocol/fault.ts';
import { type Draft, fromStored, Tables } from './documents.ts';
import { type JournalText, readJournal, type StoredChange } from './journal.ts';
import { lockName } from './lock.ts';
import { readSnapshot, type Snapshot } from './snapshot.ts';

const namePattern = /^(snapshot|journal)-(\d{8})\.(?:db|log)$/;

export const snapshotFile = (folder: string, generation: number) =>
  join(folder, `snapshot-${String(generation).padStart(8, '0')}.db`);
export const journalFile = (folder: string, generation: number) =>
  join(folder, `journal-${String(generation).padStart(8, '0')}.log`);

export type Generations = { snapshots: number[]; journals: number[]; others: string[] };

export type Recovered = {
  tables: Tables;
  /** The last record and the highest revision found. */
  record: number;
  sequence: number;
  /** Generation of the snapshot that was good. */
  snapshot: number;
  /** The newest journal: the one to go on with. */
  journal: JournalText;
  /** Snapshots that were not good, newest first. */
  damaged: Fault[];
};

/** Generations by kind, oldest first. */
export async function listGenerations(folder: string): Promise<Generations> {
  const found: Generations = { snapshots: [], journals: [], others: [] };
  for (const name of (await readdir(folder)).sort()) {
    const match = namePattern.exec(name);
    if (match !== null) found[match[1] === 'snapshot' ? 'snapshots' : 'journals'].push(Number(match[2]));
    else if (name !== lockName) found.others.push(name);
  }
  return found;
}

/** Nothing was ever acknowledged here. `hadStore` is what the lock file says. */
export async function isNew(folder: string, hadStore: boolean): Promise<boolean> {
  const { snapshots, journals, others } = await listGenerations(folder);
  if (hadStore || snapshots.length > 0 || others.some((name) => !name.endsWith('.tmp'))) return false;
  if (journals.length === 0) return true;
  return journals.length === 1 && (await readJournal(journalFile(folder, 1))).batches.length === 0;
}

/** Throws `store.corrupt` naming the file; `version.mismatch`. */
export async function recover(folder: string): Promise<Recovered> {
  const { snapshots, journals } = await listGenerations(folder);
  const newest = Math.max(0, ...snapshots, ...journals);
  const damaged: Fault[] = [];
  for (const generation of snapshots.toReversed()) {
    const snapshot = await readSnapshot(snapshotFile(folder, generation)).catch((error: unknown) => {
      if (!Fault.is(error, 'store.corrupt')) throw error;
      damaged.push(error);
      return undefined;
    });
    if (snapshot !== undefined) {
      return { ...(await replay(folder, generation, newest, snapshot)), snapshot: generation, damaged };
    }
  }
  if (damaged[0] !== undefined) {
    const { message, facts } = damaged[0];
    throw new Fault('store.corrupt', `no snapshot of the store is good: ${message}`, facts, {
      cause: damaged[0],
    });
  }
  throw new Fault('store.corrupt', `${folder} has no snapshot, and is not new`, { file: folder });
}

async function replay(folder: string, oldest: number, newest: number, snapshot: Snapshot) {
  const tables = tablesOf(snapshotFile(folder, oldest), snapshot);
  let { record, sequence } = snapshot;
  let journal: JournalText | undefined;
  let file = snapshotFile(folder, oldest);
  for (let generation = oldest; generation <= newest; generation++) {
    const before = file;
    file = journalFile(folder, generation);
    journal = await readJournal(file);
    if (journal.generation !== generation || journal.first !== record + 1) {
      // What is missing was acknowledged: a journal begins only when the one before is durable to its end.
      const message = `${before} ends before ${file} begins: records are missing`;
      throw new Fault('store.corrupt', message, { file: before });
    }
    for (const entry of journal.batches.flatMap(({ entries }) => entries)) {
      for (const change of entry.changes) tables.apply(known(file, change, entry.sequence));
      sequence = Math.max(sequence, entry.sequence);
    }
    record += journal.batches.length;
  }
  if (journal === undefined) throw new Fault('store.corrupt', `${folder} has no journal`, { file: folder });
  return { tables, record, sequence, journal };
}

function tablesOf(file: string, { documents }: Snapshot): Tables {
  const tables = new Tables();
  for (const [collection, document] of documents) {
    tables.apply(known(file, ['put', collection, document], document.revision));
  }
  return tables;
}

function known(file: string, change: StoredChange, revision: number): Draft {
  try {
    return fromStored(change, revision);
  } catch (cause) {
    const facts = { file, ...(Fault.is(cause) ? cause.facts : {}) };
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('store.corrupt', `${file}: ${why}`, facts, { cause });
  }
}

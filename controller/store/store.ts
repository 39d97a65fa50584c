/**
 * The embedded store: truth, on the disk of one machine.
 *
 *     commit ── draft ── journal append, fdatasync ── swap in memory ── watchers ── resolved
 *                │        (all that waits, in one record)
 *                └ compare-and-set against what is kept *and* what is on its way
 *
 * Nothing else changes what is kept, but `note`: that is readable at once, and
 * goes to disk with the next record or a moment later.
 *
 * When the disk refuses a record (full, say), every commit on its way is
 * rejected, memory stays as it was, and the next commit tries again. When an
 * fsync fails nobody knows what is on the disk: from then on nothing is
 * acknowledged any more until the store is closed and opened again, which
 * reads and checks all of it. Reads go on all the while.
 *
 * A journal over `compactBytes` is followed by the next generation: a new
 * journal at once, its snapshot beside the traffic. `generations` good
 * snapshots are kept, with every journal since the oldest.
 */

import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CollectionName, Documents } from '#controller/model/model.ts';
import type { Change, Kept, Store } from '#controller/model/ports.ts';
import { type Clock, systemClock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import type { Tables } from './documents.ts';
import { makeFolder, type OpenFile, syncFolder } from './files.ts';
import { continueJournal, createJournal, type Journal } from './journal.ts';
import { type Lock, openLock } from './lock.ts';
import { isNew, journalFile, listGenerations, type Recovered, recover, snapshotFile } from './recovery.ts';
import { writeSnapshot } from './snapshot.ts';
import { Writer } from './writer.ts';

type LogLine = (facts: object, message: string) => void;
export type StoreLog = { info: LogLine; warn: LogLine; error: LogLine };

export type StoreOptions = {
  /** The store's own; made if missing, 0700. */
  folder: string;
  log: StoreLog;
  clock?: Clock;
  /** Reads what is there, takes no lock, changes nothing on disk; commits are refused. */
  readOnly?: boolean;
  compactBytes?: number;
  generations?: number;
  /** How the files that are written are opened: where a test puts its broken disk. */
  openFile?: OpenFile;
};

export type WatchedStore = Store & {
  /** Why it cannot be written now. */
  readonly problem?: string | undefined;
};

/** Throws `store.locked`, `store.corrupt`, `version.mismatch` and `store.failed`, each naming the file. */
export async function openStore(options: StoreOptions): Promise<WatchedStore> {
  const { folder, readOnly = false } = options;
  if (readOnly) return readOnlyStore((await recover(folder)).tables);
  try {
    await makeFolder(folder);
    const lock = await openLock(folder);
    try {
      return await openLocked(options, lock);
    } catch (error) {
      await lock.close();
      throw error;
    }
  } catch (cause) {
    if (Fault.is(cause)) throw cause;
    throw new Fault('store.failed', `cannot open the store in ${folder}`, { file: folder }, { cause });
  }
}

async function openLocked(options: StoreOptions, lock: Lock): Promise<WatchedStore> {
  const { folder, log, openFile } = options;
  for (const name of (await listGenerations(folder)).others) {
    if (name.endsWith('.tmp')) await rm(join(folder, name));
  }
  const journalAt = (generation: number) => ({
    file: journalFile(folder, generation),
    ...(openFile === undefined ? {} : { openFile }),
  });
  if (await isNew(folder, lock.hadStore)) {
    log.info({ folder }, 'a new store begins');
    const journal = await createJournal(journalAt(1), { generation: 1, first: 1 });
    await journal.close();
    const empty = { generation: 1, record: 0, sequence: 0, documents: [] };
    await writeSnapshot(snapshotFile(folder, 1), empty, openFile);
  }

  const found = await recover(folder);
  if (found.journal.tornBytes > 0) {
    const { tornBytes } = found.journal;
    const file = journalFile(folder, found.journal.generation);
    log.warn({ file, records: 1, bytes: tornBytes }, 'dropped a record that was never finished');
  }
  const journal = await continueJournal(journalAt(found.journal.generation), found.journal);
  const store = new EmbeddedStore(options, lock, found, journal);
  try {
    await setAside(found.damaged, log);
    if (found.damaged.length > 0) await store.compact();
    await lock.sign();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

/** Keeps a damaged snapshot for whoever wants to know what happened, out of the way of the good ones. */
async function setAside(damaged: readonly Fault[], log: StoreLog): Promise<void> {
  for (const { message, facts } of damaged) {
    const file = String(facts.file);
    log.error(
      { file, keptAs: `${file}.damaged` },
      `${message}; went back to an older one and the journals since`,
    );
    await rename(file, `${file}.damaged`);
  }
}

class EmbeddedStore implements WatchedStore {
  readonly #options: Required<Pick<StoreOptions, 'folder' | 'log' | 'compactBytes' | 'generations'>> & {
    openFile?: OpenFile;
  };
  readonly #lock: Lock;
  readonly #tables: Tables;
  readonly #writer: Writer;
  #generation: number;
  #compactAt: number;
  /** Settles with what went wrong, if something did. */
  #snapshotting: Promise<unknown> | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    { folder, log, clock = systemClock, compactBytes = 4 << 20, generations = 3, openFile }: StoreOptions,
    lock: Lock,
    { tables, record, sequence, journal: { generation } }: Recovered,
    journal: Journal,
  ) {
    this.#options = {
      folder,
      log,
      compactBytes,
      generations,
      ...(openFile === undefined ? {} : { openFile }),
    };
    this.#lock = lock;
    this.#tables = tables;
    this.#generation = generation;
    this.#compactAt = compactBytes;
    const afterRecord = (bytes: number) => this.#maybeCompact(bytes);
    this.#writer = new Writer({ tables, journal, record, sequence, clock, log, afterRecord });
  }

  get problem(): string | undefined {
    return this.#writer.problem;
  }

  get<C extends CollectionName>(collection: C, id: string): Kept<Documents[C]> | undefined {
    return this.#tables.get(collection, id) as Kept<Documents[C]> | undefined;
  }

  list<C extends CollectionName>(collection: C): readonly Kept<Documents[C]>[] {
    return this.#tables.list(collection) as unknown as readonly Kept<Documents[C]>[];
  }

  commit(changes: readonly Change[]): Promise<void> {
    return this.#writer.commit(changes);
  }

  note(changes: readonly Change[]): void {
    this.#writer.note(changes);
  }

  watch(listener: Parameters<Store['watch']>[0]): () => void {
    return this.#writer.watch(listener);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#writer.close();
    await this.#snapshotting;
    await this.#lock.close();
  }

  /** Begins the next generation and waits for its snapshot. */
  async compact(): Promise<void> {
    await this.#beginGeneration();
    await this.#snapshotting;
  }

  async #maybeCompact(journalBytes: number): Promise<void> {
    if (journalBytes >= this.#compactAt && this.#snapshotting === undefined) await this.#beginGeneration();
  }

  /**
   * Between two records, or before the first one: what is in memory is what the
   * old journal ends with. Nothing is lost when the disk refuses: the older
   * snapshot and the journals since it hold the same.
   */
  async #beginGeneration(): Promise<void> {
    const { folder, log, openFile, compactBytes } = this.#options;
    const generation = this.#generation + 1;
    const { record, sequence } = this.#writer;
    const at = { file: journalFile(folder, generation), ...(openFile === undefined ? {} : { openFile }) };
    try {
      const old = this.#writer.useJournal(await createJournal(at, { generation, first: record + 1 }));
      await old.close();
    } catch (err) {
      if (Fault.is(err)) throw err;
      this.#compactAt += compactBytes;
      log.error({ err }, 'cannot begin a new journal');
      return;
    }
    this.#generation = generation;
    this.#compactAt = compactBytes;
    const snapshot = { generation, record, sequence, documents: this.#tables.lines() };
    this.#snapshotting = writeSnapshot(snapshotFile(folder, generation), snapshot, openFile)
      .then(() => this.#prune())
      .catch((err: unknown) => log.error({ err }, 'cannot write a snapshot'))
      .finally(() => {
        this.#snapshotting = undefined;
      });
  }

  async #prune(): Promise<void> {
    const { folder, generations } = this.#options;
    const { snapshots, journals } = await listGenerations(folder);
    const oldest = snapshots.at(-generations) ?? 0;
    for (const generation of snapshots) {
      if (generation < oldest) await rm(snapshotFile(folder, generation));
    }
    for (const generation of journals) {
      if (generation < oldest) await rm(journalFile(folder, generation));
    }
    await syncFolder(folder);
  }
}

function readOnlyStore(tables: Tables): Store {
  const refused = () => new Fault('store.failed', 'the store was opened to be read only');
  return {
    get: (collection, id) => tables.get(collection, id) as never,
    list: (collection) => tables.list(collection) as never,
    commit: () => Promise.reject(refused()),
    note() {
      throw refused();
    },
    watch: () => () => {},
    close: async () => {},
  };
}

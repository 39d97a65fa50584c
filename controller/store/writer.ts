/**
 * The writer: the one queue through which everything changes.
 *
 *     queue      commits that wait; all of them go into the next record
 *     ahead      key → what the newest commit on its way will make of a document
 *     unsaved    key → the newest note that is not on disk yet
 *     shadows    key → number of a note newer than a commit on its way: when
 *                that commit arrives it must not undo the note
 *
 * A commit is checked against `ahead` first, so of two commits that expect the
 * same revision the second fails at once, without a write. When a record
 * fails, all commits on their way fail with it: the later ones were drafted
 * on it. Notes stay, and are tried again.
 */

import type { Change, Changed, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { type AnyKept, type Commit, type Draft, keyOf, type Tables, toDraft, toEntry } from './documents.ts';
import { encodeRecord, type Journal } from './journal.ts';

const noteMs = 100;
const retryMs = 1_000;
const maxWaiting = 10_000;

type Waiting = Commit & { resolve(): void; reject(fault: Fault): void };
type Noted = { sequence: number; draft: Draft };
type Listener = Parameters<Store['watch']>[0];

export type WriterOptions = {
  tables: Tables;
  journal: Journal;
  /** Numbers of the last record and the last commit there was. */
  record: number;
  sequence: number;
  clock: Clock;
  log: { error(facts: object, message: string): void };
  /** Runs between two records. */
  afterRecord(journalBytes: number): Promise<void>;
};

export class Writer {
  readonly #tables: Tables;
  readonly #clock: Clock;
  readonly #log: WriterOptions['log'];
  readonly #afterRecord: WriterOptions['afterRecord'];
  readonly #listeners = new Set<Listener>();
  readonly #ahead = new Map<string, { sequence: number; after?: AnyKept }>();
  readonly #unsaved = new Map<string, Noted>();
  readonly #shadows = new Map<string, number>();
  #queue: Waiting[] = [];
  #journal: Journal;
  #record: number;
  #sequence: number;
  #running: Promise<void> | undefined;
  #cancelWake: (() => void) | undefined;
  #problem: string | undefined;
  #poison: Fault | undefined;
  #isClosed = false;

  constructor({ tables, journal, record, sequence, clock, log, afterRecord }: WriterOptions) {
    this.#tables = tables;
    this.#journal = journal;
    this.#record = record;
    this.#sequence = sequence;
    this.#clock = clock;
    this.#log = log;
    this.#afterRecord = afterRecord;
  }

  get record(): number {
    return this.#record;
  }

  /** Why the last write failed; undefined once one was done. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** Answers the one in use so far, for its owner to close. */
  useJournal(journal: Journal): Journal {
    const old = this.#journal;
    this.#journal = journal;
    return old;
  }

  watch(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async commit(changes: readonly Change[]): Promise<void> {
    this.#checkOpen();
    if (this.#poison !== undefined) throw again(this.#poison);
    if (this.#queue.length >= maxWaiting) {
      throw new Fault('limit.reached', 'too many commits wait for the disk');
    }
    const sequence = this.#sequence + 1;
    const drafts = this.#draft(changes, sequence);
    if (drafts.length === 0) return;
    this.#sequence = sequence;
    for (const draft of drafts) this.#ahead.set(keyOf(draft), { sequence, ...withAfter(draft.after) });
    await new Promise<void>((resolve, reject) => {
      this.#queue.push({ sequence, drafts, resolve, reject });
      this.#wake();
    });
  }

  note(changes: readonly Change[]): void {
    this.#checkOpen();
    const sequence = this.#sequence + 1;
    const drafts = this.#draft(changes, sequence);
    this.#sequence = sequence;
    for (const draft of drafts) {
      const key = keyOf(draft);
      if (this.#ahead.delete(key)) this.#shadows.set(key, sequence);
      this.#unsaved.set(key, { sequence, draft });
    }
    this.#swap(drafts);
    if (this.#poison === undefined) this.#wakeAfter(noteMs);
  }

  /** Ends when everything that waits is on disk, or has been refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelWake?.();
    if (this.#unsaved.size > 0 && this.#poison === undefined) this.#wake();
    await this.#running;
    if (this.#unsaved.size > 0) {
      this.#log.error({ notes: this.#unsaved.size }, 'closed with notes that are not on disk');
    }
    await this.#journal.close();
  }

  /** Later changes of one commit see the earlier ones. */
  #draft(changes: readonly Change[], sequence: number): Draft[] {
    const mine = new Map<string, Draft>();
    for (const change of changes) {
      const draft = toDraft(change, sequence);
      const key = keyOf(draft);
      const there = mine.get(key) ?? this.#ahead.get(key);
      const before = there === undefined ? this.#tables.get(draft.collection, draft.id) : there.after;
      checkExpected(change, draft, before);
      mine.set(key, draft);
    }
    return [...mine.values()];
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new Fault('store.failed', 'the store is closed');
  }

  #wakeAfter(ms: number): void {
    this.#cancelWake ??= this.#clock.after(ms, () => {
      this.#cancelWake = undefined;
      this.#wake();
    });
  }

  #wake(): void {
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // Whatever this turn of the event loop still commits shares the first record.
    await new Promise((go) => setImmediate(go));
    while (this.#queue.length > 0 || this.#unsaved.size > 0) {
      if (!(await this.#writeRecord())) break;
    }
    // In the same breath as the last look at the queue: what comes now must wake anew.
    this.#running = undefined;
  }

  /** False when it failed. */
  async #writeRecord(): Promise<boolean> {
    const commits = this.#queue;
    const notes = [...this.#unsaved];
    this.#queue = [];
    this.#unsaved.clear();
    try {
      await this.#save(commits, notes);
    } catch (cause) {
      this.#fail(cause, commits, notes);
      return false;
    }
    this.#problem = undefined;
    for (const commit of commits) this.#arrive(commit);
    if (this.#queue.length === 0) this.#shadows.clear();
    try {
      await this.#afterRecord(this.#journal.size);
    } catch (cause) {
      this.#fail(cause, [], []);
      return false;
    }
    return true;
  }

  async #save(commits: readonly Waiting[], notes: readonly [string, Noted][]): Promise<void> {
    const noted = notes.map(([, { sequence, draft }]) => ({ sequence, drafts: [draft] }));
    const entries = [...commits, ...noted].sort((a, b) => a.sequence - b.sequence).map(toEntry);
    await this.#journal.append(encodeRecord({ record: this.#record + 1, entries }));
    this.#record++;
  }

  #arrive({ sequence, drafts, resolve }: Waiting): void {
    for (const draft of drafts) {
      const key = keyOf(draft);
      if (this.#ahead.get(key)?.sequence === sequence) this.#ahead.delete(key);
    }
    this.#swap(drafts.filter((draft) => !((this.#shadows.get(keyOf(draft)) ?? 0) > sequence)));
    resolve();
  }

  #fail(cause: unknown, commits: readonly Waiting[], notes: readonly [string, Noted][]): void {
    const fault = Fault.is(cause)
      ? cause
      : new Fault('store.failed', 'the store cannot be written', {}, { cause: cause as Error });
    this.#problem = fault.message;
    this.#log.error({ err: fault, commits: commits.length + this.#queue.length }, 'commits are not saved');
    for (const [key, noted] of notes) {
      if (!this.#unsaved.has(key)) this.#unsaved.set(key, noted);
    }
    const waiting = [...commits, ...this.#queue];
    this.#queue = [];
    this.#ahead.clear();
    this.#shadows.clear();
    if (fault.facts.poisoned === true) this.#poison = fault;
    else if (this.#unsaved.size > 0 && !this.#isClosed) this.#wakeAfter(retryMs);
    for (const { reject } of waiting) reject(again(fault));
  }

  #swap(drafts: readonly Draft[]): void {
    const changed: Changed[] = [];
    for (const draft of drafts) {
      const change = this.#tables.apply(draft);
      if (change !== undefined) changed.push(change);
    }
    if (changed.length === 0) return;
    for (const listener of this.#listeners) {
      try {
        listener(changed);
      } catch (err) {
        // The commit stands, whatever somebody who was told of it does.
        this.#log.error({ err }, 'a watcher of the store failed');
      }
    }
  }
}

function checkExpected(change: Change, { collection, id }: Draft, before: AnyKept | undefined): void {
  const { expect } = change;
  if (expect === undefined) return;
  if (expect === 'absent' ? before === undefined : before?.revision === expect) return;
  const why =
    before === undefined ? 'does not exist' : expect === 'absent' ? 'exists already' : 'has changed';
  throw new Fault('conflict', `${collection} ${id} ${why}`, { collection, id });
}

const withAfter = (after: AnyKept | undefined) => (after === undefined ? {} : { after });

/** A fault of one's own for each caller: its stack then tells who asked. */
const again = ({ code, message, facts, cause }: Fault) => new Fault(code, message, facts, { cause });

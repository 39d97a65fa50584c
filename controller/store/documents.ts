/**
 * Documents in memory: the tables that reads come from, and the way a change
 * takes into them. What is in a table has been through its schema and is frozen.
 */

import { type CollectionName, collections, type Documents as DocumentOf } from '#controller/model/model.ts';
import type { Change, Changed, Kept } from '#controller/model/ports.ts';
import { Fault } from '#protocol/fault.ts';
import type { Entry, StoredChange } from './journal.ts';
import type { SnapshotLine } from './snapshot.ts';

export type AnyKept = Kept<DocumentOf[CollectionName]>;

/** A change that has been checked. Without `after` it is a deletion. */
export type Draft = { readonly collection: CollectionName; readonly id: string; readonly after?: AnyKept };

/** A commit on its way, with the number that becomes the revision of what it puts. */
export type Commit = { readonly sequence: number; readonly drafts: readonly Draft[] };

export const keyOf = ({ collection, id }: { collection: CollectionName; id: string }) =>
  `${collection} ${id}`;

/** Throws `input.invalid` naming field and document. */
export function toDraft(change: Change, sequence: number): Draft {
  const { collection } = change;
  if (change.type === 'delete') return { collection, id: change.id };
  const after = keep(collection, change.value, sequence);
  return { collection, id: idOf(collection, after), after };
}

export function toEntry({ sequence, drafts }: Commit): Entry {
  return { sequence, changes: drafts.map(toStored) };
}

/** Throws a plain Error for what no schema knows; ./recovery.ts knows the file. */
export function fromStored(change: StoredChange, sequence: number): Draft {
  const [type, collection, value] = change;
  if (!isCollection(collection)) throw new Error(`no collection "${collection}"`);
  if (type === 'delete') return { collection, id: value };
  const after = keep(collection, value, sequence);
  return { collection, id: idOf(collection, after), after };
}

export class Tables {
  readonly #tables = new Map<CollectionName, Map<string, AnyKept>>();
  /** What `list` answered last; most lists are asked far oftener than they change. */
  readonly #lists = new Map<CollectionName, readonly AnyKept[]>();

  constructor() {
    for (const name of Object.keys(collections) as CollectionName[]) this.#tables.set(name, new Map());
  }

  get(collection: CollectionName, id: string): AnyKept | undefined {
    return this.#tables.get(collection)?.get(id);
  }

  list(collection: CollectionName): readonly AnyKept[] {
    const known = this.#lists.get(collection);
    if (known !== undefined) return known;
    const list = Object.freeze([...(this.#tables.get(collection)?.values() ?? [])]);
    this.#lists.set(collection, list);
    return list;
  }

  /** Undefined when there was nothing to delete. */
  apply({ collection, id, after }: Draft): Changed | undefined {
    const table = this.#tables.get(collection);
    const before = table?.get(id);
    if (after === undefined && before === undefined) return undefined;
    if (after === undefined) table?.delete(id);
    else table?.set(id, after);
    this.#lists.delete(collection);
    return {
      collection,
      id,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    };
  }

  /** Everything at this moment, cheap enough for the hot path: the documents themselves never change. */
  lines(): SnapshotLine[] {
    const lines: SnapshotLine[] = [];
    for (const [collection, table] of this.#tables) {
      for (const document of table.values()) lines.push([collection, document]);
    }
    return lines;
  }
}

function toStored({ collection, id, after }: Draft): StoredChange {
  if (after === undefined) return ['delete', collection, id];
  return ['put', collection, after];
}

function keep(collection: CollectionName, value: object, revision: number): AnyKept {
  // A caller changes a document by spreading the one it read, and that one has a revision.
  const { revision: _, ...plain } = value as { revision?: number };
  const result = collections[collection].schema.safeParse(plain);
  if (!result.success) {
    const [issue] = result.error.issues;
    const field = issue?.path.join('.') ?? '';
    const id = String((plain as Record<string, unknown>)[collections[collection].id]);
    const message = `${collection} ${id}: ${field === '' ? '' : `${field}: `}${issue?.message}`;
    throw new Fault('input.invalid', message, { field, collection, id });
  }
  // Set, not spread: spread, each document gets a hidden class of its own, and every read of it is a hundred times as slow.
  const document = result.data as AnyKept & { revision: number };
  document.revision = revision;
  return freezeDeep(document);
}

const idOf = (collection: CollectionName, document: AnyKept): string =>
  (document as unknown as Record<string, string>)[collections[collection].id] ?? '';

const isCollection = (name: string): name is CollectionName => Object.hasOwn(collections, name);

function freezeDeep<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const part of Object.values(value)) freezeDeep(part);
    Object.freeze(value);
  }
  return value;
}

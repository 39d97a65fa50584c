/**
 * A store in memory with the contract of controller/model/ports.ts: frozen
 * documents, revisions, compare-and-set, all changes of a commit or none.
 * A commit is readable a moment later, never at once, as with a disk.
 */

import { type CollectionName, collections, type Documents } from '#controller/model/model.ts';
import type { Change, Changed, Kept, Store } from '#controller/model/ports.ts';
import { Fault } from '#protocol/fault.ts';

type Any = Kept<Documents[CollectionName]>;

export type MemoryStore = Store & {
  /** While set, `commit` fails with it and changes nothing. */
  failWith: Fault | undefined;
};

export function createMemoryStore(initial: readonly Change[] = []): MemoryStore {
  const kept = new Map<CollectionName, Map<string, Any>>();
  const listeners = new Set<(changes: readonly Changed[]) => void>();
  let revision = 0;

  const rows = (collection: CollectionName) => {
    const found = kept.get(collection) ?? new Map<string, Any>();
    kept.set(collection, found);
    return found;
  };

  function apply(changes: readonly Change[]): void {
    const prepared = changes.map((change) => prepare(change, rows(change.collection)));
    for (const { collection, id, after } of prepared) {
      if (after === undefined) rows(collection).delete(id);
      else rows(collection).set(id, Object.freeze({ ...after, revision: ++revision }));
    }
    const told = prepared.map(({ collection, id, before }) => {
      const after = rows(collection).get(id);
      return { collection, id, ...(before && { before }), ...(after && { after }) };
    });
    for (const listener of listeners) listener(told);
  }

  const store: MemoryStore = {
    failWith: undefined,
    get: <C extends CollectionName>(collection: C, id: string) =>
      rows(collection).get(id) as Kept<Documents[C]> | undefined,
    list: <C extends CollectionName>(collection: C) =>
      [...rows(collection).values()] as unknown as readonly Kept<Documents[C]>[],
    async commit(changes) {
      await Promise.resolve();
      if (store.failWith !== undefined) throw store.failWith;
      apply(changes);
    },
    note: apply,
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => listeners.clear(),
  };
  apply(initial);
  return store;
}

type Prepared = {
  collection: CollectionName;
  id: string;
  before: Any | undefined;
  after?: Documents[CollectionName];
};

function prepare(change: Change, rows: ReadonlyMap<string, Any>): Prepared {
  const { collection } = change;
  const { schema, id: idField } = collections[collection];
  const id = change.type === 'put' ? String(Reflect.get(change.value, idField)) : change.id;
  const before = rows.get(id);
  const wanted = change.expect === 'absent' ? undefined : (change.expect ?? before?.revision);
  if (wanted !== before?.revision)
    throw new Fault('conflict', `${collection} ${id} has changed`, { collection, id });
  if (change.type === 'delete') return { collection, id, before };
  const { revision: _, ...value } = change.value as Any;
  const read = schema.safeParse(value);
  if (read.success) return { collection, id, before, after: read.data };
  const issue = read.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new Fault('input.invalid', `${collection} ${id}: ${field}: ${issue?.message}`, { field });
}

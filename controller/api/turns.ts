/**
 * One after the other: what a rule has looked at must still be so when it is
 * committed. Two devices with one MAC, or a user with the number of a code, are
 * different documents, and no compare-and-set would see them meet.
 */

/** By store: the admin's socket and the network's port are two faces of one. */
const last = new WeakMap<object, Promise<unknown>>();
/** A store as one request sees it is a face too. */
const stores = new WeakMap<object, object>();

export function sharesTurns(view: object, store: object): void {
  stores.set(view, stores.get(store) ?? store);
}

/** `run` checks and commits; whatever waits for the caller is read before. */
export function inTurn<T>(view: object, run: () => Promise<T>): Promise<T> {
  const store = stores.get(view) ?? view;
  const turn = (last.get(store) ?? Promise.resolve()).then(run);
  last.set(
    store,
    turn.catch(() => {}), // its own caller is told
  );
  return turn;
}

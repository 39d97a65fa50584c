/** Who tells what happens need not know who listens. */

import type { Happening, Tell } from '#controller/model/happening.ts';

export type Happenings = { tell: Tell; watch(listener: Tell): () => void };

export function createHappenings(log: { error(facts: object, message: string): void }): Happenings {
  const listeners = new Set<Tell>();
  return {
    tell(happening: Happening) {
      for (const listener of listeners) {
        try {
          listener(happening);
        } catch (err) {
          // Who listens must not harm a login, or the other listeners.
          log.error({ err, type: happening.type }, 'a listener failed');
        }
      }
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

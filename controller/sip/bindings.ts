/**
 * Where each device is registered: the store's document, and over it what a
 * refresh changed since. A phone that refreshes every few seconds to hold a NAT
 * open says nothing new but a later end: the store hears of it once the end that
 * it knows is `slackMs` behind. All else it hears at once.
 *
 * After a crash a binding may so end `slackMs` early, which the phone's next
 * refresh mends.
 */

import type { Binding } from '#controller/model/model.ts';
import type { Kept, Store } from '#controller/model/ports.ts';
import { flowKey } from './peer.ts';

export type Bindings = {
  get(device: string): Kept<Binding> | undefined;
  put(binding: Binding): void;
};

export type BindingsOptions = { store: Pick<Store, 'get' | 'note'>; slackMs?: number };

export function createBindings({ store, slackMs = 10_000 }: BindingsOptions): Bindings {
  /** `of` is the document it stands over: with any other it counts for nothing. */
  const refreshed = new Map<string, { of: Kept<Binding>; now: Kept<Binding> }>();

  function isRefresh(kept: Kept<Binding>, binding: Binding): boolean {
    const laterMs = binding.expiresAt - kept.expiresAt;
    return (
      laterMs >= 0 &&
      laterMs < slackMs &&
      named.every((name) => kept[name] === binding[name]) &&
      flowKey(kept.flow) === flowKey(binding.flow)
    );
  }

  return {
    get(device) {
      const kept = store.get('bindings', device);
      const over = refreshed.get(device);
      return over !== undefined && over.of === kept ? over.now : kept;
    },
    put(binding) {
      const kept = store.get('bindings', binding.device);
      if (kept !== undefined && isRefresh(kept, binding)) {
        const { expiresAt, cseq } = binding;
        refreshed.set(binding.device, { of: kept, now: { ...kept, expiresAt, cseq } });
        return;
      }
      refreshed.delete(binding.device);
      const value = { ...binding };
      for (const name of named) value[name] = copied(binding[name]);
      store.note([{ type: 'put', collection: 'bindings', value }]);
    },
  };
}

/** A part of a text keeps all of it in memory; this is kept for long. */
const copied = (wire: string) => Buffer.from(wire, 'latin1').toString('latin1');

const named = ['aor', 'contact', 'callId', 'userAgent'] as const;

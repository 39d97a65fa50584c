/**
 * Writes down what happens at each desk: who came and went and why, when the
 * phone showed it, and when it came and went itself. A refresh of a registration,
 * or the same phone at another port, is nothing that happened.
 *
 * Noted and not committed: nobody waits for it, and a crash may cost a moment of it.
 */

import { type DeskEvent, maxDeskEvents } from '#controller/model/desk-events.ts';
import type { Happening } from '#controller/model/happening.ts';
import type { Binding } from '#controller/model/model.ts';
import type { Changed, Store } from '#controller/model/ports.ts';
import { formatHostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';

export type DeskHistoryOptions = {
  store: Pick<Store, 'get' | 'note' | 'watch'>;
  happenings: { watch(listener: (happening: Happening) => void): () => void };
  clock: Clock;
  log: { warn(facts: object, message: string): void };
};

export function createDeskHistory({ store, happenings, clock, log }: DeskHistoryOptions): { close(): void } {
  function add(device: string, event: Omit<DeskEvent, 'at'>): void {
    if (store.get('devices', device) === undefined) return;
    const before = store.get('deskEvents', device)?.events ?? [];
    const events = [...before, { at: clock.wall(), ...event }].slice(-maxDeskEvents);
    note({ type: 'put', collection: 'deskEvents', value: { device, events } });
  }

  function note(change: Parameters<Store['note']>[0][number]): void {
    try {
      store.note([change]);
    } catch (error) {
      if (!Fault.is(error)) throw error;
      log.warn({ err: error }, 'the history of a desk is not written');
    }
  }

  function happened(happening: Happening): void {
    if (happening.type === 'login' || happening.type === 'logout') {
      const { type, device, extension, how, reason } = happening;
      add(device, { type, extension, how, ...(reason !== undefined && { reason }) });
    } else if (happening.type === 'changeOver') {
      const { device, changeOver, isEdit } = happening;
      const { state, reason, ms } = changeOver;
      if (state === 'active' && !isEdit) add(device, { type: 'active', ms });
      if (state === 'stuck') add(device, { type: 'stuck', ms, ...(reason !== undefined && { reason }) });
    }
  }

  function changed({ collection, id, before, after }: Changed): void {
    if (collection === 'devices' && after === undefined && store.get('deskEvents', id) !== undefined) {
      note({ type: 'delete', collection: 'deskEvents', id });
    }
    if (collection !== 'bindings') return;
    const [old, now] = [before as Binding | undefined, after as Binding | undefined];
    if (now === undefined && old !== undefined) add(id, { type: 'unregistered', aor: old.aor });
    if (now === undefined || old?.aor === now.aor) return;
    add(id, { type: 'registered', aor: now.aor, address: formatHostPort(now.flow.remote) });
  }

  const stops = [happenings.watch(happened), store.watch((changes) => changes.forEach(changed))];
  return {
    close() {
      for (const stop of stops) stop();
    },
  };
}

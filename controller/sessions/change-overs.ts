/**
 * The change-overs of all devices: runs ./change-over.ts for each, keeps the
 * times, and writes down what a phone has proven (`confirmedGeneration`), so
 * that after a restart those that were under way go on.
 *
 * What was edited while nobody logged in or out (./edits.ts) is brought to the
 * phone the same way: same secret, same session, and times that count nowhere.
 *
 * A device that never registered is nobody's emergency: it waits, without a
 * limit, for its phone to be set up.
 */

import type { Tell } from '#controller/model/happening.ts';
import type { Device } from '#controller/model/model.ts';
import type {
  ChangeOver,
  ChangeOverState,
  ChangeOvers,
  ConfigEtag,
  Kept,
  Resync,
  Store,
} from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { begin, type Effect, type Event, reasonOf, type State, type Step, step } from './change-over.ts';
import { createTimesByModel } from './change-over-times.ts';
import { createEdits } from './edits.ts';

export type ChangeOversOptions = {
  store: Store;
  clock: Clock;
  log: Record<'info' | 'warn' | 'error', (facts: object, message: string) => void>;
  resync: Resync;
  configEtag: ConfigEtag;
  tell?: Tell;
};

type Run = {
  state: Exclude<State, { type: 'left' }>;
  startedAt: number;
  /** Milliseconds from the commit to each state it has been in. */
  readonly times: Partial<Record<ChangeOverState, number>>;
  /** Its commit was before this program's start: how long it takes cannot be told. */
  readonly isOld: boolean;
  readonly isEdit: boolean;
  cancelWait: () => void;
  cancelLimit: () => void;
};

export type RunningChangeOvers = ChangeOvers & {
  /** The device's session has just been committed. */
  begin(device: string, options: { isInCall: boolean }): void;
  /** An agent of the site is up: its phones can be asked. */
  reached(site: string): void;
  close(): void;
};

export function createChangeOvers(options: ChangeOversOptions): RunningChangeOvers {
  const { store, clock, log, resync, configEtag, tell: tellAll = () => {} } = options;
  const runs = new Map<string, Run>();
  const byModel = createTimesByModel();
  let isClosed = false;

  const edits = createEdits({
    ...{ store, clock, configEtag },
    isChanging: (device) => isUnproven(runs.get(device)),
    onEdited(device) {
      // Who was never set up is given it then.
      if (store.get('devices', device)?.confirmedGeneration === 0) return;
      start(device, { isInCall: false, isEdit: true });
      const run = runs.get(device);
      if (run !== undefined) tellOf(device, run);
    },
  });

  type Start = { isInCall: boolean; isOld?: boolean; isEdit?: boolean };

  function start(device: string, { isInCall, isOld = false, isEdit = false }: Start): void {
    stop(device);
    if (isClosed || store.get('devices', device) === undefined) return;
    const first = begin({ isInCall, isEdit });
    if (first.state.type === 'left') return;
    const run: Run = {
      state: first.state,
      startedAt: clock.now(),
      times: { pending: 0 },
      isOld,
      isEdit,
      cancelWait() {},
      cancelLimit() {},
    };
    runs.set(device, run);
    apply(device, run, first);
  }

  function stop(device: string): void {
    const run = runs.get(device);
    run?.cancelWait();
    run?.cancelLimit();
    runs.delete(device);
    edits.forget(device);
  }

  function tell(device: string, event: Event): void {
    const run = runs.get(device);
    if (run !== undefined) apply(device, run, step(run.state, event));
  }

  function apply(device: string, run: Run, { state, effects }: Step): void {
    if (state.type === 'left') {
      stop(device);
      edits.left(device);
      // For all that anybody waits for.
      tellAll({ type: 'changeOver', device, changeOver: { state: 'active', ms: 0 }, isEdit: true });
      return;
    }
    const isOther = state.type !== run.state.type;
    run.state = state;
    if (isOther) {
      const ms = clock.now() - run.startedAt;
      run.times[state.type] ??= ms;
      measure(device, run, ms);
      const facts = { device, state: state.type, ms, times: { ...run.times } };
      if (state.type === 'stuck') log.warn({ ...facts, reason: reasonOf(state, ms) }, 'change-over stuck');
      else log.info(facts, 'change-over');
      tellOf(device, run);
    }
    for (const effect of effects) perform(device, run, effect);
  }

  function tellOf(device: string, run: Run): void {
    const isEdit = run.isEdit && { isEdit: true as const };
    tellAll({ type: 'changeOver', device, changeOver: changeOverOf(run), ...isEdit });
  }

  function measure(id: string, { state, isOld, isEdit }: Run, ms: number): void {
    const device = store.get('devices', id);
    if (device === undefined || isOld || isEdit) return;
    if (state.type === 'active') byModel.took(device, ms);
    else if (state.type === 'stuck') byModel.stuck(device);
  }

  function changeOverOf(run: Run): ChangeOver {
    const ms = run.times.active ?? clock.now() - run.startedAt;
    const reason = reasonOf(run.state, ms);
    return { state: run.state.type, ms: Math.round(ms), ...(reason === undefined ? {} : { reason }) };
  }

  function perform(device: string, run: Run, effect: Effect): void {
    // An answer or timer of a change-over that another has replaced says nothing about the new one.
    const tellRun = (event: Event) => {
      if (runs.get(device) === run) tell(device, event);
    };
    switch (effect.type) {
      case 'ask':
        run.cancelWait();
        void ask(device).then((answer) => tellRun({ type: 'answer', answer }));
        return;
      case 'wait':
        run.cancelWait();
        run.cancelWait = clock.after(effect.ms, () => tellRun({ type: 'waited' }));
        return;
      case 'limit':
        run.cancelLimit();
        run.cancelLimit = clock.after(effect.ms, () => tellRun({ type: 'late' }));
        return;
      case 'rest':
        run.cancelWait();
        run.cancelLimit();
    }
  }

  async function ask(device: string): ReturnType<Resync> {
    try {
      return await resync(device);
    } catch (err) {
      log.error({ err, device }, 'cannot ask the phone to fetch its config');
      return 'no-answer';
    }
  }

  /** Not by a commit: the registrar must know of it before the phone's next request, not after a disk. */
  function confirm(device: Kept<Device>): void {
    const value = { ...device, confirmedGeneration: device.generation };
    try {
      store.note([{ type: 'put', collection: 'devices', value, expect: device.revision }]);
    } catch (error) {
      // The next generation is on its way to the disk already: then this one is nothing to remember.
      if (!Fault.is(error, 'conflict')) throw error;
    }
  }

  const stopWatching = store.watch((changes) => {
    for (const { collection, id, after } of changes) {
      if (collection === 'devices' && after === undefined) stop(id);
    }
  });

  for (const { id, generation, confirmedGeneration } of store.list('devices')) {
    if (confirmedGeneration > 0 && confirmedGeneration < generation)
      start(id, { isInCall: false, isOld: true });
  }

  return {
    begin: start,
    times: byModel.list,

    of(device): ChangeOver {
      const kept = store.get('devices', device);
      if (kept === undefined)
        throw new Fault('not.found', `no device ${device}`, { noun: 'device', id: device });
      const run = runs.get(device);
      if (run === undefined) {
        return kept.confirmedGeneration === kept.generation
          ? { state: 'active', ms: 0 }
          : { state: 'pending', reason: 'the phone has not been set up yet', ms: 0 };
      }
      return changeOverOf(run);
    },

    fetched(device, etag) {
      edits.fetched(device, etag);
      if (runs.has(device) && etag === configEtag(device)) tell(device, { type: 'fetched' });
    },

    registered(device, aor, generation) {
      const kept = store.get('devices', device);
      if (kept === undefined) return;
      const shown = store.get('sessions', device)?.extension ?? device;
      const isNew = generation === kept.generation && aor === shown;
      if (isNew && kept.confirmedGeneration !== generation) confirm(kept);
      tell(device, { type: 'registered', isNew });
      edits.registered(device);
    },

    callEnded: (device) => tell(device, { type: 'callEnded' }),
    reached: edits.reached,

    close() {
      isClosed = true;
      stopWatching();
      edits.close();
      for (const device of [...runs.keys()]) stop(device);
    },
  };
}

const isUnproven = (run: Run | undefined) => run !== undefined && run.state.type !== 'active';

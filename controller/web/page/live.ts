/**
 * What the page shows is what the server holds, without a reload: a list is
 * asked for once, and what changed in it is asked for again when the server
 * says that it changed. A session is shown with its device, too.
 */

import { useEffect, useState } from 'preact/hooks';
import { ask, askAll, type Problem, Refused, toProblem } from './api.ts';
import type {
  Agent,
  Call,
  Device,
  EmergencyCall,
  Session,
  Site,
  UnknownPhone,
  Upstream,
  User,
} from './shapes.ts';

export type Lists = {
  devices: Device;
  users: User;
  sessions: Session;
  sites: Site;
  agents: Agent;
  unknownPhones: UnknownPhone;
  upstreams: Upstream;
  calls: Call;
  emergencyCalls: EmergencyCall;
};
export type ListName = keyof Lists;

const lists: { [N in ListName]: { path: string; idOf(item: Lists[N]): string } } = {
  devices: { path: '/devices', idOf: ({ id }) => id },
  users: { path: '/users', idOf: ({ extension }) => extension },
  sessions: { path: '/sessions', idOf: ({ device }) => device },
  sites: { path: '/sites', idOf: ({ id }) => id },
  agents: { path: '/agents', idOf: ({ id }) => id },
  unknownPhones: { path: '/unknown-phones', idOf: ({ mac, site }) => `${mac}@${site}` },
  upstreams: { path: '/upstreams', idOf: ({ id }) => id },
  calls: { path: '/calls', idOf: ({ id }) => id },
  emergencyCalls: { path: '/emergency-calls', idOf: ({ id }) => id },
};

const alsoShownIn: Readonly<Record<string, readonly ListName[]>> = {
  sessions: ['sessions', 'devices'],
  'emergency-calls': ['emergencyCalls'],
};

/** The server does not answer one of them alone, or their order is the news. */
const onlyWhole: ReadonlySet<ListName> = new Set(['unknownPhones', 'emergencyCalls', 'calls']);

export type Loaded<T> = { items: readonly T[]; isLoaded: boolean; problem?: Problem };

/** What the server tells: one document changed, or so much that all is asked for again. */
export type ChangeSource = (listener: {
  onChange(collection: string, id: string): void;
  onReset(): void;
  onState(state: LiveState): void;
}) => () => void;

export type LiveState = 'connecting' | 'live' | 'lost';

/** More changes at once than this, and the whole list is asked for. */
const singly = 5;
const gatherMs = 100;
const openMs = 1_500;

export class Live {
  readonly #kept = new Map<ListName, Loaded<unknown>>();
  readonly #listeners = new Map<ListName, Set<() => void>>();
  readonly #changed = new Map<ListName, Set<string>>();
  readonly #stop: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  onState: (state: LiveState) => void = () => {};
  state: LiveState = 'connecting';
  /** What was asked for before the line was open may have changed unnoticed: so it is opened first. */
  readonly #opened: Promise<void>;

  constructor(source: ChangeSource) {
    let onOpen = () => {};
    let isLate = false;
    this.#opened = new Promise((resolve) => {
      const timer = setTimeout(() => {
        isLate = true;
        resolve();
      }, openMs);
      onOpen = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#stop = source({
      onChange: (collection, id) => this.#note(collection, id),
      onReset: () => this.#reset(),
      onState: (state) => {
        if (state === 'live') {
          onOpen();
          if (isLate) this.#reset();
          isLate = false;
        }
        this.state = state;
        this.onState(state);
      },
    });
  }

  get<N extends ListName>(name: N): Loaded<Lists[N]> {
    return (this.#kept.get(name) ?? { items: [], isLoaded: false }) as Loaded<Lists[N]>;
  }

  watch(name: ListName, listener: () => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    if (!this.#kept.has(name)) {
      this.#keep(name, { items: [], isLoaded: false });
      void this.#opened.then(() => this.load(name));
    }
    return () => void listeners.delete(listener);
  }

  async load(name: ListName): Promise<void> {
    this.#changed.delete(name);
    try {
      this.#keep(name, { items: await askAll(lists[name].path), isLoaded: true });
    } catch (error) {
      this.#keep(name, { ...this.get(name), problem: toProblem(error) });
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#stop();
  }

  #reset(): void {
    for (const name of this.#kept.keys()) void this.load(name);
  }

  #keep(name: ListName, loaded: Loaded<unknown>): void {
    this.#kept.set(name, loaded);
    for (const listener of this.#listeners.get(name) ?? []) listener();
  }

  #note(collection: string, id: string): void {
    const own = collection in lists ? [collection as ListName] : [];
    for (const name of alsoShownIn[collection] ?? own) {
      if (!this.#kept.has(name)) continue;
      const ids = this.#changed.get(name) ?? new Set();
      this.#changed.set(name, ids.add(id));
    }
    this.#timer ??= setTimeout(() => void this.#refresh(), gatherMs);
  }

  async #refresh(): Promise<void> {
    this.#timer = undefined;
    const changed = [...this.#changed];
    this.#changed.clear();
    await Promise.all(
      changed.map(async ([name, ids]) => {
        if (ids.size > singly || onlyWhole.has(name)) await this.load(name);
        else await Promise.all([...ids].map((id) => this.#one(name, id)));
      }),
    );
  }

  async #one(name: ListName, id: string): Promise<void> {
    const { path } = lists[name];
    const idOf = lists[name].idOf as (item: unknown) => string;
    try {
      const fresh = await ask('GET', `${path}/${encodeURIComponent(id)}`);
      const { items } = this.get(name) as Loaded<unknown>;
      const isKnown = items.some((item) => idOf(item) === id);
      const next = isKnown ? items.map((item) => (idOf(item) === id ? fresh : item)) : [...items, fresh];
      this.#keep(name, { items: next, isLoaded: true });
    } catch (error) {
      if (!(error instanceof Refused) || error.problem.status !== 404) return await this.load(name);
      const { items } = this.get(name) as Loaded<unknown>;
      this.#keep(name, { items: items.filter((item) => idOf(item) !== id), isLoaded: true });
    }
  }
}

/** A list as it is now; the component is drawn again when it changes. */
export function useList<N extends ListName>(live: Live, name: N): Loaded<Lists[N]> {
  const [, redraw] = useState({});
  useEffect(() => live.watch(name, () => redraw({})), [live, name]);
  return live.get(name);
}

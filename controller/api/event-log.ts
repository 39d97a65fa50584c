/**
 * What changed, in the order it did: the last of it is kept, so that who was away
 * for a moment is told what he missed. Numbers go on over a restart (they begin
 * at the time of day), so that a number of before is known as one that is gone.
 */

import { type Access, hasRole, type Who } from '#controller/api/access/who.ts';
import type { Happening } from '#controller/model/happening.ts';
import type { Binding, CollectionName, Device } from '#controller/model/model.ts';
import type { Changed, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';

/** `collection` and `id` are the path of what to ask for again. */
export type Change = { collection: string; id: string };

export type LoggedEvent = Change & {
  number: number;
  least: Access;
  /** Whose it is; none: everybody's who has the role. */
  sites: readonly string[];
  /** The user that it is about, who may know. */
  extension?: string;
};

export type EventLogOptions = {
  store: Pick<Store, 'get' | 'watch'>;
  happenings: { watch(listener: (happening: Happening) => void): () => void };
  clock: Clock;
  keep?: number;
};

export type EventLog = {
  /** After that number; undefined: some of it is gone. */
  since(number: number): readonly LoggedEvent[] | undefined;
  readonly last: number;
  watch(listener: (event: LoggedEvent) => void): () => void;
  close(): void;
};

/** Collections that a face shows: under which noun, and to whom. Others change and nobody is told. */
const shown: Readonly<Record<string, { noun: string; least: Access } | undefined>> = {
  sites: { noun: 'sites', least: 'readOnly' },
  agents: { noun: 'agents', least: 'readOnly' },
  devices: { noun: 'devices', least: 'readOnly' },
  users: { noun: 'users', least: 'readOnly' },
  sessions: { noun: 'sessions', least: 'readOnly' },
  upstreams: { noun: 'upstreams', least: 'readOnly' },
  emergencyCalls: { noun: 'emergency-calls', least: 'readOnly' },
  enrolTokens: { noun: 'enrol-tokens', least: 'siteAdmin' },
  apiTokens: { noun: 'tokens', least: 'admin' },
  accounts: { noun: 'accounts', least: 'admin' },
  webhooks: { noun: 'webhooks', least: 'admin' },
  policies: { noun: 'policies', least: 'readOnly' },
};

export function createEventLog({ store, happenings, clock, keep = 2_000 }: EventLogOptions): EventLog {
  const begin = Math.floor(clock.wall());
  const kept: LoggedEvent[] = [];
  const listeners = new Set<(event: LoggedEvent) => void>();
  let last = begin;

  function add(event: Omit<LoggedEvent, 'number'>): void {
    const logged = { ...event, number: ++last };
    kept.push(logged);
    if (kept.length > keep) kept.shift();
    for (const listener of listeners) listener(logged);
  }

  const siteOf = (device: string): string[] => {
    const found = store.get('devices', device);
    return found === undefined ? [] : [found.site];
  };

  function device(id: string): void {
    add({ collection: 'devices', id, least: 'readOnly', sites: siteOf(id) });
  }

  function changed(change: Changed): void {
    const { collection, id } = change;
    if (collection === 'bindings') {
      if (isNews(change)) device(id);
      return;
    }
    const face = shown[collection satisfies CollectionName];
    if (face === undefined || isOurOwn(change)) return;
    const { noun, least } = face;
    add({ collection: noun, id, least, sites: sitesOf(change, siteOf), ...userOf(change) });
  }

  const stops = [
    store.watch((changes) => changes.forEach(changed)),
    happenings.watch((happening) => {
      const { type } = happening;
      if (type === 'changeOver') device(happening.device);
      else if (type === 'agent') {
        const to = { least: 'readOnly', sites: [happening.site] } as const;
        add({ collection: 'agents', id: happening.agent, ...to });
        add({ collection: 'sites', id: happening.site, ...to }); // its problems: the way to its gateway
      } else if (type === 'call') {
        add({ collection: 'calls', id: happening.id, least: 'readOnly', sites: happening.sites });
      }
    }),
  ];

  return {
    get last() {
      return last;
    },
    since(number) {
      const oldest = kept[0]?.number ?? last + 1;
      if (number > last || number < oldest - 1) return undefined;
      return kept.slice(number - oldest + 1);
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      for (const stop of stops) stop();
      listeners.clear();
    },
  };
}

/** Whether he may know: by his role and site, or because it is about himself. */
export function concerns({ least, sites, extension }: LoggedEvent, who: Who): boolean {
  if (who.extension !== undefined && who.extension === extension) return true;
  if (!hasRole(who, least)) return false;
  return who.sites === undefined || sites.length === 0 || sites.some((site) => who.sites?.includes(site));
}

/** A refresh of a registration changes nothing that is shown. */
function isNews({ before, after }: Changed): boolean {
  const [old, now] = [before as Binding | undefined, after as Binding | undefined];
  if (old === undefined || now === undefined) return true;
  return old.aor !== now.aor || JSON.stringify(old.flow) !== JSON.stringify(now.flow);
}

/** That a phone has registered with its secret: the change-over tells of that. */
function isOurOwn({ collection, before, after }: Changed): boolean {
  if (collection !== 'devices' || before === undefined || after === undefined) return false;
  const rest = ({ confirmedGeneration: _, revision: __, ...device }: Device & { revision?: number }) =>
    JSON.stringify(device);
  return rest(before as Device) === rest(after as Device);
}

function sitesOf({ collection, id, before, after }: Changed, siteOf: (device: string) => string[]): string[] {
  if (collection === 'sites') return [id];
  if (collection === 'sessions') return siteOf(id);
  // Carried from one to another: both see it.
  const sites = [before, after].map((document) => (document as { site?: string } | undefined)?.site);
  return [...new Set(sites.filter((site) => site !== undefined))];
}

function userOf({ before, after }: Changed): { extension?: string } {
  const { extension } = (after ?? before ?? {}) as { extension?: string };
  return extension === undefined ? {} : { extension };
}

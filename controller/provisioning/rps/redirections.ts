/**
 * Keeps the vendors' redirection services as the store wants them:
 *
 *     devices, services ──→ what is wanted of each phone ──→ documents ──→ one request after another
 *
 *     a device is added, its service is automatic     registered
 *     its URL is another (its agent moved)            registered again
 *     it is removed, or is another phone now          removed
 *     an admin says so                                either, whatever is automatic
 *
 * A document is written before anything is asked, and says what became of it: a
 * restart goes on where it was. What may be better later is tried again after
 * a minute, then ever later, up to an hour; a refusal stands until an admin, the
 * device or the service's settings change. No URL is kept or logged: it opens a config.
 */

import { randomBytes } from 'node:crypto';
import type { Keys } from '#controller/keys.ts';
import type { Device } from '#controller/model/model.ts';
import type { Change, Changed, Kept, Store } from '#controller/model/ports.ts';
import type { Redirection, RedirectionService, RedirectionServiceId } from '#controller/model/redirection.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { kinds } from './kinds.ts';
import { masked, maskedRequest } from './masked.ts';
import { createSender, type Sender, type SenderOptions } from './send.ts';
import type { Account, LookUp, Request, Send, Service } from './service.ts';
import { again, fresh, hashOf, reconcile, redirectionId } from './wanted.ts';

export type RedirectionsOptions = {
  store: Store;
  keys: Pick<Keys, 'unseal'>;
  /** A device's folder; undefined while its agent is not known. */
  urlOf(device: string): string | undefined;
  clock: Clock;
  log: Record<'info' | 'warn' | 'error', (facts: object, message: string) => void>;
  random?: () => number;
  sending?: Partial<SenderOptions>;
};

export type Redirections = {
  readonly counters: Readonly<Record<'registered' | 'removed' | 'retried' | 'refused', number>>;
  /** Signs in at the service. Rejects with what it said. */
  check(id: RedirectionServiceId): Promise<void>;
  /** What would be sent for that device, with secrets masked; nothing is. */
  rehearse(id: RedirectionServiceId, device: Device, wanted: Redirection['wanted']): Promise<Request[]>;
  /** What the service has of it now. */
  lookUp(id: RedirectionServiceId, mac: string): Promise<LookUp>;
  /** Puts it into the queue. */
  want(id: RedirectionServiceId, device: Device, wanted: Redirection['wanted']): Promise<void>;
  close(): Promise<void>;
};

const lookMs = 300_000;
const firstRetryMs = 60_000;
const lastRetryMs = 3_600_000;
const atOnce = 200;
const followed: readonly string[] = ['devices', 'redirectionServices', 'redirections'];

export function createRedirections(options: RedirectionsOptions): Redirections {
  const { store, keys, urlOf, clock, log, random = Math.random, sending = {} } = options;
  const counters = { registered: 0, removed: 0, retried: 0, refused: 0 };
  const sender: Sender = createSender({ clock, random, ...sending });
  const opened = new Map<RedirectionServiceId, { revision: number; service: Service }>();
  let isClosed = false;
  let isDirty = true;
  let working: Promise<void> | undefined;
  let cancel = () => {};

  // --- services -----------------------------------------------------------------

  function settingsOf(id: RedirectionServiceId): Kept<RedirectionService> {
    const settings = store.get('redirectionServices', id);
    if (settings !== undefined) return settings;
    throw new Fault('not.found', `${kinds[id].title} is not set up`, { noun: 'redirection service', id });
  }

  function accountOf(settings: RedirectionService): Account {
    const { id, account: name, url = kinds[id].url, serverName } = settings;
    const secret = keys.unseal(sealedFor.redirection(id), settings.secret);
    if (secret !== undefined) return { name, secret, url, serverName };
    throw new Fault('forbidden', `${kinds[id].title}: its secret cannot be read any more; set it again`);
  }

  function urlFor(id: RedirectionServiceId, device: Device): string | undefined {
    const folder = urlOf(device.id);
    return folder && kinds[id].urlOf(folder, device.mac);
  }

  const open = (id: RedirectionServiceId, account: Account, send: Send): Service =>
    kinds[id].open({
      account,
      send,
      wall: () => clock.wall(),
      nonce: () => randomBytes(16).toString('hex'),
    });

  function serviceOf(id: RedirectionServiceId): Service {
    const settings = settingsOf(id);
    const known = opened.get(id);
    if (known?.revision === settings.revision) return known.service;
    const service = open(id, accountOf(settings), sender.send);
    opened.set(id, { revision: settings.revision, service });
    return service;
  }

  /** Whatever goes wrong is told as whose service said what of which phone, without our secrets. */
  async function asking<T>(
    id: RedirectionServiceId,
    mac: string | undefined,
    run: (service: Service) => Promise<T>,
  ): Promise<T> {
    const settings = settingsOf(id);
    const { secret } = accountOf(settings);
    try {
      return await run(serviceOf(id));
    } catch (cause) {
      const who = [kinds[id].title, mac && formatMac(mac)].filter((part) => part !== undefined).join(', ');
      if (!Fault.is(cause)) {
        // A URL that is none, an answer of a form nobody thought of: no reason to ask again at once.
        log.error({ err: cause, service: id }, 'redirection service failed');
        throw new Fault('unavailable', `${who}: what it answered was not understood`, {}, { cause });
      }
      throw new Fault(cause.code, `${who}: ${masked(cause.message, secret)}`, cause.facts);
    }
  }

  // --- the queue ------------------------------------------------------------------

  function next(): Kept<Redirection> | undefined {
    return store
      .list('redirections')
      .filter(({ state }) => state === 'waiting')
      .reduce<Kept<Redirection> | undefined>(
        (first, row) => (first === undefined || row.at < first.at ? row : first),
        undefined,
      );
  }

  function wake(): void {
    if (isClosed || working !== undefined) return;
    cancel();
    working = work()
      .catch((err: unknown) => {
        log.error({ err }, 'redirections failed');
        return firstRetryMs; // a disk that is full is full for a while
      })
      .then(sleep);
  }

  function sleep(waitMs: number): void {
    working = undefined;
    if (isClosed) return;
    cancel = clock.after(waitMs, () => {
      isDirty = true;
      wake();
    });
    if (isDirty) wake();
  }

  /** Until nothing is due; answers when to look again. */
  async function work(): Promise<number> {
    for (;;) {
      if (isDirty) await plan();
      const row = isClosed ? undefined : next();
      if (row === undefined) return lookMs;
      const waitMs = row.at - clock.wall();
      if (waitMs > 0) return Math.min(lookMs, waitMs);
      await settle(row);
    }
  }

  async function plan(): Promise<void> {
    isDirty = false;
    const changes = reconcile({ store, urlFor, now: clock.wall() });
    for (let at = 0; at < changes.length; at += atOnce) await save(changes.slice(at, at + atOnce));
  }

  /** Who changed it meanwhile is right: it is looked at again. */
  async function save(changes: readonly Change[]): Promise<void> {
    try {
      await store.commit(changes);
    } catch (error) {
      if (!Fault.is(error, 'conflict')) throw error;
      isDirty = true;
    }
  }

  async function settle({ revision, ...row }: Kept<Redirection>): Promise<void> {
    const outcome = await attempt(row).catch((error: unknown) => failed(row, error));
    if (isClosed) return;
    const { reason: _, ...rest } = row;
    const value = { ...rest, ...outcome };
    await save([{ type: 'put', collection: 'redirections', value, expect: revision }]);
  }

  type Outcome = Pick<Redirection, 'state' | 'tries' | 'at'> &
    Partial<Pick<Redirection, 'reason' | 'urlHash'>>;

  async function attempt({ service: id, mac, wanted }: Redirection): Promise<Outcome> {
    const done = { state: 'done', tries: 0 } as const;
    if (wanted === 'removed') {
      await asking(id, mac, (service) => service.remove(mac));
      counters.removed++;
      log.info({ service: id, mac }, 'phone removed from its redirection service');
      return { ...done, at: clock.wall() };
    }
    const device = store.list('devices').find((each) => each.mac === mac);
    const url = device && urlFor(id, device);
    if (url === undefined) {
      const reason = 'no agent of its site was ever up: where the phone finds its config is not known';
      return { state: 'waiting', reason, tries: 0, at: clock.wall() + firstRetryMs };
    }
    await asking(id, mac, (service) => service.register(mac, url));
    counters.registered++;
    log.info({ service: id, mac }, 'phone registered at its redirection service');
    return { ...done, at: clock.wall(), urlHash: hashOf(url) };
  }

  /** What is not to be there any more is asked for again even when it was refused: nobody is left to say so. */
  function failed({ service, mac, wanted, tries }: Redirection, error: unknown): Outcome {
    if (!Fault.is(error)) throw error;
    const reason = error.message.slice(0, 512);
    if (!isClosed) log.warn({ service, mac, reason, tries: tries + 1 }, 'redirection service');
    if (error.code !== 'unavailable') counters.refused++;
    if (error.code !== 'unavailable' && wanted === 'registered') {
      return { state: 'failed', reason, tries: tries + 1, at: clock.wall() };
    }
    counters.retried++;
    const limitMs = Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(tries, 10));
    const asked = Number(error.facts.retryAfterMs ?? 0);
    const waitMs = Math.max((0.5 + random() / 2) * limitMs, Math.min(asked, lastRetryMs));
    return { state: 'waiting', reason, tries: tries + 1, at: clock.wall() + waitMs };
  }

  /** New settings may be what a refused phone waited for. */
  function revive({ collection, id }: Changed): Change[] {
    if (collection !== 'redirectionServices') return [];
    return store
      .list('redirections')
      .filter((row) => row.service === id && row.state !== 'done')
      .map((row) => again(row, row.wanted, clock.wall()));
  }

  const unwatch = store.watch((changes) => {
    if (!changes.some(({ collection }) => followed.includes(collection))) return;
    isDirty = true;
    const revived = changes.flatMap(revive);
    if (revived.length > 0) void save(revived).catch((err: unknown) => log.error({ err }, 'not revived'));
    wake();
  });
  wake();

  return {
    counters,
    check: (id) => asking(id, undefined, (service) => service.check()),
    lookUp: (id, mac) => asking(id, mac, (service) => service.lookUp(mac)),

    async rehearse(id, device, wanted) {
      const account = accountOf(settingsOf(id));
      const { rehearse } = kinds[id];
      const asked: Request[] = [];
      const service = open(id, account, async (make) => {
        const request = make();
        asked.push(maskedRequest(request, account.secret));
        return rehearse(request);
      });
      if (wanted === 'removed') await service.remove(device.mac);
      else {
        const url = urlFor(id, device);
        if (url === undefined) throw new Fault('unavailable', `no agent of site ${device.site} was ever up`);
        await service.register(device.mac, url);
      }
      return asked;
    },

    async want(id, device, wanted) {
      settingsOf(id);
      if (!kinds[id].vendors.includes(device.vendor)) {
        const why = `service: ${kinds[id].title} knows no phones of ${device.vendor}`;
        throw new Fault('input.invalid', why, { field: 'service' });
      }
      const known = store.get('redirections', redirectionId(id, device.mac));
      const value: Redirection = {
        ...fresh(id, device.mac, clock.wall()),
        ...(known?.urlHash !== undefined && { urlHash: known.urlHash }),
        wanted,
        byAdmin: true,
      };
      await store.commit([
        { type: 'put', collection: 'redirections', value, expect: known?.revision ?? 'absent' },
      ]);
    },

    async close() {
      isClosed = true;
      cancel();
      unwatch();
      await sender.close();
      await working;
    },
  };
}

const formatMac = (mac: string) => mac.match(/../g)?.join(':');

/**
 * The notifier of RFC 6665: SUBSCRIBE in, NOTIFY out, for every event package of
 * ours. It knows subscriptions, their ends and their restarts; what is told, and
 * to whom, is the package's.
 *
 *     SUBSCRIBE ─ gate (digest) ─ subscribe ─ 200, then NOTIFY with the state as it is
 *     a change ── package ─ changed(event, resource) ─ one body, a NOTIFY to each who watches
 *     expiry, unsubscribe, logout, a key less ─ last NOTIFY: terminated
 *
 * A package for another event (message-summary, say) is one `EventPackage` in
 * the list that ./core.ts gives to `createNotifier`, and `changed` when its state
 * has changed: authentication, expiry, version, pace and storage are done here.
 *
 * A body is made once for all phones that reach us at the same address. Who may
 * watch is asked when he subscribes and before each NOTIFY: what changes in the
 * store holds from the next NOTIFY on, and ends the subscription at once.
 */

import type { Device, Flow, Subscription } from '#controller/model/model.ts';
import type { Changed, Flows, Kept, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { createRequest, type HeaderList, type SipMessage } from '#protocol/sip/message.ts';
import type { Transactions } from '#protocol/sip/transactions.ts';
import type { Counters } from './counters.ts';
import type { Directory } from './directory.ts';
import { dialledIn } from './gate.ts';
import { createNotifyQueue } from './notify-queue.ts';
import { hostFacing, type Peer, transportParam, viaFacing } from './peer.ts';
import { isRefused, readSubscribe, type Wish } from './subscribe-wish.ts';
import { createSubscriptions, type End, type Live } from './subscriptions.ts';
import type { Whereabouts } from './whereabouts.ts';

/** Who watches: a device and the user who sits at it. */
export type Watcher = { device: string; extension: string; site: string };

export type Denial = { status: 403 | 404; reason: string };

export type EventPackage = {
  /** Small letters, as in the Event header. */
  readonly event: string;
  readonly contentType: string;
  /** Undefined: he may. `resource` is the user part of what is subscribed to, unescaped. */
  denial(watcher: Watcher, resource: string): Denial | undefined;
  /**
   * The full state, for phones that know us as `host`. Asked once after each `changed`; what it answers is then
   * called for each NOTIFY with a number that rises by one within a subscription.
   */
  body(resource: string, host: string): (version: number) => Uint8Array;
  /** Who watches has, or may have, changed: their users, some more than once. */
  watched?(resource: string, watchers: () => Iterable<string>): void;
};

export type NotifierOptions = {
  packages: readonly EventPackage[];
  store: Store;
  flows: Pick<Flows, 'isUp'>;
  /** A phone that came by TCP may have come back over another connection. */
  whereabouts: Whereabouts;
  directory: Directory;
  transactions: Pick<Transactions<Peer>, 'request'>;
  clock: Clock;
  counters: Counters;
  tagFor(request: SipMessage): string;
  random: (bytes: number) => Uint8Array;
  maxSubscriptions?: number;
  /** Of one device: more than any phone has keys. */
  maxPerDevice?: number;
};

/** The answer to a SUBSCRIBE; its NOTIFY follows by itself. */
export type SubscribeAnswer = { status: number; reason?: string; headers?: HeaderList };

export type Notifier = {
  /** `request` is authenticated as the device's, and came over `flow`. */
  subscribe(request: SipMessage, from: { device: Kept<Device>; flow: Flow }): SubscribeAnswer;
  /** Everybody who watches is told. Cheap: what comes within a moment is told once. */
  changed(event: string, resource: string): void;
  /** The device has a subscription of its own to that event. */
  watches(device: string, event: string): boolean;
  readonly size: number;
  close(): void;
};

export function createNotifier({
  packages,
  store,
  flows,
  whereabouts,
  directory,
  transactions,
  clock,
  counters,
  tagFor,
  random,
  maxSubscriptions = 50_000,
  maxPerDevice = 256,
}: NotifierOptions): Notifier {
  const byEvent = new Map(packages.map((each) => [each.event, each]));
  const allowEvents = [...byEvent.keys()].join(', ');
  const subscriptions = createSubscriptions({ store, clock, onExpired: (live) => end(live, 'timeout') });
  const queue = createNotifyQueue({
    clock,
    flows,
    transactions,
    counters,
    peerOf: ({ kept }) =>
      whereabouts({
        peer: { type: 'flow', flow: kept.flow },
        device: kept.device,
        user: kept.extension,
      }).peer,
    build,
    onGone: remove,
  });
  const token = () => Buffer.from(random(9)).toString('base64url');

  // --- what is told --------------------------------------------------------------------

  /** `event resource` → host → its body. Only of what somebody watches, and only until it changes. */
  const bodies = new Map<string, Map<string, (version: number) => Uint8Array>>();

  function bodyOf({ event, resource, flow }: Subscription): (version: number) => Uint8Array {
    const key = `${event} ${resource}`;
    const host = hostFacing({ type: 'flow', flow });
    const hosts = bodies.get(key) ?? new Map<string, (version: number) => Uint8Array>();
    bodies.set(key, hosts);
    const made = hosts.get(host) ?? byEvent.get(event)?.body(resource, host) ?? (() => new Uint8Array(0));
    hosts.set(host, made);
    return made;
  }

  /** The queue has each subscription once, and a body is made when it is sent: so a burst of changes is one. */
  function changed(event: string, resource: string): void {
    bodies.delete(`${event} ${resource}`);
    for (const live of subscriptions.of(event, resource)) queue.ask(live);
  }

  function tellWatched({ event, resource }: Subscription): void {
    function* watchers() {
      for (const { kept, ending } of subscriptions.of(event, resource))
        if (ending === undefined) yield kept.extension;
    }
    byEvent.get(event)?.watched?.(resource, watchers);
  }

  function remove(live: Live): void {
    const { event, resource } = live.kept;
    subscriptions.delete(live);
    tellWatched(live.kept);
    if (!subscriptions.isWatched(event, resource)) bodies.delete(`${event} ${resource}`);
  }

  function build(live: Live): SipMessage | undefined {
    const { kept } = live;
    if (live.ending === undefined && denialOf(kept) !== undefined) live.ending = 'rejected';
    live.sequence++;
    // RFC 6665 4.1.3: without a body when the watcher has no right to it.
    const isTold = live.ending === undefined || (live.ending === 'timeout' && denialOf(kept) === undefined);
    const request = createRequest({
      method: 'NOTIFY',
      uri: kept.contact,
      headers: notifyHeaders(live, isTold),
      ...(isTold && { body: bodyOf(kept)(live.sequence - 1) }),
    });
    if (live.ending !== undefined) remove(live);
    return request;
  }

  function notifyHeaders({ kept, ending, sequence }: Live, isTold: boolean): HeaderList {
    const peer: Peer = { type: 'flow', flow: kept.flow };
    const left = Math.max(0, Math.ceil((kept.expiresAt - clock.wall()) / 1_000));
    const state = ending === undefined ? `active;expires=${left}` : `terminated;reason=${ending}`;
    const contentType = byEvent.get(kept.event)?.contentType;
    return [
      ['Via', viaFacing(peer, `z9hG4bK${token()}`)],
      ['Max-Forwards', '70'],
      ['From', `<${kept.local}>;tag=${kept.id}`],
      ['To', `<${kept.remote}>;tag=${kept.remoteTag}`],
      ['Call-ID', kept.callId],
      ['CSeq', `${sequence} NOTIFY`],
      ['Contact', contactFor(kept)],
      ['Event', kept.eventId === undefined ? kept.event : `${kept.event};id=${kept.eventId}`],
      ['Subscription-State', state],
      ...(isTold && contentType !== undefined ? [['Content-Type', contentType] as const] : []),
    ];
  }

  function end(live: Live, why: End): void {
    live.ending ??= why;
    live.cancelExpiry();
    queue.ask(live);
    tellWatched(live.kept);
  }

  // --- who may ---------------------------------------------------------------------------

  function denialOf({ device, extension, event, resource, flow }: Subscription): Denial | undefined {
    // Another user sits there now: what the last one watched is none of his business.
    if (store.get('sessions', device)?.extension !== extension) return { status: 403, reason: 'Logged out' };
    const watcher = { device, extension, site: flow.site };
    return byEvent.get(event)?.denial(watcher, resource) ?? undefined;
  }

  /** Whose right to watch a change of the store may have taken. */
  function affected({ collection, id, before, after }: Changed): readonly Live[] {
    if (collection === 'devices') return subscriptions.ofDevice(id);
    if (collection === 'sites') return subscriptions.all().filter(({ kept }) => kept.flow.site === id);
    if (collection === 'sessions') {
      const users = [before, after].map((each) => (each && 'extension' in each && each.extension) || '');
      return [...subscriptions.ofDevice(id), ...users.flatMap(subscriptions.ofResource)];
    }
    if (collection !== 'users') return [];
    return [...subscriptions.ofResource(id), ...directory.devicesOf(id).flatMap(subscriptions.ofDevice)];
  }

  const nameOf = (document: Changed['after']) => document && 'name' in document && document.name;

  function onChanged(change: Changed): void {
    for (const live of affected(change)) {
      if (live.ending === undefined && denialOf(live.kept) !== undefined) end(live, 'rejected');
    }
    if (change.collection !== 'users' || nameOf(change.before) === nameOf(change.after)) return;
    for (const event of byEvent.keys()) changed(event, change.id);
  }
  const unwatch = store.watch((changes) => changes.forEach(onChanged));

  // --- SUBSCRIBE ---------------------------------------------------------------------------

  function refuse({ status, ...more }: SubscribeAnswer): SubscribeAnswer {
    counters[status === 403 ? 'refusedWatch' : 'badSubscribe']++;
    return { status, ...more };
  }

  function begin(request: SipMessage, wish: Wish, device: Kept<Device>, flow: Flow): SubscribeAnswer {
    const extension = store.get('sessions', device.id)?.extension;
    if (extension === undefined) return refuse({ status: 403, reason: 'Log in first' });
    const resource = dialledIn(request, flow);
    const remoteTag = request.from.params.get('tag');
    if (resource === undefined) return refuse({ status: 404 });
    if (remoteTag === undefined) return refuse({ status: 400, reason: 'From has no tag' });
    const denial = byEvent
      .get(wish.event)
      ?.denial({ device: device.id, extension, site: flow.site }, resource);
    if (denial !== undefined) return refuse(denial);
    const isFull = subscriptions.size >= maxSubscriptions;
    if (isFull || subscriptions.ofDevice(device.id).length >= maxPerDevice) {
      counters.overloaded++;
      return { status: 503, reason: 'Too many subscriptions', headers: [['Retry-After', '60']] };
    }
    counters.subscribed++;
    const now = clock.wall();
    return accept(wish, {
      id: tagFor(request),
      device: device.id,
      extension,
      event: wish.event,
      ...(wish.eventId !== undefined && { eventId: wish.eventId }),
      resource,
      callId: request.callId,
      remoteTag,
      local: request.to.uri,
      remote: request.from.uri,
      contact: wish.contact,
      flow,
      cseq: request.cseq.number,
      sequence: 0,
      notedAt: now,
      expiresAt: now + wish.seconds * 1_000,
    });
  }

  function refresh(request: SipMessage, wish: Wish, live: Live, flow: Flow): SubscribeAnswer {
    const { kept } = live;
    // RFC 3261 12.2.2: what was overtaken on the way.
    if (request.cseq.number <= kept.cseq) return refuse({ status: 500, reason: 'CSeq out of order' });
    const denial = denialOf(kept);
    if (denial !== undefined) {
      end(live, 'rejected');
      return refuse(denial);
    }
    const now = clock.wall();
    return accept(wish, {
      ...kept,
      contact: wish.contact,
      flow,
      cseq: request.cseq.number,
      sequence: live.sequence,
      notedAt: now,
      expiresAt: now + wish.seconds * 1_000,
    });
  }

  function accept({ seconds }: Wish, kept: Subscription): SubscribeAnswer {
    const live = subscriptions.put(kept);
    if (seconds === 0) end(live, 'timeout');
    else queue.ask(live);
    tellWatched(kept);
    return {
      status: 200,
      headers: [
        ['Contact', contactFor(kept)],
        ['Expires', String(seconds)],
      ],
    };
  }

  function liveOf(request: SipMessage, device: string, event: string): Live | undefined {
    const live = subscriptions.get(request.to.params.get('tag') ?? '');
    if (live === undefined || live.ending !== undefined) return undefined;
    const { kept } = live;
    const isIts =
      kept.device === device &&
      kept.event === event &&
      kept.callId === request.callId &&
      kept.remoteTag === request.from.params.get('tag');
    return isIts ? live : undefined;
  }

  // After a restart every phone is told anew: what it shows may be long over.
  for (const live of subscriptions.all()) {
    queue.ask(live);
    tellWatched(live.kept);
  }

  return {
    subscribe(request, { device, flow }) {
      const wish = readSubscribe(request, (event) => byEvent.get(event)?.contentType, allowEvents);
      if (isRefused(wish)) return refuse(wish);
      if (!request.to.params.has('tag')) return begin(request, wish, device, flow);
      const live = liveOf(request, device.id, wish.event);
      return live === undefined ? refuse({ status: 481 }) : refresh(request, wish, live, flow);
    },
    changed,
    watches: (device, event) => subscriptions.ofDevice(device).some(({ kept }) => kept.event === event),
    get size() {
      return subscriptions.size;
    },
    close() {
      unwatch();
      queue.close();
      subscriptions.close();
    },
  };
}

/** Where the phone sends what belongs to the subscription: the same agent, the same name. */
function contactFor({ local, flow }: Pick<Subscription, 'local' | 'flow'>): string {
  const peer: Peer = { type: 'flow', flow };
  const user = /^sips?:([^@]*)@/.exec(local)?.[1];
  return `<sip:${user === undefined ? '' : `${user}@`}${hostFacing(peer)}${transportParam(peer)}>`;
}

/**
 * Busy lamps for numbers that are an upstream's: one subscription there for each
 * number that phones of ours watch, however many do.
 *
 *     phones ── SUBSCRIBE 230 ── notifier ── watched ──┐
 *                                                     ├─ one SUBSCRIBE 230 ── PBX
 *     phones ←─ our own bodies ─ notifier ←─ changed ──┴─ NOTIFY ───────────── PBX
 *
 * It is asked as one of those who watch: at a PBX with users of its own by a user
 * who has an account there. It ends with the last who watches, and goes on as
 * another when that user no longer does. What the PBX says holds while the
 * subscription does: whatever ends that, or the way to it, puts the lamp out.
 *
 * Memory only: after a restart the PBX is asked again.
 */

import type { Changed, Store } from '#controller/model/ports.ts';
import type { Counters } from '#controller/sip/counters.ts';
import type { UpstreamPeer } from '#controller/sip/peer.ts';
import { sameHostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import { type LampSubscription, subscribeToLamp } from './lamp-subscription.ts';
import { type FarDialog, maxFarDialogs, readDialogInfo } from './read-dialog-info.ts';
import type { Reach, Upstreams } from './upstreams.ts';

export type Lamps = {
  /** An upstream takes that number, and it is no user of ours. */
  isTaken(number: string): boolean;
  /** Who watches it has changed. Asked for what is not an upstream's, it does nothing. */
  watched(number: string, watchers: () => Iterable<string>): void;
  of(number: string): readonly FarDialog[];
  /** A NOTIFY of an upstream: its answer. Undefined: of another event. */
  notified(request: SipMessage, peer: UpstreamPeer): number | undefined;
  /** An address of an upstream answers again, or no longer. */
  reach(news: Reach): void;
  readonly size: number;
  close(): void;
};

export type LampsOptions = {
  store: Pick<Store, 'get' | 'watch'>;
  upstreams: Pick<Upstreams, 'find' | 'peerOf' | 'ask'>;
  /** Told to the notifier. */
  changed(number: string): void;
  counters: Pick<Counters, 'badFarNotify' | 'overloaded'>;
  clock: Clock;
  random: (bytes: number) => Uint8Array;
  maxLamps?: number;
};

type Lamp = {
  readonly number: string;
  watchers: () => Iterable<string>;
  upstream: string;
  /** Undefined: nobody who watches has an account there. */
  subscription: LampSubscription | undefined;
  dialogs: readonly FarDialog[];
};

/** Between the SUBSCRIBEs to a PBX that is back. */
const paceMs = 10;

export function createLamps(options: LampsOptions): Lamps {
  const { store, upstreams, changed, counters, clock, random, maxLamps = 2_000 } = options;
  const lamps = new Map<string, Lamp>();

  function upstreamOf(number: string): string | undefined {
    if (store.get('users', number) !== undefined) return undefined;
    const found = upstreams.find(number);
    return found.type === 'to' ? found.upstream : undefined;
  }

  const isTrunk = (upstream: string) => store.get('upstreams', upstream)?.mode === 'trunk';

  /** Whoever it is asked as now, if he may still be; else the first who may, as ./upstreams.ts has it for calls. */
  function askerOf(upstream: string, watchers: Iterable<string>, present: string | undefined) {
    let first: string | undefined;
    for (const extension of watchers) {
      if (!isTrunk(upstream) && store.get('users', extension)?.upstream?.id !== upstream) continue;
      if (extension === present || present === undefined) return extension;
      first ??= extension;
    }
    return first;
  }

  function show(lamp: Lamp, dialogs: readonly FarDialog[]): void {
    if (JSON.stringify(lamp.dialogs) === JSON.stringify(dialogs)) return;
    lamp.dialogs = dialogs;
    changed(lamp.number);
  }

  function subscribe(lamp: Lamp, extension: string): LampSubscription {
    const { number, upstream } = lamp;
    return subscribeToLamp({
      number,
      extension,
      peer: () => upstreams.peerOf(upstream, isTrunk(upstream) ? '' : extension),
      ask: upstreams.ask,
      onLost: () => show(lamp, []),
      clock,
      random,
    });
  }

  /** The subscription it should have by now. */
  function settle(lamp: Lamp): void {
    const upstream = upstreamOf(lamp.number);
    if (upstream === undefined) {
      end(lamp);
      return;
    }
    const present = lamp.upstream === upstream ? lamp.subscription?.extension : undefined;
    const extension = askerOf(upstream, lamp.watchers(), present);
    if (extension !== undefined && extension === present) return;
    lamp.subscription?.close();
    lamp.upstream = upstream;
    lamp.subscription = extension === undefined ? undefined : subscribe(lamp, extension);
    show(lamp, []);
  }

  function end(lamp: Lamp): void {
    lamps.delete(lamp.number);
    lamp.subscription?.close();
    // It may be a user of ours by now, or a number that nobody takes.
    changed(lamp.number);
  }

  function watched(number: string, watchers: () => Iterable<string>): void {
    const known = lamps.get(number);
    const [someone] = watchers();
    if (someone === undefined) {
      if (known !== undefined) end(known);
      return;
    }
    if (known === undefined && upstreamOf(number) === undefined) return;
    if (known === undefined && lamps.size >= maxLamps) {
      counters.overloaded++;
      return;
    }
    const lamp = known ?? { number, watchers, upstream: '', subscription: undefined, dialogs: [] };
    lamp.watchers = watchers;
    lamps.set(number, lamp);
    settle(lamp);
  }

  function onChanged({ collection, id }: Changed): void {
    if (collection !== 'users' && collection !== 'upstreams') return;
    for (const lamp of [...lamps.values()]) {
      const before = lamp.subscription;
      settle(lamp);
      if (before === lamp.subscription) renew(lamp, collection, id);
    }
  }

  function renew({ upstream, subscription }: Lamp, collection: 'users' | 'upstreams', id: string): void {
    // Another address: what was asked before was asked elsewhere. Another password: it may be the right one.
    if (collection === 'upstreams' && id === upstream) subscription?.again(0);
    if (collection === 'users' && id === subscription?.extension) subscription.retry(0);
  }

  function take(lamp: Lamp, notify: SipMessage): number {
    if (lamp.subscription?.follow(notify) !== true || notify.body.length === 0) return 200;
    const type = (notify.get('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase();
    const info = type === 'application/dialog-info+xml' ? readDialogInfo(notify.body) : undefined;
    if (info === undefined) {
      counters.badFarNotify++;
      // What it was about is not known, so nothing is.
      show(lamp, []);
      return type === 'application/dialog-info+xml' ? 400 : 415;
    }
    // RFC 4235 3.7: the one dialog that is over need not be told of.
    const before = info.isFull ? [] : lamp.dialogs;
    const told = new Map([...before, ...info.dialogs].map((dialog) => [dialog.id, dialog]));
    const live = [...told.values()].filter(({ state }) => state !== 'terminated');
    show(lamp, live.slice(0, maxFarDialogs));
    return 200;
  }

  const unwatch = store.watch((changes) => changes.forEach(onChanged));
  return {
    isTaken: (number) => upstreamOf(number) !== undefined,
    watched,
    of: (number) => lamps.get(number)?.dialogs ?? [],

    notified(notify, { upstream }) {
      if ((notify.get('Event') ?? '').split(';')[0]?.trim().toLowerCase() !== 'dialog') return undefined;
      let status = 481;
      for (const lamp of lamps.values()) {
        const answered = lamp.upstream === upstream ? lamp.subscription?.accept(notify) : undefined;
        if (answered === 200) return take(lamp, notify);
        if (answered !== undefined && answered !== 481) status = answered;
      }
      counters.badFarNotify++;
      return status;
    },

    reach({ upstream, address, state }) {
      let delayMs = 0;
      for (const { upstream: id, subscription } of lamps.values()) {
        if (id !== upstream || subscription === undefined) continue;
        const isThere = subscription.remote !== undefined && sameHostPort(subscription.remote, address);
        // Another address may know; and a pause need not be waited for when there is one again.
        delayMs += paceMs;
        if (state === 'down' && isThere) subscription.again(delayMs);
        if (state === 'up') subscription.retry(delayMs);
      }
    },

    get size() {
      return lamps.size;
    },
    close() {
      unwatch();
      for (const { subscription } of lamps.values()) subscription?.drop();
      lamps.clear();
    },
  };
}

/**
 * Who is registered at a PBX: each user with a credential there, while a session
 * of theirs lasts. Kept true by watching the store.
 */

import type { Logger } from 'pino';
import type { Upstream, User } from '#controller/model/model.ts';
import type { Kept, RegistrationState, Store } from '#controller/model/ports.ts';
import type { UpstreamPeer } from '#controller/sip/peer.ts';
import type { Clock } from '#protocol/clock.ts';
import type { UpstreamClient } from './client.ts';
import { createRegistration, type Registration } from './registration.ts';

export type Registrations = {
  of(upstream: string): readonly RegistrationState[];
  /** It answers again, or answers otherwise: all its users at once. */
  kick(upstream: string): void;
  /** Not taken back: sessions outlive the controller. */
  close(): void;
};

export type RegistrationsOptions = {
  store: Store;
  clock: Clock;
  log: Logger;
  random: (bytes: number) => Uint8Array;
  ask: UpstreamClient['ask'];
  peersOf(upstream: string, account: string): readonly UpstreamPeer[];
  onChange(state: RegistrationState): void;
};

/** A thousand users are back in five seconds, and the PBX is not knocked over as it gets up. */
const betweenKicksMs = 5;

type Entry = { registration: Registration; user: Kept<User>['upstream'] };

export function createRegistrations(options: RegistrationsOptions): Registrations {
  const { store, clock, log, random, ask, peersOf, onChange } = options;
  const entries = new Map<string, Entry>();

  function wanted(): Map<string, NonNullable<User['upstream']>> {
    const found = new Map<string, NonNullable<User['upstream']>>();
    for (const { extension } of store.list('sessions')) {
      const account = store.get('users', extension)?.upstream;
      const upstream: Kept<Upstream> | undefined = account && store.get('upstreams', account.id);
      if (account !== undefined && upstream?.mode === 'register') found.set(extension, account);
    }
    return found;
  }

  function reconcile(): void {
    const now = wanted();
    for (const [extension, { registration, user }] of entries) {
      const account = now.get(extension);
      if (account !== undefined && account.id === user?.id && account.secret === user.secret) {
        if (account.user === user.user) continue;
      }
      entries.delete(extension);
      registration.close();
    }
    for (const [extension, account] of now) {
      if (!entries.has(extension))
        entries.set(extension, { user: account, registration: begin(extension, account.id) });
    }
  }

  function begin(extension: string, upstream: string): Registration {
    return createRegistration({
      extension,
      upstream,
      ask,
      clock,
      random,
      peers: () => peersOf(upstream, extension),
      isReplaced: () => entries.get(extension)?.registration.state.upstream === upstream,
      onChange(state) {
        const level = state.state === 'registered' ? 'info' : 'warn';
        log[level](
          { user: extension, upstream, status: state.status },
          `upstream registration ${state.state}`,
        );
        onChange(state);
      },
    });
  }

  reconcile();
  const unwatch = store.watch((changes) => {
    if (changes.some(({ collection }) => ['sessions', 'users', 'upstreams'].includes(collection)))
      reconcile();
  });

  return {
    of: (upstream) =>
      [...entries.values()]
        .map(({ registration }) => registration.state)
        .filter((each) => each.upstream === upstream),
    kick(upstream) {
      let inMs = 0;
      for (const { registration } of entries.values()) {
        if (registration.state.upstream !== upstream) continue;
        registration.kick(inMs);
        inMs += betweenKicksMs;
      }
    },
    close() {
      unwatch();
      for (const { registration } of entries.values()) registration.stop();
      entries.clear();
    },
  };
}

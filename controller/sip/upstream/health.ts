/**
 * Which addresses of an upstream answer. One that was never heard of counts as
 * up: it must be tried to be known. Pure but for the time it is told.
 */

import type { AddressHealth } from '#controller/model/ports.ts';
import { formatHostPort, type HostPort } from '#protocol/address.ts';

export type Health = {
  /** Answers whether that is news: it was down and is up, or the other way round. */
  note(address: HostPort, isAlive: boolean, now: number): 'up' | 'down' | undefined;
  /** In the order to try them: those not down as configured, then the rest, for it may be we who were cut off. */
  order(): readonly HostPort[];
  readonly all: readonly AddressHealth[];
};

export function createHealth(addresses: readonly HostPort[], now: number): Health {
  const all = addresses.map((address): AddressHealth => ({ address, state: 'unknown', since: now }));

  return {
    all,
    note(address, isAlive, at) {
      const text = formatHostPort(address);
      const found = all.find((each) => formatHostPort(each.address) === text);
      const state = isAlive ? 'up' : 'down';
      if (found === undefined || found.state === state) return undefined;
      const isNews = found.state === 'down' || state === 'down';
      found.state = state;
      found.since = at;
      return isNews ? state : undefined;
    },
    order: () =>
      [...all.filter(({ state }) => state !== 'down'), ...all.filter(({ state }) => state === 'down')].map(
        ({ address }) => address,
      ),
  };
}

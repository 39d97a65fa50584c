/**
 * URLs of a device's place, for routes that take a location by reference
 * (RFC 6442 4.1): a token of its own for each call, good for two hours, since a
 * call passes several who have to read it. It is sealed, not kept: nothing to
 * fill, and it works after a restart too.
 */

import type { Keys } from '#controller/keys.ts';
import type { Clock } from '#protocol/clock.ts';

export type LocationUrls = {
  urlOf(device: string): string;
  /** Undefined: not one of ours, or too old. */
  deviceOf(token: string): string | undefined;
};

export const locationPath = '/location';
const lifeMs = 2 * 60 * 60_000;
const purpose = 'location';

/** `under`: where `locationPath` of the API is reached from outside, https. */
export function createLocationUrls(
  under: string,
  { keys, clock }: { keys: Pick<Keys, 'seal' | 'unseal'>; clock: Clock },
): LocationUrls {
  return {
    urlOf: (device) =>
      `${under.replace(/\/$/, '')}${locationPath}/${keys.seal(purpose, `${clock.wall() + lifeMs} ${device}`)}`,
    deviceOf(token) {
      if (!/^[A-Za-z0-9_-]{1,200}$/.test(token)) return undefined;
      const [until = '', device = ''] = keys.unseal(purpose, token)?.split(' ') ?? [];
      return Number(until) > clock.wall() ? device : undefined;
    },
  };
}

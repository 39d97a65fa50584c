/**
 * Which upstream a number goes to. Pure.
 *
 *     200-299    as many digits as both ends, and between them       before
 *     0049       what begins so, the longest beginning first         before
 *     default    what is left
 *
 * Then that upstream's `denied` list: a beginning in it is refused, and no other
 * upstream is tried, for it was denied by intent and not for want of a way.
 */

import type { Upstream } from '#controller/model/model.ts';

export type Beyond =
  | { type: 'to'; upstream: string; number: string }
  | { type: 'denied'; upstream: string }
  /** No upstream takes it. */
  | { type: 'none' };

type Route = Pick<Upstream, 'id' | 'numbers' | 'defaultRoute' | 'denied'>;

const rangeRank = 100;
/** As a phone dials: nothing in it needs escaping in a URI. */
const dialable = /^\+?[0-9*#]{1,32}$/;

export function findUpstream(number: string, upstreams: readonly Route[]): Beyond {
  if (!dialable.test(number)) return { type: 'none' };
  let best: { route: Route; rank: number } | undefined;
  for (const route of upstreams) {
    const rank = rankOf(number, route);
    if (rank !== undefined && rank > (best?.rank ?? -1)) best = { route, rank };
  }
  if (best === undefined) return { type: 'none' };
  const { id, denied } = best.route;
  return isDenied(number, denied) ? { type: 'denied', upstream: id } : { type: 'to', upstream: id, number };
}

export const isDenied = (number: string, denied: readonly string[]) =>
  denied.some((prefix) => number.startsWith(prefix));

function rankOf(number: string, { numbers, defaultRoute }: Route): number | undefined {
  let best = defaultRoute ? 0 : undefined;
  for (const each of numbers) {
    const rank = each.includes('-') ? rankInRange(number, each) : rankOfPrefix(number, each);
    if (rank !== undefined && rank > (best ?? -1)) best = rank;
  }
  return best;
}

const rankOfPrefix = (number: string, prefix: string) =>
  number.startsWith(prefix) ? prefix.length : undefined;

function rankInRange(number: string, range: string): number | undefined {
  const [from = '', to = ''] = range.split('-');
  const isInside = number.length === from.length && /^[0-9]+$/.test(number) && number >= from && number <= to;
  return isInside ? rangeRank : undefined;
}

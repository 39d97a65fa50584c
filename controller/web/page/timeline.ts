/** Who sat where, as bars on a line from left to right: pure, in thousandths of the time that is shown. */

import type { Stay } from './shapes.ts';

export type Bar = { stay: Stay; x: number; width: number };

export type Span = { from: number; to: number };

export const whole = 1_000;
/** So that the shortest can be seen. */
const thinnest = 3;

/** Bars of those that touch the span; what has no beginning or end reaches its edge. */
export function barsOf(stays: readonly Stay[], { from, to }: Span): Bar[] {
  return stays.flatMap((stay) => {
    const begin = stay.since === undefined ? from : Date.parse(stay.since);
    const end = stay.until === undefined ? to : Date.parse(stay.until);
    if (end < from || begin > to || Number.isNaN(begin) || Number.isNaN(end)) return [];
    const x = ((Math.max(begin, from) - from) / (to - from)) * whole;
    const right = ((Math.min(end, to) - from) / (to - from)) * whole;
    const width = Math.max(right - x, thinnest);
    return [{ stay, x: Math.min(x, whole - width), width }];
  });
}

/** Desk → its stays, in the order of the desks' names. */
export function byDesk(stays: readonly Stay[]): [device: string, stays: Stay[]][] {
  const desks = new Map<string, Stay[]>();
  for (const stay of stays) desks.set(stay.device, [...(desks.get(stay.device) ?? []), stay]);
  return [...desks].sort(([a], [b]) => (a < b ? -1 : 1));
}

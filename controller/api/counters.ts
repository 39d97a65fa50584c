/**
 * /counters: what was done, refused and dropped since the start, so that
 * nothing is lost silently.
 *
 *     GET    /counters   → {items: [{name, count}]}, named like `sip.foreignAor`
 */

import { Hono } from 'hono';

/** Numbers by name; a group of them is an object again. */
export type Counts = { readonly [name: string]: number | Counts };

export function counterRoutes({ counters }: { counters(): Counts }): Hono {
  return new Hono().get('/', (c) => c.json({ items: flat(counters()) }));
}

export function flat(counts: Counts, prefix = ''): { name: string; count: number }[] {
  return Object.entries(counts).flatMap(([name, count]) =>
    typeof count === 'number' ? [{ name: prefix + name, count }] : flat(count, `${prefix}${name}.`),
  );
}

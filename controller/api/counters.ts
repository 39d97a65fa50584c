/**
 * /counters: what was done, refused and dropped since the start, so that
 * nothing is lost silently.
 *
 *     GET    /counters   → {items: [{name, count}]}, named like `sip.foreignAor`
 */

import { z } from 'zod';
import { listing } from './list.ts';
import { listOf, type Route, route } from './route.ts';

/** Numbers by name; a group of them is an object again. */
export type Counts = { readonly [name: string]: number | Counts };

const shown = z.strictObject({ name: z.string(), count: z.number() });
const all = listing<z.infer<typeof shown>, 'name'>({
  id: ({ name }) => name,
  fields: { name: ({ name }) => name },
});

export function counterRoutes({ counters }: { counters(): Counts }): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/counters',
        access: 'readOnly',
        tag: 'counters',
        summary: 'All counters',
        query: all.query,
        answer: listOf(shown),
      },
      ({ c, query }) => all.page(c, query, flat(counters()), (each) => each),
    ),
  ];
}

export function flat(counts: Counts, prefix = ''): { name: string; count: number }[] {
  return Object.entries(counts).flatMap(([name, count]) =>
    typeof count === 'number' ? [{ name: prefix + name, count }] : flat(count, `${prefix}${name}.`),
  );
}

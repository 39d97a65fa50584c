/**
 * /calls: calls in progress and the last ones that ended, with what became of
 * their media.
 *
 *     GET /calls        → {items: [call]}, those in progress first
 *     GET /calls/:id    → call
 */

import { Hono } from 'hono';
import { missing } from './read.ts';

export type CallDeps = { calls(): readonly { readonly id: string }[] };

export function callRoutes({ calls }: CallDeps): Hono {
  return new Hono()
    .get('/', (c) => c.json({ items: calls() }))
    .get('/:id', (c) => {
      const id = c.req.param('id');
      const found = calls().find((call) => call.id === id);
      if (found === undefined) throw missing('call', id);
      return c.json(found);
    });
}

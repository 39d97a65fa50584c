/**
 * /calls: calls in progress and the last ones that ended, with what became of
 * their media.
 *
 *     GET /calls        → {items: [call]}, those in progress first
 *     GET /calls/:id    → call
 */

import { Hono } from 'hono';
import { missing } from './read.ts';

/** One direction of a stream that we carry. */
export type CallStream = {
  kind: string;
  from: string;
  to: string;
  packets: number;
  lost: number;
  jitterMs: number;
};

/** What this face reads of a call; it shows all there is. */
export type Call = {
  id: string;
  media: 'direct' | 'agent' | 'controller';
  endedAt?: string;
  streams: readonly CallStream[];
};

export type CallDeps = { calls(): readonly Call[] };

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

/**
 * /calls: calls in progress and the last ones that ended, with what became of
 * their media.
 *
 *     GET /calls        → {items: [call]}, those in progress first
 *     GET /calls/:id    → call
 */

import { z } from 'zod';
import { listing } from './list.ts';
import { missing } from './read.ts';
import { listOf, moment, type Route, route } from './route.ts';

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
  from?: string;
  to?: string;
  since?: string;
  sites?: readonly string[];
  agents?: readonly string[];
  media: 'direct' | 'agent' | 'controller';
  endedAt?: string;
  streams: readonly CallStream[];
};

const shown = z.looseObject({
  id: z.string(),
  from: z.string().optional(),
  to: z.string().optional(),
  sites: z.array(z.string()).optional(),
  agents: z.array(z.string()).optional(),
  since: moment.optional(),
  endedAt: moment.optional(),
  media: z.enum(['direct', 'agent', 'controller']),
  streams: z.array(
    z.looseObject({
      kind: z.string(),
      from: z.string(),
      to: z.string(),
      packets: z.number(),
      lost: z.number(),
      jitterMs: z.number(),
    }),
  ),
});

const listed = listing<Call, 'from' | 'to' | 'media' | 'since' | 'endedAt'>({
  id: ({ id }) => id,
  site: ({ sites }) => sites?.[0],
  fields: {
    from: ({ from }) => from,
    to: ({ to }) => to,
    media: ({ media }) => media,
    since: ({ since }) => since,
    endedAt: ({ endedAt }) => endedAt,
  },
  order: {
    by: ({ endedAt, since = '' }) => `${endedAt === undefined ? 'now' : 'ended'} ${since}`,
    isDown: true,
  },
});

export type CallDeps = { calls(): readonly Call[] };

export function callRoutes({ calls }: CallDeps): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/calls',
        access: 'readOnly',
        tag: 'calls',
        summary: 'Calls now, and the last that ended',
        query: listed.query,
        answer: listOf(shown),
      },
      ({ c, query }) => listed.page(c, query, calls(), (call) => call),
    ),
    route(
      {
        method: 'get',
        path: '/calls/{id}',
        access: 'readOnly',
        tag: 'calls',
        summary: 'One call',
        answer: shown,
      },
      ({ params: { id } }) => {
        const found = calls().find((call) => call.id === id);
        if (found === undefined) throw missing('call', id);
        return found;
      },
    ),
  ];
}

/**
 * /audit: who did what, and when.
 *
 *     GET /audit           → {items: [entry], next}, the newest first; a page may be short before the end
 *         ?q=HD0001          part of who, from where, what, to what, or of the name of what was changed
 *         ?who=anna&what=/users&since=…&until=…    who exactly, part of what was done, when
 *     GET /audit/verify    → {ok, entries, first, head, wrong}: whether every line continues the one before
 */

import { z } from 'zod';
import { auditEntry } from '#controller/audit/chain.ts';
import { parseHead } from '#controller/audit/files.ts';
import type { AuditLog } from '#controller/audit/log.ts';
import { listOf, moment, type Route, route } from './route.ts';

export type AuditDeps = { audit: AuditLog };

const query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.coerce.number().int().min(1).optional(),
  q: z.string().max(128).optional(),
  who: z.string().max(128).optional(),
  what: z.string().max(128).optional(),
  since: moment.optional(),
  until: moment.optional(),
});

const head = z.strictObject({ sequence: z.number(), hash: z.string() });

const verdict = z.strictObject({
  ok: z.boolean(),
  entries: z.number(),
  first: z.number(),
  head,
  wrong: z.strictObject({ file: z.string(), line: z.number(), why: z.string() }).optional(),
});

const millis = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));

export function auditRoutes({ audit }: AuditDeps): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/audit',
        access: 'admin',
        tag: 'audit',
        summary: 'Who did what, and when',
        query,
        answer: listOf(auditEntry),
      },
      async ({ query: { cursor, since, until, ...rest } }) => {
        const { items, next } = await audit.read({
          ...rest,
          before: cursor,
          since: millis(since),
          until: millis(until),
        });
        return { items, ...(next !== undefined && { next: String(next) }) };
      },
    ),
    route(
      {
        method: 'get',
        path: '/audit/verify',
        access: 'admin',
        tag: 'audit',
        summary: 'Whether every line of the log continues the one before',
        query: z.strictObject({ head: z.string().max(128).optional() }),
        answer: verdict,
      },
      async ({ query: { head: known } }) => audit.verify(known === undefined ? undefined : parseHead(known)),
    ),
  ];
}

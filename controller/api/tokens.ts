/**
 * /tokens: who may use this API over the network.
 *
 *     GET    /tokens          → {items: [{id, name, createdAt}]}
 *     POST   /tokens {name}   → 201 {id, name, createdAt, token}: the only time it is shown
 *     GET    /tokens/:id
 *     DELETE /tokens/:id      → 204
 *
 * A token is `hdt_`, its id, `_`, 256 random bits. Only its hash is kept.
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { type ApiToken, displayName } from '#controller/model/model.ts';
import type { Kept, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { listing } from './list.ts';
import { expected, missing, tag } from './read.ts';
import { listOf, moment, type Route, route } from './route.ts';

const creation = z.strictObject({ name: displayName });
const shown = z.strictObject({ id: z.string(), name: z.string(), createdAt: moment });
const tokens = listing<ApiToken, 'name' | 'createdAt'>({
  id: ({ id }) => id,
  fields: { name: ({ name }) => name, createdAt: ({ createdAt }) => createdAt },
});
const form = /^hdt_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;

export function tokenRoutes({ store, clock }: { store: Store; clock: Clock }): Route[] {
  function find(id: string): Kept<ApiToken> {
    const found = store.get('apiTokens', id);
    if (found === undefined) throw missing('token', id);
    return found;
  }

  return [
    route(
      {
        ...{ method: 'get', path: '/tokens', access: 'admin', tag: 'tokens', summary: 'All API tokens' },
        query: tokens.query,
        answer: listOf(shown),
      },
      ({ c, query }) => tokens.page(c, query, store.list('apiTokens'), toJson),
    ),
    route(
      {
        ...{ method: 'post', path: '/tokens', access: 'admin', tag: 'tokens', summary: 'Make an API token' },
        body: creation,
        answer: shown.extend({ token: z.string() }),
        status: 201,
      },
      async ({ body: { name } }) => {
        const id = randomBytes(8).toString('hex');
        const token = `hdt_${id}_${randomBytes(32).toString('base64url')}`;
        const value: ApiToken = { id, name, hash: hash(token).toString('hex'), createdAt: clock.wall() };
        await store.commit([{ type: 'put', collection: 'apiTokens', value, expect: 'absent' }]);
        return { ...toJson(value), token };
      },
    ),
    route(
      {
        ...{ method: 'get', path: '/tokens/{id}', access: 'admin', tag: 'tokens', summary: 'One API token' },
        answer: shown,
      },
      ({ c, params }) => {
        const found = find(params.id);
        tag(c, found);
        return toJson(found);
      },
    ),
    route(
      {
        ...{ method: 'delete', path: '/tokens/{id}', access: 'admin', tag: 'tokens' },
        summary: 'Remove an API token',
      },
      async ({ c, params }) => {
        const current = find(params.id);
        const expect = expected(c, current);
        await store.commit([{ type: 'delete', collection: 'apiTokens', id: current.id, expect }]);
      },
    ),
  ];
}

/** The token of an `Authorization` header that is right; undefined for every other. */
export function tokenOf(store: Store, header: string | undefined): ApiToken | undefined {
  const text = /^Bearer +(\S{1,128})$/i.exec(header ?? '')?.[1] ?? '';
  const kept = store.get('apiTokens', form.exec(text)?.[1] ?? '');
  if (kept === undefined || !timingSafeEqual(Buffer.from(kept.hash, 'hex'), hash(text))) return undefined;
  return kept;
}

const hash = (token: string) => createHash('sha256').update(token).digest();

const toJson = ({ id, name, createdAt }: ApiToken) => ({
  id,
  name,
  createdAt: new Date(createdAt).toISOString(),
});

/**
 * /tokens: programs that use this API over the network.
 *
 *     GET    /tokens                                   → {items: [{id, name, role, sites, createdAt, expiresAt}]}
 *     POST   /tokens {name, role?, sites?, expiresAt?} → 201 {…, token}: the only time it is shown
 *     GET    /tokens/:id
 *     DELETE /tokens/:id                               → 204
 *
 * A token is `hdt_`, its id, `_`, 256 random bits. Only its hash is kept. Nobody
 * makes one that may do more than he may himself.
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { checkScope, isAtLeast, whoOf } from '#controller/api/access/who.ts';
import { type ApiToken, apiToken, displayName } from '#controller/model/model.ts';
import type { Kept, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { listing } from './list.ts';
import { expected, missing, tag, wrong } from './read.ts';
import { listOf, moment, type Route, route } from './route.ts';

const { role, sites } = apiToken.shape;
const creation = z.strictObject({ name: displayName, role, sites, expiresAt: moment.optional() });
const shown = creation.extend({ id: z.string(), createdAt: moment });
const tokens = listing<ApiToken, 'name' | 'role' | 'createdAt'>({
  id: ({ id }) => id,
  fields: {
    name: ({ name }) => name,
    role: (token) => token.role,
    createdAt: ({ createdAt }) => createdAt,
  },
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
      async ({ c, body: { expiresAt: until, ...wanted } }) => {
        checkScope(whoOf(c), wanted, store);
        const expiresAt = until === undefined ? undefined : Date.parse(until);
        if (expiresAt !== undefined && expiresAt <= clock.wall()) throw wrong('expiresAt', 'is over');
        const id = randomBytes(8).toString('hex');
        const token = `hdt_${id}_${randomBytes(32).toString('base64url')}`;
        const value: ApiToken = {
          id,
          ...wanted,
          hash: hash(token).toString('hex'),
          createdAt: clock.wall(),
          ...(expiresAt !== undefined && { expiresAt }),
        };
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
        if (!isAtLeast(whoOf(c).role, current.role)) {
          throw new Fault('forbidden', `${current.name} is ${current.role}`, { id: current.id });
        }
        const expect = expected(c, current);
        await store.commit([{ type: 'delete', collection: 'apiTokens', id: current.id, expect }]);
      },
    ),
  ];
}

/** The token of an `Authorization` header that is right, and still good; undefined for every other. */
export function tokenOf(store: Store, clock: Clock, header: string | undefined): ApiToken | undefined {
  const text = /^Bearer +(\S{1,128})$/i.exec(header ?? '')?.[1] ?? '';
  const kept = store.get('apiTokens', form.exec(text)?.[1] ?? '');
  if (kept === undefined || !timingSafeEqual(Buffer.from(kept.hash, 'hex'), hash(text))) return undefined;
  return kept.expiresAt === undefined || clock.wall() < kept.expiresAt ? kept : undefined;
}

const hash = (token: string) => createHash('sha256').update(token).digest();

const toJson = ({ createdAt, expiresAt, ...token }: ApiToken) => ({
  id: token.id,
  name: token.name,
  role: token.role,
  sites: token.sites,
  createdAt: new Date(createdAt).toISOString(),
  expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
});

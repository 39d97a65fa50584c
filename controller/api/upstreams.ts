/**
 * /upstreams: PBXs and trunks.
 *
 *     GET    /upstreams        → {items: [upstream]}
 *     POST   /upstreams        → 201 upstream; what is left out gets its default
 *     GET    /upstreams/:id    → upstream, its revision as ETag
 *     PATCH  /upstreams/:id    → upstream
 *     DELETE /upstreams/:id    → 204; 409 while users have a credential there
 *
 *     PUT    /users/:ext/upstream {id?, user, secret}   → 204; `id` may be left out where there is but one
 *     DELETE /users/:ext/upstream                       → 204
 *
 * A secret goes in, is sealed, and never comes out: `hasSecret` tells that there
 * is one. What is shown besides is the moment's truth: which address answers,
 * who is registered.
 */

import type { Context } from 'hono';
import { z } from 'zod';
import type { Keys } from '#controller/keys.ts';
import { authUser, type Upstream, upstream } from '#controller/model/model.ts';
import type { Kept, Store, UpstreamShown } from '#controller/model/ports.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import { formatHostPort } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import { listing } from './list.ts';
import { expected, missing, patched, tag, taken, wrong } from './read.ts';
import { listOf, type Route, route } from './route.ts';

export type UpstreamDeps = {
  store: Store;
  keys: Pick<Keys, 'seal'>;
  upstreams: { show(id: string): UpstreamShown };
};

/** Between quotes and in a hash anything goes; control characters are a slip of the hand. */
const secret = z
  .string()
  .min(1, 'a secret has at least one character')
  .max(128)
  .regex(/^[^\p{Cc}]+$/u, 'a secret has no control characters');
const creation = upstream.extend({ secret: secret.optional() });
const answer = upstream.omit({ secret: true }).extend({
  hasSecret: z.boolean(),
  addressStates: z.array(
    z.strictObject({ address: z.string(), state: z.enum(['unknown', 'up', 'down']), since: z.number() }),
  ),
  registrations: z.array(
    z.strictObject({
      extension: z.string(),
      upstream: z.string(),
      state: z.enum(['trying', 'registered', 'refused', 'failed']),
      status: z.number().optional(),
      since: z.number(),
      nextAt: z.number().optional(),
    }),
  ),
  problem: z.string().optional(),
});
const listed = listing<Upstream, 'id' | 'mode' | 'transport'>({
  id: ({ id }) => id,
  fields: { id: ({ id }) => id, mode: ({ mode }) => mode, transport: ({ transport }) => transport },
});
const account = z.strictObject({ id: z.string().optional(), user: authUser, secret });

export function upstreamRoutes({ store, keys, upstreams }: UpstreamDeps): Route[] {
  function find(id: string): Kept<Upstream> {
    const found = store.get('upstreams', id);
    if (found === undefined) throw missing('upstream', id);
    return found;
  }

  const seal = (id: string, text: string) => keys.seal(sealedFor.upstream(id), text);

  function toJson({ id }: { id: string }) {
    const { revision: _, secret: sealed, ...rest } = find(id);
    const { addresses, ...shown } = upstreams.show(id);
    const state = addresses.map((each) => ({ ...each, address: formatHostPort(each.address) }));
    return { ...rest, hasSecret: sealed !== undefined, ...shown, addressStates: state };
  }

  function tagged(c: Context, id: string) {
    const found = find(id);
    tag(c, found);
    return toJson(found);
  }

  return [
    route(
      {
        method: 'get',
        path: '/upstreams',
        access: 'readOnly',
        tag: 'upstreams',
        summary: 'All PBXs and trunks',
        query: listed.query,
        answer: listOf(answer),
      },
      ({ c, query }) => listed.page(c, query, store.list('upstreams'), toJson),
    ),
    route(
      {
        method: 'post',
        path: '/upstreams',
        access: 'admin',
        tag: 'upstreams',
        summary: 'Make an upstream',
        body: creation,
        answer,
        status: 201,
      },
      async ({ c, body: { secret: clear, ...rest } }) => {
        if (store.get('upstreams', rest.id) !== undefined) throw taken('upstream', rest.id, 'id');
        const value = { ...rest, ...(clear !== undefined && { secret: seal(rest.id, clear) }) };
        check(value, store);
        await store.commit([{ type: 'put', collection: 'upstreams', value, expect: 'absent' }]);
        return tagged(c, value.id);
      },
    ),
    route(
      {
        method: 'get',
        path: '/upstreams/{id}',
        access: 'readOnly',
        tag: 'upstreams',
        summary: 'One upstream',
        answer,
      },
      ({ c, params }) => tagged(c, params.id),
    ),
    route(
      {
        method: 'patch',
        path: '/upstreams/{id}',
        access: 'admin',
        tag: 'upstreams',
        summary: 'Change an upstream',
        patch: creation,
        answer,
      },
      async ({ c, params, body }) => {
        const { revision, secret: sealed, ...current } = find(params.id);
        const { secret: clear, ...rest } = patched(creation, body, current, { id: 'id' });
        const kept = clear === undefined ? sealed : seal(rest.id, clear);
        const value = { ...rest, ...(kept !== undefined && { secret: kept }) };
        check(value, store);
        const expect = expected(c, { revision });
        await store.commit([{ type: 'put', collection: 'upstreams', value, expect }]);
        return tagged(c, value.id);
      },
    ),
    route(
      {
        method: 'delete',
        path: '/upstreams/{id}',
        access: 'admin',
        tag: 'upstreams',
        summary: 'Remove an upstream',
      },
      async ({ c, params }) => {
        const current = find(params.id);
        const { id } = current;
        checkUnused(id, store);
        await store.commit([{ type: 'delete', collection: 'upstreams', id, expect: expected(c, current) }]);
      },
    ),
  ];
}

/** Throws `conflict` while somebody needs it. */
function checkUnused(id: string, store: Store): void {
  const users = store.list('users').filter((user) => user.upstream?.id === id).length;
  if (users > 0) throw new Fault('conflict', `upstream ${id} still has ${users} users`, { id });
  const site = store
    .list('sites')
    .find(({ emergencyRoutes = [] }) =>
      emergencyRoutes.some((r) => r.type === 'upstream' && r.upstream === id),
    );
  if (site !== undefined) {
    throw new Fault('conflict', `upstream ${id} is an emergency route of site ${site.id}`, { id });
  }
}

/** A user's account at one of them. */
export function userUpstreamRoutes({ store, keys }: UpstreamDeps): Route[] {
  function find(extension: string) {
    const found = store.get('users', extension);
    if (found === undefined) throw missing('user', extension);
    return found;
  }

  function registrarOf(id: string | undefined): string {
    const all = store.list('upstreams').filter(({ mode }) => mode === 'register');
    const found = all.filter((each) => id === undefined || each.id === id);
    if (found.length === 1 && found[0] !== undefined) return found[0].id;
    if (id !== undefined) throw wrong('id', `there is no upstream "${id}" in register mode`);
    if (all.length === 0) throw wrong('id', 'there is no upstream in register mode');
    throw wrong('id', `which one? ${all.map((each) => each.id).join(', ')}`);
  }

  return [
    route(
      {
        method: 'put',
        path: '/users/{extension}/upstream',
        access: 'admin',
        tag: 'users',
        summary: 'Set a user’s account at a PBX',
        body: account,
      },
      async ({ c, params, body: { id, user, secret: clear } }) => {
        const { revision, ...before } = find(params.extension);
        const sealed = keys.seal(sealedFor.user(before.extension), clear);
        const value = { ...before, upstream: { id: registrarOf(id), user, secret: sealed } };
        await store.commit([{ type: 'put', collection: 'users', value, expect: expected(c, { revision }) }]);
      },
    ),
    route(
      {
        method: 'delete',
        path: '/users/{extension}/upstream',
        access: 'admin',
        tag: 'users',
        summary: 'Remove a user’s account at a PBX',
      },
      async ({ c, params }) => {
        const { revision, upstream: _, ...value } = find(params.extension);
        await store.commit([{ type: 'put', collection: 'users', value, expect: expected(c, { revision }) }]);
      },
    ),
  ];
}

/** What the schema alone cannot see. Throws `input.invalid` or `conflict` that names the field. */
function check(value: Upstream, store: Store): void {
  if (value.authentication === 'digest' && value.mode === 'trunk') {
    if (value.username === undefined) throw wrong('username', 'digest wants a user name');
    if (value.secret === undefined) throw wrong('secret', 'digest wants a secret');
  }
  checkAddresses(value);
  for (const text of value.numbers) {
    const [from = '', to] = text.split('-');
    if (to !== undefined && (from.length !== to.length || from > to)) {
      throw wrong('numbers', `"${text}" is no range: both ends have as many digits, the lower first`);
    }
  }
  const other = store.list('upstreams').find((each) => each.defaultRoute && each.id !== value.id);
  if (value.defaultRoute && other !== undefined) {
    throw new Fault('conflict', `defaultRoute: ${other.id} is the default route already`, {
      field: 'defaultRoute',
      id: other.id,
    });
  }
}

function checkAddresses(value: Upstream): void {
  const families = new Set(value.addresses.map(({ address }) => address.includes(':')));
  if (families.size > 1) throw wrong('addresses', 'are of IPv4 and of IPv6; name one upstream for each');
  if (value.local !== undefined && value.local.address.includes(':') !== families.has(true)) {
    throw wrong('local', 'is of another IP version than the addresses');
  }
}

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

import { Hono } from 'hono';
import { z } from 'zod';
import type { Keys } from '#controller/keys.ts';
import { authUser, type Upstream, upstream } from '#controller/model/model.ts';
import type { Kept, Store, UpstreamShown } from '#controller/model/ports.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import { formatHostPort } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import { expected, missing, readBody, readPatch, tag, taken, wrong } from './read.ts';

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
const account = z.strictObject({ id: z.string().optional(), user: authUser, secret });

export function upstreamRoutes({ store, keys, upstreams }: UpstreamDeps): Hono {
  function find(id: string): Kept<Upstream> {
    const found = store.get('upstreams', id);
    if (found === undefined) throw missing('upstream', id);
    return found;
  }

  const seal = (id: string, text: string) => keys.seal(sealedFor.upstream(id), text);

  function toJson({ id }: { id: string }): object {
    const { revision: _, secret: sealed, ...rest } = find(id);
    const { addresses, ...shown } = upstreams.show(id);
    const state = addresses.map((each) => ({ ...each, address: formatHostPort(each.address) }));
    return { ...rest, hasSecret: sealed !== undefined, ...shown, addressStates: state };
  }

  return new Hono()
    .get('/', (c) => c.json({ items: store.list('upstreams').map(toJson) }))
    .post('/', async (c) => {
      const { secret: clear, ...rest } = await readBody(creation, c);
      if (store.get('upstreams', rest.id) !== undefined) throw taken('upstream', rest.id, 'id');
      const value = { ...rest, ...(clear !== undefined && { secret: seal(rest.id, clear) }) };
      check(value, store);
      await store.commit([{ type: 'put', collection: 'upstreams', value, expect: 'absent' }]);
      return c.json(toJson(value), 201);
    })
    .get('/:id', (c) => {
      const found = find(c.req.param('id'));
      tag(c, found);
      return c.json(toJson(found));
    })
    .patch('/:id', async (c) => {
      const { revision, secret: sealed, ...current } = find(c.req.param('id'));
      const { secret: clear, ...rest } = await readPatch(creation, c, current, { id: 'id' });
      const kept = clear === undefined ? sealed : seal(rest.id, clear);
      const value = { ...rest, ...(kept !== undefined && { secret: kept }) };
      check(value, store);
      await store.commit([
        { type: 'put', collection: 'upstreams', value, expect: expected(c, { revision }) },
      ]);
      return c.json(toJson(value));
    })
    .delete('/:id', async (c) => {
      const current = find(c.req.param('id'));
      const { id } = current;
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
      await store.commit([{ type: 'delete', collection: 'upstreams', id, expect: expected(c, current) }]);
      return c.body(null, 204);
    });
}

/** Mounted under /users. */
export function userUpstreamRoutes({ store, keys }: UpstreamDeps): Hono {
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

  return new Hono()
    .put('/:ext/upstream', async (c) => {
      const { revision, ...value } = find(c.req.param('ext'));
      const { id, user, secret: clear } = await readBody(account, c);
      const mine = {
        id: registrarOf(id),
        user,
        secret: keys.seal(sealedFor.user(value.extension), clear),
      };
      await store.commit([
        {
          type: 'put',
          collection: 'users',
          value: { ...value, upstream: mine },
          expect: expected(c, { revision }),
        },
      ]);
      return c.body(null, 204);
    })
    .delete('/:ext/upstream', async (c) => {
      const { revision, upstream: _, ...value } = find(c.req.param('ext'));
      await store.commit([{ type: 'put', collection: 'users', value, expect: expected(c, { revision }) }]);
      return c.body(null, 204);
    });
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

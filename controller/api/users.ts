/**
 * /users: the extensions and whose they are.
 *
 *     GET    /users                  → {items: [user]}
 *     POST   /users                  → 201 user; a `pin` may come with it
 *     GET    /users/:ext             → user, its revision as ETag
 *     PUT    /users/:ext             → user, made or replaced; but for its PIN and its account at a PBX
 *     PATCH  /users/:ext             → user
 *     DELETE /users/:ext             → 204; their sessions end
 *     PUT    /users/:ext/pin {pin}   → 204 (POST does the same)
 *     POST   /users/:ext/unlock      → 204; failed PIN tries are forgotten
 *
 * A PIN goes in and never comes out: a user shows `hasPin` and nothing more.
 */

import type { Context } from 'hono';
import { z } from 'zod';
import { type User, user } from '#controller/model/model.ts';
import type { Kept, PinAnswer, Store } from '#controller/model/ports.ts';
import { checkUser } from '#controller/sessions/rules.ts';
import { listing } from './list.ts';
import { absent, expected, missing, patched, read, tag, taken, wrong } from './read.ts';
import { listOf, type Route, route } from './route.ts';
import { inTurn } from './turns.ts';

/** What this room asks of controller/sessions. */
export interface Pins {
  /** Throws `input.invalid` with field `pin` when it is weak. */
  setPin(extension: string, pin: string): Promise<void>;
  /** What the user document keeps of it. Throws as `setPin` does. */
  hashPin(extension: string, pin: string): Promise<string>;
  unlock(extension: string): Promise<void>;
  /** Of somebody at the page, from that address. */
  check(address: string, extension: string, pin: string): Promise<PinAnswer>;
}

const pin = z.string().max(64);
const { pinHash: _, upstream: __, ...fields } = user.shape;
/** What the API tells and takes of a user. */
export const shownUser = z.strictObject(fields);
const creation = shownUser.extend({ pin: pin.optional() });
const replacement = shownUser
  .omit({ extension: true })
  .extend({ extension: shownUser.shape.extension.optional() });
const pinBody = z.strictObject({ pin });

export type UserDeps = { store: Store; pins: Pins };

const answer = shownUser.extend({
  hasPin: z.boolean(),
  upstream: z.strictObject({ id: z.string(), user: z.string(), hasSecret: z.boolean() }).optional(),
});

const users = listing<User, 'extension' | 'name' | 'hotdesk' | 'secondDevice' | 'hasPin'>({
  id: ({ extension }) => extension,
  fields: {
    extension: ({ extension }) => extension,
    name: ({ name }) => name,
    hotdesk: ({ hotdesk }) => hotdesk,
    secondDevice: ({ secondDevice }) => secondDevice,
    hasPin: ({ pinHash }) => pinHash !== undefined,
  },
});

export function userRoutes({ store, pins }: UserDeps): Route[] {
  function find(id: string): Kept<User> {
    const found = store.get('users', id);
    if (found === undefined) throw missing('user', id);
    return found;
  }

  /** A user whose PIN is refused is not made. */
  async function setFirstPin(extension: string, newPin: string): Promise<void> {
    try {
      await pins.setPin(extension, newPin);
    } catch (error) {
      await store.commit([{ type: 'delete', collection: 'users', id: extension }]);
      throw error;
    }
  }

  function tagged(c: Context, extension: string) {
    const found = find(extension);
    tag(c, found);
    return toJson(found);
  }

  return [
    route(
      {
        method: 'get',
        path: '/users',
        access: 'readOnly',
        tag: 'users',
        summary: 'All users',
        query: users.query,
        answer: listOf(answer),
      },
      ({ c, query }) => users.page(c, query, store.list('users'), toJson),
    ),
    route(
      {
        method: 'post',
        path: '/users',
        access: 'admin',
        tag: 'users',
        summary: 'Make a user',
        body: creation,
        answer,
        status: 201,
      },
      async ({ c, body: { pin: newPin, ...rest } }) => {
        await inTurn(store, async () => {
          if (store.get('users', rest.extension) !== undefined)
            throw taken('user', rest.extension, 'extension');
          checkUser(rest, store);
          await store.commit([{ type: 'put', collection: 'users', value: rest, expect: 'absent' }]);
        });
        if (newPin !== undefined) await setFirstPin(rest.extension, newPin);
        return tagged(c, rest.extension);
      },
    ),
    route(
      {
        method: 'get',
        path: '/users/{extension}',
        access: 'user',
        tag: 'users',
        summary: 'One user',
        answer,
      },
      ({ c, params }) => tagged(c, params.extension),
    ),
    route(
      {
        method: 'put',
        path: '/users/{extension}',
        access: 'admin',
        tag: 'users',
        summary: 'Make or replace a user; the PIN and the account at a PBX stay',
        body: replacement,
        answer,
      },
      async ({ c, params: { extension }, body }) => {
        const current = store.get('users', extension);
        if (body.extension !== undefined && body.extension !== extension) {
          throw wrong('extension', `is ${body.extension} here and ${extension} in the path`);
        }
        const value = read(shownUser, { ...body, extension });
        await inTurn(store, async () => {
          checkUser(value, store);
          const expect = current === undefined ? absent(c) : expected(c, current);
          const kept = { ...value, ...hidden(current) };
          await store.commit([{ type: 'put', collection: 'users', value: kept, expect }]);
        });
        return c.json(tagged(c, extension), current === undefined ? 201 : 200);
      },
    ),
    route(
      {
        method: 'patch',
        path: '/users/{extension}',
        access: 'admin',
        tag: 'users',
        summary: 'Change a user',
        patch: shownUser,
        answer,
      },
      async ({ c, params, body }) => {
        const { revision, pinHash, upstream, ...current } = find(params.extension);
        const changed = patched(shownUser, body, current, { id: 'extension' });
        const value: User = { ...changed, ...hidden({ pinHash, upstream }) };
        checkUser(value, store);
        await store.commit([{ type: 'put', collection: 'users', value, expect: expected(c, { revision }) }]);
        return tagged(c, value.extension);
      },
    ),
    route(
      {
        method: 'delete',
        path: '/users/{extension}',
        access: 'admin',
        tag: 'users',
        summary: 'Remove a user; his sessions end',
      },
      async ({ c, params }) => {
        const current = find(params.extension);
        const id = current.extension;
        await store.commit([{ type: 'delete', collection: 'users', id, expect: expected(c, current) }]);
      },
    ),
    ...(['put', 'post'] as const).map((method) =>
      route(
        {
          method,
          path: '/users/{extension}/pin',
          access: 'user',
          tag: 'users',
          summary: 'Set the PIN',
          body: pinBody,
        },
        async ({ params, body }) => await pins.setPin(find(params.extension).extension, body.pin),
      ),
    ),
    route(
      {
        method: 'post',
        path: '/users/{extension}/unlock',
        access: 'admin',
        tag: 'users',
        summary: 'Forget wrong PINs',
      },
      async ({ params }) => await pins.unlock(find(params.extension).extension),
    ),
  ];
}

/** What a user has that no face shows: it outlives every change of the rest. */
const hidden = (
  user: { pinHash?: User['pinHash'] | undefined; upstream?: User['upstream'] | undefined } = {},
) => ({
  ...(user.pinHash !== undefined && { pinHash: user.pinHash }),
  ...(user.upstream !== undefined && { upstream: user.upstream }),
});

function toJson(value: User): z.infer<typeof answer> {
  const { extension, name, hotdesk, secondDevice, policy, keys, pinHash, upstream } = value;
  const account = upstream && { id: upstream.id, user: upstream.user, hasSecret: true };
  return {
    extension,
    name,
    hotdesk,
    secondDevice,
    policy,
    keys,
    hasPin: pinHash !== undefined,
    upstream: account,
  };
}

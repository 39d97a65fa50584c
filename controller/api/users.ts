/**
 * /users: the extensions and whose they are.
 *
 *     GET    /users                  → {items: [user]}
 *     POST   /users                  → 201 user; a `pin` may come with it
 *     GET    /users/:ext             → user, its revision as ETag
 *     PATCH  /users/:ext             → user
 *     DELETE /users/:ext             → 204; their sessions end
 *     PUT    /users/:ext/pin {pin}   → 204 (POST does the same)
 *     POST   /users/:ext/unlock      → 204; failed PIN tries are forgotten
 *
 * A PIN goes in and never comes out: a user shows `hasPin` and nothing more.
 */

import { Hono } from 'hono';
import { z } from 'zod';
import { type User, user } from '#controller/model/model.ts';
import type { Kept, Store } from '#controller/model/ports.ts';
import { checkUser } from '#controller/sessions/rules.ts';
import { expected, missing, readBody, readPatch, tag, taken } from './read.ts';
import { inTurn } from './turns.ts';

/** What this room asks of controller/sessions. */
export interface Pins {
  /** Throws `input.invalid` with field `pin` when it is weak. */
  setPin(extension: string, pin: string): Promise<void>;
  /** What the user document keeps of it. Throws as `setPin` does. */
  hashPin(extension: string, pin: string): Promise<string>;
  unlock(extension: string): Promise<void>;
}

const pin = z.string().max(64);
const { pinHash: _, upstream: __, ...fields } = user.shape;
/** What the API tells and takes of a user. */
export const shownUser = z.strictObject(fields);
const creation = shownUser.extend({ pin: pin.optional() });
const pinBody = z.strictObject({ pin });

export type UserDeps = { store: Store; pins: Pins };

export function userRoutes({ store, pins }: UserDeps): Hono {
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

  return new Hono()
    .get('/', (c) => c.json({ items: store.list('users').map(toJson) }))
    .post('/', async (c) => {
      const { pin: newPin, ...rest } = await readBody(creation, c);
      await inTurn(store, async () => {
        if (store.get('users', rest.extension) !== undefined)
          throw taken('user', rest.extension, 'extension');
        checkUser(rest, store);
        await store.commit([{ type: 'put', collection: 'users', value: rest, expect: 'absent' }]);
      });
      if (newPin !== undefined) await setFirstPin(rest.extension, newPin);
      return c.json(toJson(find(rest.extension)), 201);
    })
    .get('/:ext', (c) => {
      const found = find(c.req.param('ext'));
      tag(c, found);
      return c.json(toJson(found));
    })
    .patch('/:ext', async (c) => {
      const { revision, pinHash, upstream, ...current } = find(c.req.param('ext'));
      const changed = await readPatch(shownUser, c, current, { id: 'extension' });
      const value: User = {
        ...changed,
        ...(pinHash !== undefined && { pinHash }),
        ...(upstream !== undefined && { upstream }),
      };
      checkUser(value, store);
      await store.commit([{ type: 'put', collection: 'users', value, expect: expected(c, { revision }) }]);
      return c.json(toJson(value));
    })
    .delete('/:ext', async (c) => {
      const current = find(c.req.param('ext'));
      const id = current.extension;
      await store.commit([{ type: 'delete', collection: 'users', id, expect: expected(c, current) }]);
      return c.body(null, 204);
    })
    .on(['PUT', 'POST'], '/:ext/pin', async (c) => {
      const { extension } = find(c.req.param('ext'));
      await pins.setPin(extension, (await readBody(pinBody, c)).pin);
      return c.body(null, 204);
    })
    .post('/:ext/unlock', async (c) => {
      await pins.unlock(find(c.req.param('ext')).extension);
      return c.body(null, 204);
    });
}

function toJson(value: User): object {
  const { extension, name, hotdesk, secondDevice, keys, pinHash, upstream } = value;
  const account = upstream && { id: upstream.id, user: upstream.user, hasSecret: true };
  return {
    extension,
    name,
    hotdesk,
    secondDevice,
    keys,
    hasPin: pinHash !== undefined,
    upstream: account,
  };
}

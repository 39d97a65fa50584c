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
import { Hono } from 'hono';
import { z } from 'zod';
import { type ApiToken, displayName } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { missing, readBody } from './read.ts';

const creation = z.strictObject({ name: displayName });
const form = /^hdt_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;

export function tokenRoutes({ store, clock }: { store: Store; clock: Clock }): Hono {
  function find(id: string): ApiToken {
    const found = store.get('apiTokens', id);
    if (found === undefined) throw missing('token', id);
    return found;
  }

  return new Hono()
    .get('/', (c) => c.json({ items: store.list('apiTokens').map(toJson) }))
    .post('/', async (c) => {
      const { name } = await readBody(creation, c);
      const id = randomBytes(8).toString('hex');
      const token = `hdt_${id}_${randomBytes(32).toString('base64url')}`;
      const value: ApiToken = { id, name, hash: hash(token).toString('hex'), createdAt: clock.wall() };
      await store.commit([{ type: 'put', collection: 'apiTokens', value, expect: 'absent' }]);
      return c.json({ ...toJson(value), token }, 201);
    })
    .get('/:id', (c) => c.json(toJson(find(c.req.param('id')))))
    .delete('/:id', async (c) => {
      const { id } = find(c.req.param('id'));
      await store.commit([{ type: 'delete', collection: 'apiTokens', id }]);
      return c.body(null, 204);
    });
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

/**
 * /sessions: who sits where.
 *
 *     GET    /sessions                      → {items: [session]}
 *     POST   /sessions {device, extension}  → 201 session; on disk, the phone follows
 *     GET    /sessions/:device
 *     DELETE /sessions/:device              → 204; 404 when nobody is logged in there
 */

import { Hono } from 'hono';
import { z } from 'zod';
import { deviceId, extension, type Session } from '#controller/model/model.ts';
import type { ChangeOvers, Sessions, Store } from '#controller/model/ports.ts';
import { missing, readBody } from './read.ts';

export type SessionDeps = {
  store: Store;
  sessions: Pick<Sessions, 'login' | 'logout'>;
  changeOvers: Pick<ChangeOvers, 'of'>;
  how: 'admin' | 'api';
};

const creation = z.strictObject({ device: deviceId, extension });

export function sessionRoutes({ store, sessions, changeOvers, how }: SessionDeps): Hono {
  const toJson = ({ device, extension: user, since, how: begun }: Session): object => ({
    device,
    extension: user,
    since: new Date(since).toISOString(),
    how: begun,
    changeOver: changeOvers.of(device),
  });

  return new Hono()
    .get('/', (c) => c.json({ items: store.list('sessions').map(toJson) }))
    .post('/', async (c) => {
      const wanted = await readBody(creation, c);
      if (store.get('devices', wanted.device) === undefined) throw missing('device', wanted.device);
      if (store.get('users', wanted.extension) === undefined) throw missing('user', wanted.extension);
      return c.json(toJson(await sessions.login(wanted.device, wanted.extension, how)), 201);
    })
    .get('/:device', (c) => {
      const session = store.get('sessions', c.req.param('device'));
      if (session === undefined) throw missing('session', c.req.param('device'));
      return c.json(toJson(session));
    })
    .delete('/:device', async (c) => {
      const device = c.req.param('device');
      const ended = store.get('sessions', device) && (await sessions.logout(device, how));
      if (ended === undefined) throw missing('session', device);
      return c.body(null, 204);
    });
}

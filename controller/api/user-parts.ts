/**
 * What belongs to one user, and what is done to many.
 *
 *     GET, PUT /users/:ext/layout {keys}      the keys by position; what is got can be put elsewhere
 *     GET      /users/:ext/sessions           → {items: [session]}: where he sits
 *     DELETE   /users/:ext/sessions           → 204: nowhere any more
 *     DELETE   /users/:ext/pin                → 204: he cannot log in until he is given another
 *     POST     /users/change                  {extensions, change} → {changed}: all of them or none
 *
 * `change` of many is as a PATCH of one: `hotdesk`, `secondDevice`, `policy` or `keys`, null removes.
 */

import { z } from 'zod';
import { whoOf } from '#controller/api/access/who.ts';
import { extension, key, type User, user } from '#controller/model/model.ts';
import type { Change, ChangeOvers, Kept, Sessions, Store } from '#controller/model/ports.ts';
import { expected, missing, patched, tag, wrong } from './read.ts';
import { listOf, type Route, route } from './route.ts';
import { shownSession, showSession } from './sessions.ts';

export type UserPartDeps = {
  store: Store;
  sessions: Pick<Sessions, 'logout'>;
  changeOvers: Pick<ChangeOvers, 'of'>;
};

const layout = z.strictObject({ keys: z.array(key).max(200) });
const many = user.pick({ hotdesk: true, secondDevice: true, policy: true, keys: true });
const change = z.strictObject({
  hotdesk: z.boolean().optional(),
  secondDevice: many.shape.secondDevice.nullable(),
  policy: many.shape.policy.nullable(),
  keys: layout.shape.keys.optional(),
});
const changing = z.strictObject({ extensions: z.array(extension).min(1).max(1_000), change });

export function userPartRoutes({ store, sessions, changeOvers }: UserPartDeps): Route[] {
  function find(id: string): Kept<User> {
    const found = store.get('users', id);
    if (found === undefined) throw missing('user', id);
    return found;
  }

  const sessionsOf = (id: string) => store.list('sessions').filter((session) => session.extension === id);

  return [
    route(
      {
        method: 'get',
        path: '/users/{extension}/layout',
        access: 'user',
        tag: 'layouts',
        summary: 'A user’s keys',
        answer: layout,
      },
      ({ c, params }) => {
        const found = find(params.extension);
        tag(c, found);
        return { keys: found.keys };
      },
    ),
    route(
      {
        method: 'put',
        path: '/users/{extension}/layout',
        access: 'user',
        tag: 'layouts',
        summary: 'Replace a user’s keys',
        body: layout,
        answer: layout,
      },
      async ({ c, params, body: { keys } }) => {
        const { revision, ...current } = find(params.extension);
        const expect = expected(c, { revision });
        await store.commit([{ type: 'put', collection: 'users', value: { ...current, keys }, expect }]);
        const made = find(params.extension);
        tag(c, made);
        return { keys: made.keys };
      },
    ),
    route(
      {
        method: 'get',
        path: '/users/{extension}/sessions',
        access: 'user',
        tag: 'sessions',
        summary: 'Where a user sits',
        answer: listOf(shownSession),
      },
      ({ params }) => {
        const found = sessionsOf(find(params.extension).extension);
        return { items: found.map((session) => showSession(session, changeOvers)) };
      },
    ),
    route(
      {
        method: 'delete',
        path: '/users/{extension}/sessions',
        access: 'user',
        tag: 'sessions',
        summary: 'Log a user out everywhere',
      },
      async ({ c, params }) => {
        for (const { device } of sessionsOf(find(params.extension).extension)) {
          if (store.get('sessions', device)?.extension === params.extension)
            await sessions.logout(device, whoOf(c).how);
        }
      },
    ),
    route(
      {
        method: 'delete',
        path: '/users/{extension}/pin',
        access: 'admin',
        tag: 'users',
        summary: 'Take a user’s PIN away',
      },
      async ({ c, params }) => {
        const { revision, pinHash: _, ...value } = find(params.extension);
        await store.commit([{ type: 'put', collection: 'users', value, expect: expected(c, { revision }) }]);
      },
    ),
    route(
      {
        method: 'post',
        path: '/users/change',
        access: 'admin',
        tag: 'users',
        summary: 'Change many users, all of them or none',
        body: changing,
        answer: z.strictObject({ changed: z.number() }),
      },
      async ({ body }) => {
        const changes = body.extensions.map((id, index): Change => {
          const found = store.get('users', id);
          if (found === undefined) throw wrong(`extensions.${index}`, `there is no user "${id}"`);
          const { revision, ...current } = found;
          const value = patched(user, given(body.change), current, { id: 'extension' });
          return { type: 'put', collection: 'users', value, expect: revision };
        });
        await store.commit(changes);
        return { changed: changes.length };
      },
    ),
  ];
}

const given = (fields: object) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/**
 * /sessions: who sits where.
 *
 *     GET    /sessions                      → {items: [session]}
 *     POST   /sessions {device, extension}  → 201 session; on disk, the phone follows
 *     GET    /sessions/:device
 *     DELETE /sessions/:device              → 204; 404 when nobody is logged in there
 */

import { z } from 'zod';
import { whoOf } from '#controller/api/access/who.ts';
import { deviceId, extension, type Session, how as ways } from '#controller/model/model.ts';
import { sessionLimits } from '#controller/model/policy.ts';
import type { ChangeOvers, Kept, Sessions, Store } from '#controller/model/ports.ts';
import { listing } from './list.ts';
import { expected, missing, tag } from './read.ts';
import { listOf, moment, type Route, route } from './route.ts';
import { shownChangeOver } from './shown.ts';

export type SessionDeps = {
  store: Store;
  sessions: Pick<Sessions, 'login' | 'logout'>;
  changeOvers: Pick<ChangeOvers, 'of'>;
};

const creation = z.strictObject({ device: deviceId, extension });

export const shownSession = z.strictObject({
  device: deviceId,
  extension,
  since: moment,
  how: ways,
  limits: sessionLimits.optional(),
  changeOver: shownChangeOver,
});

export const showSession = (
  { device, extension: user, since, how, limits }: Session,
  changeOvers: SessionDeps['changeOvers'],
): z.infer<typeof shownSession> => ({
  device,
  extension: user,
  since: new Date(since).toISOString(),
  how,
  ...(limits && { limits }),
  changeOver: changeOvers.of(device),
});

export function sessionRoutes({ store, sessions, changeOvers }: SessionDeps): Route[] {
  const listed = listing<Session, 'device' | 'extension' | 'site' | 'since' | 'how'>({
    id: ({ device }) => device,
    site: siteOf,
    fields: {
      device: ({ device }) => device,
      extension: (session) => session.extension,
      site: siteOf,
      since: ({ since }) => since,
      how: (session) => session.how,
    },
  });

  function siteOf({ device }: Session): string | undefined {
    return store.get('devices', device)?.site;
  }

  function find(device: string): Kept<Session> {
    const found = store.get('sessions', device);
    if (found === undefined) throw missing('session', device);
    return found;
  }

  const toJson = (session: Session) => showSession(session, changeOvers);

  return [
    route(
      {
        method: 'get',
        path: '/sessions',
        access: 'readOnly',
        tag: 'sessions',
        summary: 'Who sits where',
        query: listed.query,
        answer: listOf(shownSession),
      },
      ({ c, query }) => listed.page(c, query, store.list('sessions'), toJson),
    ),
    route(
      {
        method: 'post',
        path: '/sessions',
        access: 'siteAdmin',
        tag: 'sessions',
        summary: 'Log a user in',
        body: creation,
        answer: shownSession,
        status: 201,
      },
      async ({ c, body: wanted }) => {
        if (store.get('devices', wanted.device) === undefined) throw missing('device', wanted.device);
        if (store.get('users', wanted.extension) === undefined) throw missing('user', wanted.extension);
        return toJson(await sessions.login(wanted.device, wanted.extension, whoOf(c).how));
      },
    ),
    route(
      {
        method: 'get',
        path: '/sessions/{device}',
        access: 'readOnly',
        tag: 'sessions',
        summary: 'Who sits at a device',
        answer: shownSession,
      },
      ({ c, params }) => {
        const found = find(params.device);
        tag(c, found);
        return toJson(found);
      },
    ),
    route(
      {
        method: 'delete',
        path: '/sessions/{device}',
        access: 'siteAdmin',
        tag: 'sessions',
        summary: 'Log a device out',
      },
      async ({ c, params: { device } }) => {
        expected(c, find(device));
        if ((await sessions.logout(device, whoOf(c).how)) === undefined) throw missing('session', device);
      },
    ),
  ];
}

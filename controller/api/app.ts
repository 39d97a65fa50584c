/**
 * The API under /api/v1: its routes, who may use them, and the one place where
 * a failure becomes a status.
 *
 *     access   local   the control socket in the data folder: whoever may open it is the admin
 *              token   a TCP port: a bearer token, and a Host that is this server's own
 *
 * A page in some browser must not reach it: no CORS header is ever sent, bodies
 * are JSON by their content type, and a foreign Host (DNS rebinding) is refused.
 */

import { type Context, Hono } from 'hono';
import { checkAccess, localWho, type Who } from '#controller/api/access/who.ts';
import { locationPath } from '#controller/emergency/location-urls.ts';
import type { Assets } from '#controller/web/assets.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { type AdoptionDeps, adoptionRoutes } from './adoption-windows.ts';
import { type Agents, agentRoutes, enrolTokenRoutes } from './agents.ts';
import { bulkRoutes } from './bulk.ts';
import { type CallDeps, callRoutes } from './calls.ts';
import { type Counts, counterRoutes } from './counters.ts';
import { type DeviceActionDeps, deviceActionRoutes } from './device-actions.ts';
import { type DeviceDeps, deviceRoutes } from './devices.ts';
import { type EmergencyDeps, emergencyCallRoutes, placeBehind, siteEmergencyRoutes } from './emergency.ts';
import { type EventDeps, eventRoutes } from './events.ts';
import { historyRoutes } from './history.ts';
import { layoutRoutes } from './layouts.ts';
import { metrics } from './metrics.ts';
import { type ModelDeps, modelRoutes } from './models.ts';
import { openapiRoute } from './openapi.ts';
import { policyRoutes } from './policy.ts';
import { formatProblem, problemOf } from './problem.ts';
import { type RedirectionDeps, redirectionRoutes } from './redirections.ts';
import { referenceRoute } from './reference.ts';
import { mount, type Route } from './route.ts';
import { type SessionDeps, sessionRoutes } from './sessions.ts';
import { siteRoutes } from './sites.ts';
import { tokenOf, tokenRoutes } from './tokens.ts';
import { type UnknownPhoneDeps, unknownPhoneRoutes } from './unknown-phones.ts';
import { type UpstreamDeps, upstreamRoutes, userUpstreamRoutes } from './upstreams.ts';
import { userPartRoutes } from './user-parts.ts';
import { type UserDeps, userRoutes } from './users.ts';
import { type WebhookDeps, webhookRoutes } from './webhooks.ts';

export type AppDeps = Omit<SessionDeps, 'how'> &
  DeviceDeps &
  Omit<DeviceActionDeps, 'how'> &
  UserDeps &
  CallDeps &
  EmergencyDeps &
  UpstreamDeps &
  RedirectionDeps &
  EventDeps &
  WebhookDeps &
  UnknownPhoneDeps &
  AdoptionDeps &
  ModelDeps & {
    hub: Agents;
    counters(): Counts;
    clock: Clock;
    log: { error(facts: object, message: string): void };
    access: { type: 'local' } | { type: 'token'; hosts: ReadonlySet<string> };
    /** The page; absent where no browser comes. */
    assets?: Assets;
  };

export const apiPath = '/api/v1';

/** Every route that there is, its own description included. */
export function apiRoutes(deps: AppDeps): Route[] {
  const how = deps.access.type === 'local' ? 'admin' : 'api';
  const routes: Route[] = [
    ...siteRoutes(deps),
    ...agentRoutes(deps),
    ...enrolTokenRoutes(deps),
    ...deviceRoutes(deps),
    ...deviceActionRoutes({ ...deps, how }),
    ...modelRoutes(deps),
    ...layoutRoutes(deps),
    ...adoptionRoutes(deps),
    ...unknownPhoneRoutes(deps),
    ...userRoutes(deps),
    ...userUpstreamRoutes(deps),
    ...userPartRoutes({ ...deps, how }),
    ...historyRoutes(deps),
    ...sessionRoutes({ ...deps, how }),
    ...callRoutes(deps),
    ...upstreamRoutes(deps),
    ...redirectionRoutes(deps),
    ...emergencyCallRoutes(deps),
    ...siteEmergencyRoutes(deps),
    ...policyRoutes(deps),
    ...webhookRoutes(deps),
    ...bulkRoutes(deps),
    ...tokenRoutes(deps),
    ...counterRoutes(deps),
    ...eventRoutes(deps),
  ];
  const all = () => routes;
  routes.push(openapiRoute(apiPath, all), referenceRoute(apiPath, all));
  return routes;
}

export function createApp(deps: AppDeps): Hono {
  const { store, access, log } = deps;
  const app = new Hono();

  app.get(`${locationPath}/:token`, (c) => placeBehind(deps, c));
  app.use(async (c, next) => {
    c.header('cache-control', 'no-store');
    if (access.type === 'token') {
      if (!access.hosts.has((c.req.header('host') ?? '').toLowerCase())) {
        throw new Fault('forbidden', 'host: this server is not known by that name', { field: 'host' });
      }
      const asset = page(deps.assets, c);
      if (asset !== undefined) return asset;
    }
    const who = access.type === 'local' ? localWho : tokenWho(store, c.req.header('authorization'));
    if (who === undefined) throw new Fault('auth.refused', 'a bearer token is needed');
    c.set('who', who);
    await next();
    return;
  });
  app.get('/metrics', (c) => metrics(deps, c));
  mount(app, apiPath, apiRoutes(deps), (c, { access: needed }) => checkAccess(c.get('who'), needed));

  app.notFound((c) =>
    formatProblem({ status: 404, code: 'not.found', detail: `no such route: ${c.req.method} ${c.req.path}` }),
  );
  app.onError((error, c) => {
    const problem = problemOf(error);
    if (problem !== undefined) return formatProblem(problem);
    log.error({ err: error, method: c.req.method, path: c.req.path }, 'request failed');
    return formatProblem({ status: 500, code: 'internal', detail: 'internal error' });
  });
  return app;
}

/** What is asked for is a file of the page, which says nothing about the company: it needs no sign-in. */
function page(assets: Assets | undefined, { req }: Context): Response | undefined {
  if (req.method !== 'GET') return undefined;
  return assets?.answer(req.path, {
    acceptEncoding: req.header('accept-encoding'),
    ifNoneMatch: req.header('if-none-match'),
  });
}

/** Whose bearer token it is, when it is one. */
function tokenWho(store: AppDeps['store'], header: string | undefined): Who | undefined {
  const token = tokenOf(store, header);
  return token && { name: `token ${token.name}`, how: 'api', role: 'owner' };
}

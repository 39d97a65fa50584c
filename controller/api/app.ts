/**
 * The API under /api/v1: its routes, who may use them, and the one place where
 * a failure becomes a status.
 *
 *     access   local   the control socket in the data folder: whoever may open it is an owner
 *              token   a TCP port: a bearer token or a cookie, and a Host that is this server's own
 *
 * Besides, for whoever watches: /healthz (it runs), /readyz (and can keep what it
 * is told; no token is needed), /metrics.
 *
 * A page in some browser must not reach it: no CORS header is ever sent, bodies
 * are JSON by their content type, and a foreign Host (DNS rebinding) is refused.
 */

import { type Context, Hono } from 'hono';
import { accountRoutes } from '#controller/api/access/accounts.ts';
import { scopeDeps } from '#controller/api/access/doors.ts';
import { identify } from '#controller/api/access/identify.ts';
import { createPerform } from '#controller/api/access/perform.ts';
import { type SignInDeps, signInRoutes } from '#controller/api/access/sign-in.ts';
import { checkAccess } from '#controller/api/access/who.ts';
import { locationPath } from '#controller/emergency/location-urls.ts';
import type { Assets } from '#controller/web/assets.ts';
import type { Clock } from '#protocol/clock.ts';
import { type AdoptionDeps, adoptionRoutes } from './adoption-windows.ts';
import { type Agents, agentRoutes, enrolTokenRoutes } from './agents.ts';
import { type AuditDeps, auditRoutes } from './audit.ts';
import { type BackupDeps, backupRoutes } from './backup.ts';
import { bulkRoutes } from './bulk.ts';
import { type QualityDeps, qualityRoutes } from './call-quality.ts';
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
import { type PromptDeps, promptRoutes } from './prompts.ts';
import { type RedirectionDeps, redirectionRoutes } from './redirections.ts';
import { referenceRoute } from './reference.ts';
import { mount, type Route, routeName } from './route.ts';
import { type SessionDeps, sessionRoutes } from './sessions.ts';
import { siteRoutes } from './sites.ts';
import { tokenRoutes } from './tokens.ts';
import { type TraceDeps, traceRoutes } from './trace.ts';
import { type UnknownPhoneDeps, unknownPhoneRoutes } from './unknown-phones.ts';
import { type UpstreamDeps, upstreamRoutes, userUpstreamRoutes } from './upstreams.ts';
import { userPartRoutes } from './user-parts.ts';
import { type UserDeps, userRoutes } from './users.ts';
import { type WebhookDeps, webhookRoutes } from './webhooks.ts';

export type AppDeps = SessionDeps &
  DeviceDeps &
  DeviceActionDeps &
  UserDeps &
  CallDeps &
  QualityDeps &
  EmergencyDeps &
  UpstreamDeps &
  RedirectionDeps &
  EventDeps &
  WebhookDeps &
  BackupDeps &
  AuditDeps &
  SignInDeps &
  UnknownPhoneDeps &
  AdoptionDeps &
  TraceDeps &
  PromptDeps &
  ModelDeps & {
    hub: Agents;
    counters(): Counts;
    clock: Clock;
    log: { error(facts: object, message: string): void };
    /** Why it cannot do its work now: what a load balancer asks for at /readyz. */
    problem(): string | undefined;
    /** The page; absent where no browser comes. */
    assets?: Assets;
  };

export const apiPath = '/api/v1';

/**
 * A room is called again for each request that changes something, with a store
 * that knows who asks: it has all it needs from there, and keeps nothing itself.
 */
const rooms: readonly ((deps: AppDeps) => Route[])[] = [
  siteRoutes,
  agentRoutes,
  enrolTokenRoutes,
  deviceRoutes,
  deviceActionRoutes,
  modelRoutes,
  layoutRoutes,
  adoptionRoutes,
  unknownPhoneRoutes,
  userRoutes,
  userUpstreamRoutes,
  userPartRoutes,
  historyRoutes,
  sessionRoutes,
  callRoutes,
  qualityRoutes,
  upstreamRoutes,
  redirectionRoutes,
  emergencyCallRoutes,
  siteEmergencyRoutes,
  policyRoutes,
  promptRoutes,
  webhookRoutes,
  bulkRoutes,
  tokenRoutes,
  counterRoutes,
  traceRoutes,
  backupRoutes,
  eventRoutes,
  auditRoutes,
  signInRoutes,
  accountRoutes,
];

/** Every route that there is, its own description included. */
export function apiRoutes(deps: AppDeps): Route[] {
  const routes = rooms.flatMap((room) => room(deps));
  const all = () => routes;
  routes.push(openapiRoute(apiPath, all), referenceRoute(apiPath, all));
  return routes;
}

/** The same route over other `deps`, as its room makes it. */
function remaking(deps: AppDeps): (route: Route, other: AppDeps) => Route {
  const roomOf = new Map(
    rooms.flatMap((room) => room(deps).map(({ declaration }) => [routeName(declaration), room])),
  );
  return (route, other) => {
    const name = routeName(route.declaration);
    return (
      roomOf
        .get(name)?.(other)
        .find(({ declaration }) => routeName(declaration) === name) ?? route
    );
  };
}

export function createApp(deps: AppDeps): Hono {
  const { access, log } = deps;
  const app = new Hono();

  app.get('/healthz', (c) => c.text('ok\n'));
  app.get('/readyz', (c) => {
    const problem = deps.problem();
    return problem === undefined ? c.text('ready\n') : c.text(`${problem}\n`, 503);
  });
  app.get(`${locationPath}/:token`, (c) => placeBehind(deps, c));
  app.use(async (c, next) => {
    await next();
    harden(c, access.type === 'token' && access.isSecure === true);
  });
  app.use(async (c, next) => {
    c.set('who', identify(deps, c));
    const asset = page(deps.assets, c);
    if (asset !== undefined) return asset;
    await next();
    return;
  });
  app.get('/metrics', (c) => {
    checkAccess(c.get('who'), { access: 'readOnly' });
    return metrics(deps, c);
  });
  const perform = createPerform({ deps, remake: remaking(deps), scope: scopeDeps, audit: deps.audit });
  mount(app, apiPath, apiRoutes(deps), perform);

  app.notFound((c) => {
    checkAccess(c.get('who'), { access: 'user' });
    return formatProblem({
      status: 404,
      code: 'not.found',
      detail: `no such route: ${c.req.method} ${c.req.path}`,
    });
  });
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

/** For what is no page: it is shown nowhere, and loads nothing. */
const strict = {
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** On every answer; what says itself what it may do keeps that. */
function harden({ res }: Context, isSecure: boolean): void {
  for (const [name, value] of Object.entries(strict)) {
    if (!res.headers.has(name)) res.headers.set(name, value);
  }
  if (isSecure) res.headers.set('strict-transport-security', 'max-age=31536000');
}

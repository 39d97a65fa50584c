/**
 * Emergency calls.
 *
 *     GET  /emergency-calls                      → {items: [call]}, the last 200, the latest first
 *     POST /sites/:id/emergency-test {device?}   → {ok, device, number, steps: [{route, step, ok, detail}]}
 *     GET  /sites/:id/webhook-secret             → {secret}: what signs the notices to the site's contacts
 *     GET  /location/:token                      → PIDF-LO; without a bearer token: the URL is the secret
 */

import type { Context } from 'hono';
import { z } from 'zod';
import { pidfLoType } from '#controller/emergency/pidf-lo.ts';
import { deviceId, type EmergencyCall, emergencyCall, type Site } from '#controller/model/model.ts';
import type { Emergencies, Kept, Store } from '#controller/model/ports.ts';
import { listing } from './list.ts';
import { missing, wrong } from './read.ts';
import { listOf, moment, type Route, route } from './route.ts';

export type EmergencyDeps = { store: Store; emergency: Emergencies };

const report = z.strictObject({
  ok: z.boolean(),
  device: z.string().nullable(),
  number: z.string(),
  steps: z.array(
    z.strictObject({ route: z.string(), step: z.string(), ok: z.boolean(), detail: z.string() }),
  ),
});
const testBody = z.strictObject({ device: deviceId.optional() });

const calls = listing<EmergencyCall, 'device' | 'site' | 'number' | 'state' | 'at'>({
  id: ({ id }) => id,
  site: ({ site }) => site,
  fields: {
    device: ({ device }) => device,
    site: ({ site }) => site,
    number: ({ number }) => number,
    state: ({ state }) => state,
    at: ({ at }) => at,
  },
  order: { by: ({ at }) => at, isDown: true },
});

export function emergencyCallRoutes({ emergency }: EmergencyDeps): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/emergency-calls',
        access: 'readOnly',
        tag: 'emergency',
        summary: 'The last emergency calls',
        query: calls.query,
        answer: listOf(emergencyCall.extend({ at: moment, revision: z.number().optional() })),
      },
      ({ c, query }) =>
        calls.page(c, query, emergency.calls(), (call) => ({ ...call, at: new Date(call.at).toISOString() })),
    ),
  ];
}

export function siteEmergencyRoutes({ store, emergency }: EmergencyDeps): Route[] {
  function find(id: string): Kept<Site> {
    const found = store.get('sites', id);
    if (found === undefined) throw missing('site', id);
    return found;
  }

  return [
    route(
      {
        method: 'post',
        path: '/sites/{id}/emergency-test',
        access: 'siteAdmin',
        tag: 'emergency',
        summary: 'Test every route of a site, without calling anybody',
        body: testBody,
        answer: report,
      },
      async ({ params, body: { device: id } }) => {
        const site = find(params.id);
        if (id === undefined) return await emergency.test(site);
        const device = store.get('devices', id);
        if (device?.site !== site.id) throw wrong('device', `${id} is no device of site ${site.id}`);
        return await emergency.test(site, device);
      },
    ),
    route(
      {
        method: 'get',
        path: '/sites/{id}/webhook-secret',
        access: 'admin',
        isTold: true,
        tag: 'emergency',
        summary: 'What signs the notices to a site’s contacts',
        answer: z.strictObject({ secret: z.string() }),
      },
      ({ params }) => ({ secret: emergency.webhookSecret(find(params.id).id) }),
    ),
  ];
}

/** For who got its URL in an emergency call: known by that alone. */
export function placeBehind({ emergency }: EmergencyDeps, c: Context): Response {
  const place = emergency.placeBehind(c.req.param('token') ?? '');
  if (place === undefined) return c.text('', 404);
  return c.body(place, 200, { 'content-type': pidfLoType, 'cache-control': 'no-store' });
}

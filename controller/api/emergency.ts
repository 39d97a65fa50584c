/**
 * Emergency calls.
 *
 *     GET  /emergency-calls                      → {items: [call]}, the last 200, the latest first
 *     POST /sites/:id/emergency-test {device?}   → {ok, device, number, steps: [{route, step, ok, detail}]}
 *     GET  /sites/:id/webhook-secret             → {secret}: what signs the notices to the site's contacts
 *     GET  /location/:token                      → PIDF-LO; without a bearer token: the URL is the secret
 */

import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { pidfLoType } from '#controller/emergency/pidf-lo.ts';
import { deviceId, type Site } from '#controller/model/model.ts';
import type { Emergencies, Kept, Store } from '#controller/model/ports.ts';
import { missing, readBody, wrong } from './read.ts';

export type EmergencyDeps = { store: Store; emergency: Emergencies };

const testBody = z.strictObject({ device: deviceId.optional() });

export function emergencyCallRoutes({ emergency }: EmergencyDeps): Hono {
  return new Hono().get('/', (c) =>
    c.json({ items: emergency.calls().map((call) => ({ ...call, at: new Date(call.at).toISOString() })) }),
  );
}

export function siteEmergencyRoutes({ store, emergency }: EmergencyDeps): Hono {
  function find(id: string): Kept<Site> {
    const found = store.get('sites', id);
    if (found === undefined) throw missing('site', id);
    return found;
  }

  return new Hono()
    .post('/:id/emergency-test', async (c) => {
      const site = find(c.req.param('id'));
      const { device: id } = await readBody(testBody, c);
      if (id === undefined) return c.json(await emergency.test(site));
      const device = store.get('devices', id);
      if (device?.site !== site.id) throw wrong('device', `${id} is no device of site ${site.id}`);
      return c.json(await emergency.test(site, device));
    })
    .get('/:id/webhook-secret', (c) =>
      c.json({ secret: emergency.webhookSecret(find(c.req.param('id')).id) }),
    );
}

/** For who got its URL in an emergency call: known by that alone. */
export function placeBehind({ emergency }: EmergencyDeps, c: Context): Response {
  const place = emergency.placeBehind(c.req.param('token') ?? '');
  if (place === undefined) return c.text('', 404);
  return c.body(place, 200, { 'content-type': pidfLoType, 'cache-control': 'no-store' });
}

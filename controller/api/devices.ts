/**
 * /devices: the phones.
 *
 *     GET    /devices                       → {items: [device]}
 *     POST   /devices {mac, model, site}    → 201 device, named HD and the next free number unless an `id` is given
 *     GET    /devices/:id                   → device, its revision as ETag
 *     PATCH  /devices/:id                   → device; `mac`, `model`, `site` and `place` may change
 *     DELETE /devices/:id                   → 204; its session and its registration go with it
 *
 * A device shows what is true of it now: its provisioning URL, its change-over,
 * where it is registered, and the keys its phone has no room for.
 */

import { Hono } from 'hono';
import { z } from 'zod';
import { type Device, deviceId, siteId } from '#controller/model/model.ts';
import { place } from '#controller/model/place.ts';
import type { Change, ChangeOvers, Emergencies, Kept, Store } from '#controller/model/ports.ts';
import type { Provisioning } from '#controller/provisioning/provisioning.ts';
import { formatHostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { addDevice, changed, placed, unregistered } from './new-device.ts';
import { expected, missing, readBody, readPatch, tag } from './read.ts';
import { inTurn } from './turns.ts';

export type DeviceDeps = {
  store: Store;
  changeOvers: Pick<ChangeOvers, 'of'>;
  provisioning: Pick<Provisioning, 'urlOf' | 'cutKeysOf'>;
  emergency: Pick<Emergencies, 'deviceProblems'>;
  clock: Clock;
};

const shown = z.strictObject({
  mac: z.string().max(32),
  model: z.string().max(64),
  site: siteId,
  place: place.optional(),
});
export const newDevice = shown.extend({ id: deviceId.optional() });

export function deviceRoutes({ store, changeOvers, provisioning, emergency, clock }: DeviceDeps): Hono {
  function find(id: string): Kept<Device> {
    const found = store.get('devices', id);
    if (found === undefined) throw missing('device', id);
    return found;
  }

  return new Hono()
    .get('/', (c) => c.json({ items: store.list('devices').map(toJson) }))
    .post('/', async (c) => {
      const { id: chosen, ...wanted } = await readBody(newDevice, c);
      return c.json(toJson(await addDevice(store, wanted, chosen)), 201);
    })
    .get('/:id', (c) => {
      const found = find(c.req.param('id'));
      tag(c, found);
      return c.json(toJson(found));
    })
    .patch('/:id', async (c) => {
      const { revision, ...current } = find(c.req.param('id'));
      const { mac, model, site, place: before } = current;
      const old = { mac, model, site, ...(before && { place: before }) };
      const wanted = await readPatch(shown, c, old, { id: 'id', merged: ['place'] });
      return await inTurn(store, async () => {
        const { value, ended } = changed(store, current, placed(store, current.id, wanted));
        await store.commit([
          { type: 'put', collection: 'devices', value, expect: expected(c, { revision }) },
          ...ended,
        ]);
        return c.json(toJson(value));
      });
    })
    .delete('/:id', async (c) => {
      const current = find(c.req.param('id'));
      const { id } = current;
      const session: Change[] =
        store.get('sessions', id) === undefined ? [] : [{ type: 'delete', collection: 'sessions', id }];
      await store.commit([
        { type: 'delete', collection: 'devices', id, expect: expected(c, current) },
        ...session,
        ...unregistered(store, id),
      ]);
      return c.body(null, 204);
    });

  function toJson(device: Device): object {
    const { id, mac: address, vendor, model, site } = device;
    const session = store.get('sessions', id);
    const binding = store.get('bindings', id);
    const isRegistered = binding !== undefined && binding.expiresAt > clock.wall();
    return {
      id,
      mac: address,
      vendor,
      model,
      site,
      provisioningUrl: provisioning.urlOf(id),
      extension: session?.extension ?? null,
      changeOver: changeOvers.of(id),
      registered: isRegistered
        ? {
            aor: binding.aor,
            address: formatHostPort(binding.flow.remote),
            transport: binding.flow.transport,
            agent: binding.flow.agent,
            userAgent: binding.userAgent,
            expiresAt: new Date(binding.expiresAt).toISOString(),
          }
        : null,
      cutKeys: provisioning.cutKeysOf(id),
      place: device.place ?? null,
      problems: emergency.deviceProblems(device),
    };
  }
}

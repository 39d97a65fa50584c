/**
 * /devices: the phones.
 *
 *     GET    /devices                       → {items: [device]}
 *     POST   /devices {mac, model, site}    → 201 device, named HD and the next free number unless an `id` is given
 *     GET    /devices/:id                   → device, its revision as ETag
 *     PUT    /devices/:id {mac, model, site, place?}  → device, made or replaced
 *     PATCH  /devices/:id                   → device; all but its name may change
 *     DELETE /devices/:id                   → 204; its session and its registration go with it
 *
 * A device shows what is true of it now: its provisioning URL, its change-over,
 * where it is registered, and the keys its phone has no room for.
 */

import type { Context } from 'hono';
import { z } from 'zod';
import { type Binding, type Device, deviceId, key, siteId } from '#controller/model/model.ts';
import { place } from '#controller/model/place.ts';
import type { Change, ChangeOvers, Emergencies, Kept, Store } from '#controller/model/ports.ts';
import { phoneProblems } from '#controller/provisioning/phone-problems.ts';
import type { Provisioning } from '#controller/provisioning/provisioning.ts';
import { formatHostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { listing } from './list.ts';
import { addDevice, changed, placed, unregistered, type WantedDevice } from './new-device.ts';
import { absent, expected, missing, patched, read, tag } from './read.ts';
import { redirectionsOf, shownRedirection } from './redirections.ts';
import { listOf, moment, type Route, route } from './route.ts';
import { shownChangeOver } from './shown.ts';
import { inTurn } from './turns.ts';

export type DeviceDeps = {
  store: Store;
  changeOvers: Pick<ChangeOvers, 'of'>;
  provisioning: Pick<Provisioning, 'urlOf' | 'cutKeysOf' | 'askerOf'>;
  emergency: Pick<Emergencies, 'deviceProblems'>;
  clock: Clock;
};

const shown = z.strictObject({
  mac: z.string().max(32),
  model: z.string().max(64),
  site: siteId,
  place: place.optional(),
  expansions: z.int().min(0).max(6).optional(),
});
export const newDevice = shown.extend({ id: deviceId.optional() });

const answer = z.strictObject({
  id: deviceId,
  mac: z.string(),
  vendor: z.string(),
  model: z.string(),
  site: siteId,
  /** The folder to type into the phone; absent while its site has no agent. */
  provisioningUrl: z.string().optional(),
  extension: z.string().nullable(),
  changeOver: shownChangeOver,
  registered: z
    .strictObject({
      aor: z.string(),
      address: z.string(),
      transport: z.enum(['udp', 'tcp', 'tls']),
      agent: z.string(),
      userAgent: z.string(),
      expiresAt: moment,
    })
    .nullable(),
  /** How many modules stand beside it. */
  expansions: z.int(),
  cutKeys: z.array(key),
  place: place.nullable(),
  /** Who asked for its files last, since the start; `odd`: what does not fit its model. */
  asked: z.strictObject({ at: moment, userAgent: z.string(), odd: z.string().nullable() }).nullable(),
  /** At which redirection services it is, or is to be. */
  redirections: z.array(shownRedirection),
  problems: z.array(z.string()),
});

export function deviceRoutes({ store, changeOvers, provisioning, emergency, clock }: DeviceDeps): Route[] {
  const devices = listing<
    Device,
    'id' | 'mac' | 'vendor' | 'model' | 'site' | 'extension' | 'name' | 'state' | 'registered'
  >({
    id: ({ id }) => id,
    site: ({ site }) => site,
    fields: {
      id: ({ id }) => id,
      mac: ({ mac }) => mac,
      vendor: ({ vendor }) => vendor,
      model: ({ model }) => model,
      site: ({ site }) => site,
      extension: ({ id }) => store.get('sessions', id)?.extension,
      name: ({ id }) => store.get('users', store.get('sessions', id)?.extension ?? '')?.name,
      state: ({ id }) => changeOvers.of(id).state,
      registered: ({ id }) => bindingOf(id) !== undefined,
    },
  });

  function bindingOf(id: string): Binding | undefined {
    const binding = store.get('bindings', id);
    return binding !== undefined && binding.expiresAt > clock.wall() ? binding : undefined;
  }

  function tagged(c: Context, id: string) {
    const found = find(id);
    tag(c, found);
    return toJson(found);
  }

  /** What it has become, and with it what ends. */
  async function change(c: Context, { revision, ...current }: Kept<Device>, wanted: WantedDevice) {
    await inTurn(store, async () => {
      const { value, ended } = changed(store, current, placed(store, current.id, wanted));
      const expect = expected(c, { revision });
      await store.commit([{ type: 'put', collection: 'devices', value, expect }, ...ended]);
    });
    return tagged(c, current.id);
  }

  function find(id: string): Kept<Device> {
    const found = store.get('devices', id);
    if (found === undefined) throw missing('device', id);
    return found;
  }

  return [
    route(
      {
        method: 'get',
        path: '/devices',
        access: 'readOnly',
        tag: 'devices',
        summary: 'All devices',
        query: devices.query,
        answer: listOf(answer),
      },
      ({ c, query }) => devices.page(c, query, store.list('devices'), toJson),
    ),
    route(
      {
        method: 'post',
        path: '/devices',
        access: 'siteAdmin',
        tag: 'devices',
        summary: 'Make a device',
        body: newDevice,
        answer,
        status: 201,
      },
      async ({ c, body: { id: chosen, ...wanted } }) =>
        tagged(c, (await addDevice(store, wanted, chosen)).id),
    ),
    route(
      {
        method: 'get',
        path: '/devices/{id}',
        access: 'readOnly',
        tag: 'devices',
        summary: 'One device',
        answer,
      },
      ({ c, params }) => tagged(c, params.id),
    ),
    route(
      {
        method: 'put',
        path: '/devices/{id}',
        access: 'siteAdmin',
        tag: 'devices',
        summary: 'Make or replace a device',
        body: shown,
        answer,
      },
      async ({ c, params, body }) => {
        const current = store.get('devices', params.id);
        if (current !== undefined) return await change(c, current, body);
        absent(c);
        const { id } = await addDevice(store, body, read(newDevice.pick({ id: true }), params).id);
        return c.json(tagged(c, id), 201);
      },
    ),
    route(
      {
        method: 'patch',
        path: '/devices/{id}',
        access: 'siteAdmin',
        tag: 'devices',
        summary: 'Change a device',
        patch: shown,
        answer,
      },
      async ({ c, params, body }) => {
        const current = find(params.id);
        return await change(
          c,
          current,
          patched(shown, body, given(current), { id: 'id', merged: ['place'] }),
        );
      },
    ),
    route(
      {
        method: 'delete',
        path: '/devices/{id}',
        access: 'siteAdmin',
        tag: 'devices',
        summary: 'Remove a device; its session and its registration go with it',
      },
      async ({ c, params }) => {
        const current = find(params.id);
        const { id } = current;
        const session: Change[] =
          store.get('sessions', id) === undefined ? [] : [{ type: 'delete', collection: 'sessions', id }];
        await store.commit([
          { type: 'delete', collection: 'devices', id, expect: expected(c, current) },
          ...session,
          ...unregistered(store, id),
        ]);
      },
    ),
  ];

  function toJson(device: Device) {
    const { id, mac: address, vendor, model, site } = device;
    const session = store.get('sessions', id);
    const binding = bindingOf(id);
    const asker = provisioning.askerOf(id);
    return {
      id,
      mac: address,
      vendor,
      model,
      site,
      provisioningUrl: provisioning.urlOf(id),
      extension: session?.extension ?? null,
      changeOver: changeOvers.of(id),
      registered: binding
        ? {
            aor: binding.aor,
            address: formatHostPort(binding.flow.remote),
            transport: binding.flow.transport,
            agent: binding.flow.agent,
            userAgent: binding.userAgent,
            expiresAt: new Date(binding.expiresAt).toISOString(),
          }
        : null,
      expansions: device.expansions ?? 0,
      cutKeys: provisioning.cutKeysOf(id),
      place: device.place ?? null,
      asked: asker
        ? { at: new Date(asker.at).toISOString(), userAgent: asker.userAgent, odd: asker.odd ?? null }
        : null,
      redirections: redirectionsOf(store, device),
      problems: [...emergency.deviceProblems(device), ...phoneProblems(device)],
    };
  }
}

/** What an admin said of it, as far as he did. */
export const given = ({ mac, model, site, place: where, expansions }: Device): WantedDevice => ({
  ...{ mac, model, site },
  ...(where && { place: where }),
  ...(expansions !== undefined && { expansions }),
});

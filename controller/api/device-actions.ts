/**
 * What can be done with a phone from afar.
 *
 *     POST /devices/:id/resync     → {result}: fetches its config, without a restart
 *     POST /devices/:id/reboot     → {result}: restarts; 409 for makes that were not proven to
 *     GET  /devices/:id/config     → {contentType, etag, text}: what it would be given now, secrets masked
 *     GET  /devices/:id/password   → {user, password}: what opens the phone's own page and menus
 *     POST /sites/:id/resync       → {items: [{device, result}]}: every device of the site
 *     POST /sites/:id/logout       → {ended}: every session of the site
 *
 * `result` is `answered`, `unregistered`, `busy` (in a call) or `no-answer`.
 */

import { z } from 'zod';
import { whoOf } from '#controller/api/access/who.ts';
import type { Device, Site } from '#controller/model/model.ts';
import type { Kept, Resync, Sessions, Store } from '#controller/model/ports.ts';
import type { Provisioning } from '#controller/provisioning/provisioning.ts';
import { Fault } from '#protocol/fault.ts';
import { missing } from './read.ts';
import { type Route, route } from './route.ts';

export type DeviceActionDeps = {
  store: Store;
  phones: { resync: Resync; reboot: Resync };
  sessions: Pick<Sessions, 'logout'>;
  provisioning: Pick<Provisioning, 'maskedConfigOf' | 'loginOf'>;
};

/** Whose phones restart at `check-sync;reboot=true`; others' configs say that a NOTIFY restarts nothing. */
const restarting = new Set(['yealink', 'snom', 'gigaset', 'grandstream', 'htek']);

/** Phones of a site that are asked at once: not all of an office fetch in one moment. */
const atOnce = 20;

const result = z.enum(['answered', 'unregistered', 'busy', 'no-answer']);
const one = z.strictObject({ result });

export function deviceActionRoutes({ store, phones, sessions, provisioning }: DeviceActionDeps): Route[] {
  function findDevice(id: string): Kept<Device> {
    const found = store.get('devices', id);
    if (found === undefined) throw missing('device', id);
    return found;
  }

  function findSite(id: string): Kept<Site> {
    const found = store.get('sites', id);
    if (found === undefined) throw missing('site', id);
    return found;
  }

  const devicesOf = (site: string) => store.list('devices').filter((device) => device.site === site);

  return [
    route(
      {
        method: 'post',
        path: '/devices/{id}/resync',
        access: 'siteAdmin',
        tag: 'devices',
        summary: 'Have a phone fetch its config',
        answer: one,
      },
      async ({ params }) => ({ result: await phones.resync(findDevice(params.id).id) }),
    ),
    route(
      {
        method: 'post',
        path: '/devices/{id}/reboot',
        access: 'siteAdmin',
        tag: 'devices',
        summary: 'Restart a phone',
        answer: one,
      },
      async ({ params }) => {
        const { id, vendor } = findDevice(params.id);
        if (!restarting.has(vendor)) {
          throw new Fault('conflict', `a ${vendor} cannot be restarted from here: its config says so`, {
            id,
          });
        }
        return { result: await phones.reboot(id) };
      },
    ),
    route(
      {
        method: 'get',
        path: '/devices/{id}/config',
        access: 'readOnly',
        tag: 'devices',
        summary: 'What a phone would be given now, secrets masked',
        answer: z.strictObject({ contentType: z.string(), etag: z.string(), text: z.string() }),
      },
      ({ params }) => {
        const { id, site } = findDevice(params.id);
        const config = provisioning.maskedConfigOf(id);
        if (config === undefined) {
          throw new Fault('conflict', `no config can be written yet: site ${site} has had no agent`, { id });
        }
        return config;
      },
    ),
    route(
      {
        method: 'get',
        path: '/devices/{id}/password',
        access: 'siteAdmin',
        isTold: true,
        tag: 'devices',
        summary: 'What opens a phone’s own page and menus',
        answer: z.strictObject({ user: z.string(), password: z.string() }),
      },
      ({ params }) => {
        const { id, vendor } = findDevice(params.id);
        const login = provisioning.loginOf(id);
        if (login !== undefined) return login;
        throw new Fault('conflict', `what a ${vendor} asks for is not known`, { id });
      },
    ),
    route(
      {
        method: 'post',
        path: '/sites/{id}/resync',
        access: 'siteAdmin',
        tag: 'sites',
        summary: 'Have every phone of a site fetch its config',
        answer: z.strictObject({ items: z.array(z.strictObject({ device: z.string(), result })) }),
      },
      async ({ params }) => {
        const waiting = devicesOf(findSite(params.id).id).map(({ id }) => id);
        const items: { device: string; result: z.infer<typeof result> }[] = [];
        async function work(): Promise<void> {
          for (let device = waiting.shift(); device !== undefined; device = waiting.shift()) {
            items.push({ device, result: await phones.resync(device) });
          }
        }
        await Promise.all(Array.from({ length: atOnce }, work));
        return { items: items.sort((a, b) => (a.device < b.device ? -1 : 1)) };
      },
    ),
    route(
      {
        method: 'post',
        path: '/sites/{id}/logout',
        access: 'siteAdmin',
        tag: 'sites',
        summary: 'Log every device of a site out',
        answer: z.strictObject({ ended: z.number() }),
      },
      async ({ c, params }) => {
        let ended = 0;
        for (const { id } of devicesOf(findSite(params.id).id)) {
          if (store.get('sessions', id) === undefined) continue;
          if ((await sessions.logout(id, whoOf(c).how)) !== undefined) ended++;
        }
        return { ended };
      },
    ),
  ];
}

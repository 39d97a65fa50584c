/**
 * /sites/{id}/adoption-window, /devices/{id}/adoption-window: for some minutes
 * phones may have their config by their MAC address alone (DHCP option 66).
 *
 *     POST    {minutes?}    → 201 {until, adopted}; opened anew if it was open
 *     GET                   → {until, adopted}; `until` null while it is closed
 *     DELETE                → 204
 */

import type { Context } from 'hono';
import { z } from 'zod';
import { reachesSite, whoOf } from '#controller/api/access/who.ts';
import { deviceId } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import {
  type Adoption,
  type AdoptionWindow,
  maxMinutes,
  type Scope,
} from '#controller/provisioning/adoption.ts';
import { missing } from './read.ts';
import { moment, type Route, route } from './route.ts';

export type AdoptionDeps = { store: Pick<Store, 'get'>; adoption: Adoption };

const usualMinutes = 30;

const body = z.strictObject({ minutes: z.int().min(1).max(maxMinutes).default(usualMinutes) });
const answer = z.strictObject({
  /** Null: closed. */
  until: moment.nullable(),
  /** Who had his config in it; nobody has it twice. */
  adopted: z.array(deviceId),
});

export function adoptionRoutes({ store, adoption }: AdoptionDeps): Route[] {
  const ofSite = (c: Context, id: string): Scope => {
    const found = store.get('sites', id);
    if (found === undefined || !reachesSite(whoOf(c), id)) throw missing('site', id);
    return { site: id };
  };
  const ofDevice = (c: Context, id: string): Scope => {
    const found = store.get('devices', id);
    if (found === undefined || !reachesSite(whoOf(c), found.site)) throw missing('device', id);
    return { device: id };
  };
  return [
    ...routesOf('/sites/{id}/adoption-window', 'sites', ofSite, 'of a site'),
    ...routesOf('/devices/{id}/adoption-window', 'devices', ofDevice, 'for one device'),
  ];

  function routesOf<const Path extends `/${string}/{id}/adoption-window`>(
    path: Path,
    tag: string,
    scopeOf: (c: Context, id: string) => Scope,
    whose: string,
  ): Route[] {
    const of = (c: Context, params: Readonly<Record<string, string>>) => scopeOf(c, params.id ?? '');
    return [
      route(
        {
          ...{ method: 'get', path, access: 'readOnly', tag, answer },
          summary: `The adoption window ${whose}`,
        },
        ({ c, params }) => toJson(adoption.of(of(c, params))),
      ),
      route(
        {
          ...{ method: 'post', path, access: 'siteAdmin', tag, body, answer, status: 201 },
          summary: `Open the adoption window ${whose}`,
        },
        ({ c, params, body: { minutes } }) => toJson(adoption.open(of(c, params), minutes)),
      ),
      route(
        {
          ...{ method: 'delete', path, access: 'siteAdmin', tag },
          summary: `Close the adoption window ${whose}`,
        },
        ({ c, params }) => adoption.close(of(c, params)),
      ),
    ];
  }
}

const toJson = (window: AdoptionWindow | undefined): z.infer<typeof answer> => ({
  until: window === undefined ? null : new Date(window.until).toISOString(),
  adopted: [...(window?.adopted ?? [])],
});

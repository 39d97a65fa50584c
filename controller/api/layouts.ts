/**
 * /layouts: what a user's keys become on a model, before they are saved.
 *
 *     POST   /layouts/preview {model, keys, …}    → {keys: [{position, page, type, label, value, …}], cut}
 */

import { z } from 'zod';
import { key, site, siteId } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import { findModel } from '#controller/provisioning/models.ts';
import { previewOf } from '#controller/provisioning/preview.ts';
import { modulesOn } from './new-device.ts';
import { wrong } from './read.ts';
import { type Route, route } from './route.ts';

const asked = z.strictObject({
  model: z.string().max(64),
  keys: z.array(key).max(200).default([]),
  state: z.enum(['idle', 'loggedIn']).default('loggedIn'),
  /** Whose dial codes and language; the usual ones unless it is said. */
  site: siteId.optional(),
  language: site.shape.language.unwrap().optional(),
  /** How many modules stand beside the phone. */
  expansions: z.int().min(0).max(6).default(0),
});

const answer = z.strictObject({
  keys: z.array(
    key.extend({
      position: z.int().min(1),
      /** 0: the phone itself. */
      module: z.int().min(0),
      page: z.int().min(1),
      area: z.string().optional(),
    }),
  ),
  /** What there is no room for. */
  cut: z.array(key),
});

export function layoutRoutes({ store }: { store: Pick<Store, 'get'> }): Route[] {
  return [
    route(
      {
        ...{ method: 'post', path: '/layouts/preview', access: 'user', tag: 'models' },
        isQuestion: true,
        summary: 'Lay keys out on a model, and save nothing',
        body: asked,
        answer,
      },
      ({ body }) => {
        const model = findModel(body.model);
        const at = body.site === undefined ? site.parse({ id: 'any' }) : store.get('sites', body.site);
        if (at === undefined) throw wrong('site', `there is no site "${body.site}"`);
        const { dialCodes, language = at.language } = { dialCodes: at.dialCodes, language: body.language };
        const modules = modulesOn(model, body.expansions);
        return previewOf(model, { userKeys: body.keys, state: body.state, dialCodes, language }, modules);
      },
    ),
  ];
}

/**
 * /sites: the offices.
 *
 *     GET    /sites        → {items: [site]}
 *     POST   /sites        → 201 site; what is left out gets its default
 *     GET    /sites/:id    → site and its `problems`, its revision as ETag
 *     PATCH  /sites/:id    → site; `dialCodes` and `place` are merged (null removes one), the rest replaced
 *     DELETE /sites/:id    → 204; 409 while it has devices or agents
 */

import { Hono } from 'hono';
import { type Site, site } from '#controller/model/model.ts';
import type { Emergencies, Kept, Store } from '#controller/model/ports.ts';
import { checkSite } from '#controller/sessions/rules.ts';
import { Fault } from '#protocol/fault.ts';
import { expected, missing, readBody, readPatch, revisionTag, taken, wrong } from './read.ts';
import { inTurn } from './turns.ts';

export type SiteDeps = { store: Store; emergency: Pick<Emergencies, 'siteProblems' | 'hasLocationUrl'> };

export function siteRoutes({ store, emergency }: SiteDeps): Hono {
  /** What a route says depends on what this controller can do, and on what else there is. */
  function checkRoutes({ emergencyRoutes = [] }: Site): void {
    for (const [index, route] of emergencyRoutes.entries()) {
      const field = `emergencyRoutes.${index}`;
      if (route.location === 'reference' && !emergency.hasLocationUrl) {
        throw wrong(
          `${field}.location`,
          'by reference needs serve --location-url, where a place can be fetched',
        );
      }
      if (route.type !== 'upstream') continue;
      const upstream = store.get('upstreams', route.upstream);
      if (upstream === undefined)
        throw wrong(`${field}.upstream`, `there is no upstream "${route.upstream}"`);
      // There a call goes by a user's account, and shows his number.
      if (upstream.mode !== 'trunk') throw wrong(`${field}.upstream`, `${upstream.id} is not in mode trunk`);
    }
  }

  function find(id: string): Kept<Site> {
    const found = store.get('sites', id);
    if (found === undefined) throw missing('site', id);
    return found;
  }

  return new Hono()
    .get('/', (c) => c.json({ items: store.list('sites').map(toJson) }))
    .post('/', async (c) => {
      const value = await readBody(site, c);
      await inTurn(store, async () => {
        if (store.get('sites', value.id) !== undefined) throw taken('site', value.id, 'id');
        checkSite(value, store);
        checkRoutes(value);
        await store.commit([{ type: 'put', collection: 'sites', value, expect: 'absent' }]);
      });
      return c.json(value, 201);
    })
    .get('/:id', (c) => {
      const found = find(c.req.param('id'));
      return c.json({ ...toJson(found), problems: emergency.siteProblems(found) }, 200, revisionTag(found));
    })
    .patch('/:id', async (c) => {
      const current = find(c.req.param('id'));
      const value = await readPatch(site, c, toJson(current), { id: 'id', merged: ['dialCodes', 'place'] });
      await inTurn(store, async () => {
        checkSite(value, store);
        checkRoutes(value);
        await store.commit([{ type: 'put', collection: 'sites', value, expect: expected(c, current) }]);
      });
      return c.json(value);
    })
    .delete('/:id', async (c) => {
      const current = find(c.req.param('id'));
      const { id } = current;
      const devices = store.list('devices').filter((device) => device.site === id).length;
      const agents = store.list('agents').filter((a) => a.site === id && a.revokedAt === undefined).length;
      if (devices + agents > 0) {
        throw new Fault('conflict', `site ${id} still has ${devices} devices and ${agents} agents`, { id });
      }
      await store.commit([{ type: 'delete', collection: 'sites', id, expect: expected(c, current) }]);
      return c.body(null, 204);
    });
}

function toJson({ revision: _, ...value }: Kept<Site>): Site {
  return value;
}

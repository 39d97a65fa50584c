/**
 * /sites: the offices.
 *
 *     GET    /sites        → {items: [site and its `problems`]}
 *     POST   /sites        → 201 site; what is left out gets its default
 *     GET    /sites/:id    → site and its `problems`, its revision as ETag
 *     PUT    /sites/:id    → site, made or replaced
 *     PATCH  /sites/:id    → site; `dialCodes` and `place` are merged (null removes one), the rest replaced
 *     DELETE /sites/:id    → 204; 409 while it has devices or agents
 */

import type { Context } from 'hono';
import { z } from 'zod';
import { type Site, site } from '#controller/model/model.ts';
import type { Emergencies, Kept, Store } from '#controller/model/ports.ts';
import { readCas } from '#controller/provisioning/phone-certificate.ts';
import { checkSite } from '#controller/sessions/rules.ts';
import { Fault } from '#protocol/fault.ts';
import { listing } from './list.ts';
import { absent, expected, missing, patched, read, tag, taken, wrong } from './read.ts';
import { listOf, type Route, route } from './route.ts';
import { inTurn } from './turns.ts';

export type SiteDeps = { store: Store; emergency: Pick<Emergencies, 'siteProblems' | 'hasLocationUrl'> };

const replacement = site.omit({ id: true }).extend({ id: site.shape.id.optional() });

const shown = site.extend({ problems: z.array(z.string()) });

const sites = listing<Kept<Site>, 'id' | 'timeZone' | 'language'>({
  id: ({ id }) => id,
  site: ({ id }) => id,
  fields: { id: (s) => s.id, timeZone: (s) => s.timeZone, language: (s) => s.language },
});

export function siteRoutes({ store, emergency }: SiteDeps): Route[] {
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

  function check(value: Site): void {
    checkSite(value, store);
    checkRoutes(value);
    if (value.phoneCas !== undefined) readCas(value.phoneCas);
  }

  function find(id: string): Kept<Site> {
    const found = store.get('sites', id);
    if (found === undefined) throw missing('site', id);
    return found;
  }

  const withProblems = (found: Kept<Site>) => ({
    ...toJson(found),
    problems: emergency.siteProblems(found),
  });

  return [
    route(
      {
        ...{ method: 'get', path: '/sites', access: 'readOnly', tag: 'sites', summary: 'All sites' },
        query: sites.query,
        answer: listOf(shown),
      },
      ({ c, query }) => sites.page(c, query, store.list('sites'), withProblems),
    ),
    route(
      {
        ...{ method: 'post', path: '/sites', access: 'admin', tag: 'sites', summary: 'Make a site' },
        body: site,
        answer: site,
        status: 201,
      },
      async ({ c, body: value }) => {
        await inTurn(store, async () => {
          if (store.get('sites', value.id) !== undefined) throw taken('site', value.id, 'id');
          check(value);
          await store.commit([{ type: 'put', collection: 'sites', value, expect: 'absent' }]);
        });
        return tagged(c, value.id);
      },
    ),
    route(
      {
        ...{ method: 'get', path: '/sites/{id}', access: 'readOnly', tag: 'sites', summary: 'One site' },
        answer: shown,
      },
      ({ c, params }) => {
        const found = find(params.id);
        tag(c, found);
        return withProblems(found);
      },
    ),
    route(
      {
        ...{
          method: 'put',
          path: '/sites/{id}',
          access: 'admin',
          tag: 'sites',
          summary: 'Make or replace a site',
        },
        body: replacement,
        answer: site,
      },
      async ({ c, params: { id }, body }) => {
        if (body.id !== undefined && body.id !== id)
          throw wrong('id', `is ${body.id} here and ${id} in the path`);
        const value = read(site, { ...body, id });
        const current = store.get('sites', id);
        await inTurn(store, async () => {
          checkSite(value, store);
          checkRoutes(value);
          const expect = current === undefined ? absent(c) : expected(c, current);
          await store.commit([{ type: 'put', collection: 'sites', value, expect }]);
        });
        return c.json(tagged(c, id), current === undefined ? 201 : 200);
      },
    ),
    route(
      {
        ...{
          method: 'patch',
          path: '/sites/{id}',
          access: 'siteAdmin',
          tag: 'sites',
          summary: 'Change a site',
        },
        patch: site,
        answer: site,
      },
      async ({ c, params, body }) => {
        const current = find(params.id);
        const merged = ['dialCodes', 'place'];
        const value = patched(site, body, toJson(current), { id: 'id', merged });
        await inTurn(store, async () => {
          check(value);
          await store.commit([{ type: 'put', collection: 'sites', value, expect: expected(c, current) }]);
        });
        return tagged(c, value.id);
      },
    ),
    route(
      { method: 'delete', path: '/sites/{id}', access: 'admin', tag: 'sites', summary: 'Remove a site' },
      async ({ c, params }) => {
        const current = find(params.id);
        const { id } = current;
        const devices = store.list('devices').filter((device) => device.site === id).length;
        const agents = store.list('agents').filter((a) => a.site === id && a.revokedAt === undefined).length;
        if (devices + agents > 0) {
          throw new Fault('conflict', `site ${id} still has ${devices} devices and ${agents} agents`, { id });
        }
        await store.commit([{ type: 'delete', collection: 'sites', id, expect: expected(c, current) }]);
      },
    ),
  ];

  function tagged(c: Context, id: string): Site {
    const found = find(id);
    tag(c, found);
    return toJson(found);
  }
}

function toJson({ revision: _, ...value }: Kept<Site>): Site {
  return value;
}

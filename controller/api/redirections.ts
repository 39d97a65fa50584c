/**
 * /redirection-services: our accounts with the vendors' servers that send a phone in
 * factory state to its agent; /redirections: which phone they are to know.
 *
 *     GET    /redirection-services                   → {items: [service]}, those without an account too
 *     PATCH  /redirection-services/:id               → service; the first time with `account` and `secret`
 *     DELETE /redirection-services/:id               → 204: the account is forgotten here; there, phones stay
 *     POST   /redirection-services/:id/test          → {ok, detail}: signs in and changes nothing
 *     GET    /redirection-services/:id/requests?device=&wanted=   → {items}: what would be sent, secrets masked
 *     GET    /redirection-services/:id/phones/:mac   → what the service has of it now
 *     GET    /redirections                           → {items}: what is wanted of each phone, and what became of it
 *     POST   /redirections {device, wanted, service?} → 202: it is in the queue
 */

import { z } from 'zod';
import type { Keys } from '#controller/keys.ts';
import { type Device, deviceId } from '#controller/model/model.ts';
import type { Kept, Store } from '#controller/model/ports.ts';
import {
  type Redirection,
  type RedirectionServiceId,
  redirection,
  redirectionService,
  redirectionServiceId,
} from '#controller/model/redirection.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import { kindIds, kinds } from '#controller/provisioning/rps/kinds.ts';
import type { Redirections } from '#controller/provisioning/rps/redirections.ts';
import { redirectionId } from '#controller/provisioning/rps/wanted.ts';
import { readMac } from '#controller/sessions/rules.ts';
import { Fault } from '#protocol/fault.ts';
import { listing } from './list.ts';
import { expected, missing, patched, wrong } from './read.ts';
import { listOf, moment, type Route, route } from './route.ts';

export type RedirectionDeps = {
  store: Store;
  keys: Pick<Keys, 'seal'>;
  redirections: Pick<Redirections, 'check' | 'rehearse' | 'lookUp' | 'want'>;
};

const secret = z
  .string()
  .min(1, 'a secret has at least one character')
  .max(256)
  .regex(/^[^\p{Cc}]+$/u, 'a secret has no control characters');
const settings = redirectionService.extend({ secret: secret.optional() });

const shown = z.strictObject({
  id: redirectionServiceId,
  title: z.string(),
  vendors: z.array(z.string()),
  /** What the service calls an account's name and secret. */
  accountIs: z.string(),
  secretIs: z.string(),
  isSetUp: z.boolean(),
  account: z.string().nullable(),
  hasSecret: z.boolean(),
  url: z.string(),
  serverName: z.string().nullable(),
  automatic: z.boolean(),
  /** What of it is not known for sure; empty: it is as documented. */
  uncertain: z.string(),
  phones: z.strictObject({ done: z.number(), waiting: z.number(), failed: z.number() }),
});

const wanted = redirection.shape.wanted;
/** As a device shows it. */
export const shownRedirection = redirection
  .omit({ id: true, urlHash: true, byAdmin: true })
  .extend({ at: moment });
const shownRow = shownRedirection.extend({ device: deviceId.nullable() });

const order = z.strictObject({ device: deviceId, wanted, service: redirectionServiceId.optional() });
const forDevice = z.strictObject({ device: deviceId, wanted: wanted.default('registered') });
const request = z.strictObject({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string().optional(),
});

const services = listing<RedirectionServiceId>({ id: (id) => id, fields: {} });
const rows = listing<Kept<Redirection>, 'service' | 'mac' | 'wanted' | 'state'>({
  id: ({ id }) => id,
  fields: {
    service: ({ service }) => service,
    mac: ({ mac }) => mac,
    wanted: (row) => row.wanted,
    state: ({ state }) => state,
  },
});

const tag = 'redirection';

export function redirectionRoutes({ store, keys, redirections }: RedirectionDeps): Route[] {
  function kindOf(text: string): RedirectionServiceId {
    const id = kindIds.find((each) => each === text);
    if (id === undefined) throw missing('redirection service', text);
    return id;
  }

  function deviceOf(id: string): Kept<Device> {
    const found = store.get('devices', id);
    if (found === undefined) throw missing('device', id);
    return found;
  }

  /** The one that is set up for the device's vendor. */
  function serviceFor({ vendor }: Device): RedirectionServiceId {
    const all = kindIds.filter((id) => kinds[id].vendors.includes(vendor));
    const [first, ...others] = all.filter((id) => store.get('redirectionServices', id) !== undefined);
    if (others.length > 0) throw wrong('service', `which one? ${[first, ...others].join(', ')}`);
    if (first !== undefined) return first;
    if (all.length === 0) throw wrong('service', `no redirection service is known for ${vendor}`);
    throw wrong('service', `none is set up for ${vendor}: ${all.join(', ')}`);
  }

  function toJson(id: RedirectionServiceId) {
    const { title, vendors, words, url, uncertain } = kinds[id];
    const known = store.get('redirectionServices', id);
    const ofIt = store.list('redirections').filter(({ service }) => service === id);
    const count = (state: Redirection['state']) => ofIt.filter((row) => row.state === state).length;
    return {
      id,
      title,
      vendors: [...vendors],
      accountIs: words[0],
      secretIs: words[1],
      isSetUp: known !== undefined,
      account: known?.account ?? null,
      hasSecret: known !== undefined,
      url: known?.url ?? url,
      serverName: known?.serverName ?? null,
      automatic: known?.automatic ?? false,
      uncertain,
      phones: { done: count('done'), waiting: count('waiting'), failed: count('failed') },
    };
  }

  const rowToJson = (row: Redirection) => ({
    ...toShown(row),
    device: store.list('devices').find(({ mac }) => mac === row.mac)?.id ?? null,
  });

  return [
    route(
      {
        ...{ method: 'get', path: '/redirection-services', access: 'readOnly', tag },
        summary: 'All redirection services that are known, set up or not',
        query: services.query,
        answer: listOf(shown),
      },
      ({ c, query }) => services.page(c, query, kindIds, toJson),
    ),
    route(
      {
        ...{ method: 'get', path: '/redirection-services/{id}', access: 'readOnly', tag },
        summary: 'One redirection service',
        answer: shown,
      },
      ({ params }) => toJson(kindOf(params.id)),
    ),
    route(
      {
        ...{ method: 'patch', path: '/redirection-services/{id}', access: 'admin', tag },
        summary: 'Set up a redirection service',
        patch: settings,
        answer: shown,
      },
      async ({ c, params, body }) => {
        const id = kindOf(params.id);
        const { revision, secret: sealed, ...current } = store.get('redirectionServices', id) ?? { id };
        const { secret: clear, ...rest } = patched(settings, body, current, { id: 'id' });
        const kept = clear === undefined ? sealed : keys.seal(sealedFor.redirection(id), clear);
        if (kept === undefined) throw wrong('secret', `${kinds[id].title} wants its ${kinds[id].words[1]}`);
        checkUrl(rest.url);
        const expect = revision === undefined ? 'absent' : expected(c, { revision });
        const value = { ...rest, secret: kept };
        await store.commit([{ type: 'put', collection: 'redirectionServices', value, expect }]);
        return toJson(id);
      },
    ),
    route(
      {
        ...{ method: 'delete', path: '/redirection-services/{id}', access: 'admin', tag },
        summary: 'Forget the account; phones stay as they are there',
      },
      async ({ c, params }) => {
        const id = kindOf(params.id);
        const current = store.get('redirectionServices', id);
        if (current === undefined) throw missing('redirection service', id);
        const expect = expected(c, current);
        await store.commit([{ type: 'delete', collection: 'redirectionServices', id, expect }]);
      },
    ),
    route(
      {
        ...{ method: 'post', path: '/redirection-services/{id}/test', access: 'admin', tag },
        summary: 'Sign in there, and change nothing',
        answer: z.strictObject({ ok: z.boolean(), detail: z.string() }),
      },
      async ({ params }) => {
        const id = kindOf(params.id);
        try {
          await redirections.check(id);
          return { ok: true, detail: `${kinds[id].title} knows the account` };
        } catch (error) {
          if (!Fault.is(error) || error.code === 'not.found') throw error;
          return { ok: false, detail: error.message };
        }
      },
    ),
    route(
      {
        ...{ method: 'get', path: '/redirection-services/{id}/requests', access: 'admin', tag },
        summary: 'What would be sent for a device; nothing is',
        query: forDevice,
        answer: listOf(request),
      },
      async ({ params, query }) => ({
        items: await redirections.rehearse(kindOf(params.id), deviceOf(query.device), query.wanted),
      }),
    ),
    route(
      {
        ...{ method: 'get', path: '/redirection-services/{id}/phones/{mac}', access: 'admin', tag },
        summary: 'What the service has of a phone now',
        answer: z.strictObject({ isRegistered: z.boolean(), url: z.string().optional() }),
      },
      async ({ params }) => {
        try {
          return await redirections.lookUp(kindOf(params.id), readMac(params.mac));
        } catch (error) {
          // It is not us who forbids it.
          if (Fault.is(error, 'forbidden')) throw new Fault('conflict', error.message);
          throw error;
        }
      },
    ),
    route(
      {
        ...{ method: 'get', path: '/redirections', access: 'readOnly', tag },
        summary: 'What is wanted of each phone, and what became of it',
        query: rows.query,
        answer: listOf(shownRow),
      },
      ({ c, query }) => rows.page(c, query, store.list('redirections'), rowToJson),
    ),
    route(
      {
        ...{ method: 'post', path: '/redirections', access: 'admin', tag },
        summary: 'Register or remove a phone at its redirection service',
        body: order,
        answer: shownRow,
        status: 202,
      },
      async ({ body }) => {
        const device = deviceOf(body.device);
        const service = body.service ?? serviceFor(device);
        await redirections.want(service, device, body.wanted);
        const row = store.get('redirections', redirectionId(service, device.mac));
        if (row === undefined) throw missing('redirection', redirectionId(service, device.mac));
        return rowToJson(row);
      },
    ),
  ];
}

function toShown({ service, mac, wanted: what, state, reason, tries, at }: Redirection) {
  const when = new Date(at).toISOString();
  return { service, mac, wanted: what, state, ...(reason !== undefined && { reason }), tries, at: when };
}

/** Of a device: at which services it is, or is to be. */
export function redirectionsOf(store: Pick<Store, 'get'>, { mac }: Device) {
  return kindIds.flatMap((id) => {
    const row = store.get('redirections', redirectionId(id, mac));
    return row === undefined ? [] : [toShown(row)];
  });
}

function checkUrl(url: string | undefined): void {
  if (url === undefined || url.startsWith('https:')) return;
  if (/^http:\/\/(?:127\.[\d.]+|\[::1\]|localhost)(?::\d+)?(?:\/|$)/.test(url)) return;
  throw wrong('url', 'must be https: credentials do not go in the clear');
}

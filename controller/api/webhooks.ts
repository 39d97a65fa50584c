/**
 * /webhooks: who else is told of what happens (controller/webhooks).
 *
 *     GET    /webhooks                      → {items: [webhook]}
 *     POST   /webhooks {url, events, …}     → 201 webhook and `secret`: the only time it is shown
 *     GET    /webhooks/:id                  → webhook, and how its `last` message went
 *     PATCH  /webhooks/:id                  → webhook
 *     DELETE /webhooks/:id                  → 204
 *     POST   /webhooks/:id/test             → {ok, detail}: a message of event `test`, once
 */

import { randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { z } from 'zod';
import type { Keys } from '#controller/keys.ts';
import { type Webhook, webhook } from '#controller/model/model.ts';
import type { Kept, Store } from '#controller/model/ports.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import type { Webhooks } from '#controller/webhooks/webhooks.ts';
import { Fault } from '#protocol/fault.ts';
import { listing } from './list.ts';
import { expected, missing, patched, tag, wrong } from './read.ts';
import { listOf, moment, type Route, route } from './route.ts';

export type WebhookDeps = {
  store: Store;
  keys: Pick<Keys, 'seal'>;
  webhooks: Pick<Webhooks, 'lastOf' | 'test'>;
};

const maxWebhooks = 50;

const creation = webhook.omit({ id: true, secret: true });
const attempt = z.strictObject({ ok: z.boolean(), detail: z.string() });
const shown = webhook.omit({ secret: true }).extend({ last: attempt.extend({ at: moment }).optional() });

const listed = listing<Webhook, 'url' | 'enabled'>({
  id: ({ id }) => id,
  fields: { url: ({ url }) => url, enabled: ({ enabled }) => enabled },
});

export function webhookRoutes({ store, keys, webhooks }: WebhookDeps): Route[] {
  function find(id: string): Kept<Webhook> {
    const found = store.get('webhooks', id);
    if (found === undefined) throw missing('webhook', id);
    return found;
  }

  function toJson({ id, url, events, sites, enabled }: Webhook): z.infer<typeof shown> {
    const last = webhooks.lastOf(id);
    return {
      ...{ id, url, events, enabled },
      ...(sites && { sites }),
      ...(last && { last: { ...last, at: new Date(last.at).toISOString() } }),
    };
  }

  function tagged(c: Context, id: string) {
    const found = find(id);
    tag(c, found);
    return toJson(found);
  }

  function checkSites({ sites = [] }: Pick<Webhook, 'sites'>): void {
    const at = sites.findIndex((site) => store.get('sites', site) === undefined);
    if (at !== -1) throw wrong(`sites.${at}`, `there is no site "${sites[at]}"`);
  }

  return [
    route(
      {
        method: 'get',
        path: '/webhooks',
        access: 'admin',
        tag: 'webhooks',
        summary: 'All webhooks',
        query: listed.query,
        answer: listOf(shown),
      },
      ({ c, query }) => listed.page(c, query, store.list('webhooks'), toJson),
    ),
    route(
      {
        method: 'post',
        path: '/webhooks',
        access: 'admin',
        tag: 'webhooks',
        summary: 'Make a webhook; its secret is shown once',
        body: creation,
        answer: shown.extend({ secret: z.string() }),
        status: 201,
      },
      async ({ c, body }) => {
        if (store.list('webhooks').length >= maxWebhooks) {
          throw new Fault('limit.reached', `there are ${maxWebhooks} webhooks already`);
        }
        checkSites(body);
        const id = randomBytes(8).toString('hex');
        const secret = randomBytes(32).toString('hex');
        const value: Webhook = { ...body, id, secret: keys.seal(sealedFor.webhook(id), secret) };
        await store.commit([{ type: 'put', collection: 'webhooks', value, expect: 'absent' }]);
        return { ...tagged(c, id), secret };
      },
    ),
    route(
      {
        method: 'get',
        path: '/webhooks/{id}',
        access: 'admin',
        tag: 'webhooks',
        summary: 'One webhook',
        answer: shown,
      },
      ({ c, params }) => tagged(c, params.id),
    ),
    route(
      {
        method: 'patch',
        path: '/webhooks/{id}',
        access: 'admin',
        tag: 'webhooks',
        summary: 'Change a webhook',
        patch: creation,
        answer: shown,
      },
      async ({ c, params, body }) => {
        const { revision, id, secret, ...current } = find(params.id);
        const value = patched(creation, body, current, { id: 'id' });
        checkSites(value);
        const expect = expected(c, { revision });
        await store.commit([
          { type: 'put', collection: 'webhooks', value: { ...value, id, secret }, expect },
        ]);
        return tagged(c, id);
      },
    ),
    route(
      {
        method: 'delete',
        path: '/webhooks/{id}',
        access: 'admin',
        tag: 'webhooks',
        summary: 'Remove a webhook',
      },
      async ({ c, params }) => {
        const current = find(params.id);
        const expect = expected(c, current);
        await store.commit([{ type: 'delete', collection: 'webhooks', id: current.id, expect }]);
      },
    ),
    route(
      {
        method: 'post',
        path: '/webhooks/{id}/test',
        access: 'admin',
        tag: 'webhooks',
        summary: 'Send a webhook one message',
        answer: attempt,
      },
      async ({ params }) => await webhooks.test(find(params.id).id),
    ),
  ];
}

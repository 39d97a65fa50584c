/** Who is told of what, signed how, and how long a silence has to be to be told. */

import * as assert from 'uvu/assert';
import { createHappenings } from '#controller/happenings.ts';
import { createKeys } from '#controller/keys.ts';
import type { EmergencyCall, Webhook } from '#controller/model/model.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import { signatureOf } from '#controller/webhooks/delivery.ts';
import type { Post } from '#controller/webhooks/post.ts';
import { createWebhooks } from '#controller/webhooks/webhooks.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';

const keys = createKeys(new Uint8Array(32));
const [first, second] = ['00000000000000a1', '00000000000000b2'];

function hook(id: string, more: Partial<Webhook> = {}): Webhook {
  return {
    id,
    url: `https://hooks.example/${id}`,
    events: ['login', 'logout', 'stuck', 'agent-down', 'agent-up', 'emergency'],
    enabled: true,
    secret: keys.seal(sealedFor.webhook(id), `secret of ${id}`),
    ...more,
  };
}

function world(hooks: readonly Webhook[], statuses: number[] = []) {
  const clock = createFakeClock(Date.parse('2026-11-23T08:00:00Z'));
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const store = createMemoryStore([
    ...hooks.map((value) => ({ type: 'put', collection: 'webhooks', value }) as const),
    {
      type: 'put',
      collection: 'devices',
      value: {
        ...{ id: 'HD0001', mac: '001565aabb01', vendor: 'yealink', model: 'T46S', site: 'berlin' },
        ...{ generation: 1, confirmedGeneration: 1 },
      },
    },
  ]);
  const happenings = createHappenings(silent);
  const sent: Post[] = [];
  const webhooks = createWebhooks({
    ...{ store, keys, happenings, clock, log: silent },
    async send(what) {
      sent.push(what);
      return statuses.shift() ?? 204;
    },
  });
  const bodies = () => sent.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  const flush = async () => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  return { clock, store, ...happenings, sent, webhooks, bodies, flush };
}

const login = { type: 'login', device: 'HD0001', extension: '100', how: 'dial' } as const;

describe('webhooks', (test) => {
  test('a login is told, signed with the webhook’s own secret', async () => {
    const { tell, sent, bodies, flush, webhooks } = world([hook(first)]);
    tell(login);
    await flush();
    const [message] = sent;
    assert.is(message?.url, `https://hooks.example/${first}`);
    assert.is(message?.headers['hotdesk-event'], 'login');
    const seconds = Date.parse('2026-11-23T08:00:00Z') / 1_000;
    const right = signatureOf(`secret of ${first}`, seconds, message?.body ?? '');
    assert.is(message?.headers['hotdesk-signature'], right);
    const { id, ...body } = bodies()[0] ?? {};
    assert.match(String(id), /^[0-9a-f-]{36}$/);
    assert.equal(body, {
      ...{ event: 'login', at: '2026-11-23T08:00:00.000Z' },
      ...{ device: 'HD0001', extension: '100', how: 'dial', site: 'berlin' },
    });
    assert.is(webhooks.lastOf(first)?.ok, true);
  });

  test('each gets what it asked for, of the sites it asked for, and a disabled one nothing', async () => {
    const { tell, sent, flush } = world([
      hook(first, { events: ['logout'] }),
      hook(second, { sites: ['paris'] }),
      hook('00000000000000c3', { enabled: false }),
      hook('00000000000000d4', { sites: ['paris', 'berlin'], events: ['login'] }),
    ]);
    tell(login);
    await flush();
    assert.equal(
      sent.map(({ url }) => url),
      ['https://hooks.example/00000000000000d4'],
    );
  });

  test('what is not taken is sent again, as the same message, signed anew', async () => {
    const { tell, sent, bodies, flush, clock } = world([hook(first)], [500]);
    tell(login);
    await flush();
    clock.advance(2_000);
    await flush();
    assert.is(sent.length, 2);
    assert.is(bodies()[0]?.id, bodies()[1]?.id);
    assert.is.not(sent[0]?.headers['hotdesk-signature'], sent[1]?.headers['hotdesk-signature']);
  });

  test('an agent is down after half a minute, and not before; then it is told when it is back', async () => {
    const { tell, bodies, flush, clock } = world([hook(first)]);
    const agent = (isUp: boolean) => tell({ type: 'agent', agent: 'a1', site: 'berlin', isUp });
    agent(true);
    agent(false);
    clock.advance(29_000);
    agent(true);
    clock.advance(60_000);
    agent(false);
    clock.advance(20_000);
    agent(false);
    clock.advance(10_000);
    agent(true);
    await flush();
    assert.equal(
      bodies().map(({ event }) => event),
      ['agent-down', 'agent-up'],
    );
  });

  test('a phone that is stuck, and a call for help', async () => {
    const { tell, bodies, flush, store } = world([hook(first)]);
    tell({ type: 'changeOver', device: 'HD0001', changeOver: { state: 'sent', ms: 1 } });
    tell({
      type: 'changeOver',
      device: 'HD0001',
      changeOver: { state: 'stuck', reason: 'no answer', ms: 1 },
    });
    const call: EmergencyCall = {
      ...{ id: 'e1', at: 1, device: 'HD0001', site: 'berlin', number: '112', callerId: '+49301' },
      ...{ callbackNumber: '+49301', place: 'Weg 1', state: 'calling' },
    };
    await store.commit([{ type: 'put', collection: 'emergencyCalls', value: call }]);
    await flush();
    const [stuck, emergency] = bodies();
    assert.equal([stuck?.event, stuck?.reason], ['stuck', 'no answer']);
    assert.equal([emergency?.event, emergency?.call], ['emergency', call]);
  });

  test('a test is one message, once', async () => {
    const { webhooks, sent, flush, clock } = world([hook(first)], [503]);
    assert.equal(await webhooks.test(first), { ok: false, detail: '503' });
    clock.advance(3_600_000);
    await flush();
    assert.is(sent.length, 1);
    assert.is(webhooks.lastOf(first)?.detail, '503');
  });
});

/** An API with a store in memory; what it asks of other rooms is written down. */

import * as assert from 'uvu/assert';
import { z } from 'zod';
import { createSignIn } from '#controller/api/access/sign-in.ts';
import { type AppDeps, apiRoutes, createApp } from '#controller/api/app.ts';
import { createEventLog } from '#controller/api/event-log.ts';
import { createStreams } from '#controller/api/events.ts';
import { createHappenings } from '#controller/happenings.ts';
import { createKeys } from '#controller/keys.ts';
import { site } from '#controller/model/model.ts';
import type { Change, ChangeOver } from '#controller/model/ports.ts';
import { createAdoption } from '#controller/provisioning/adoption.ts';
import type { RedirectionsOptions } from '#controller/provisioning/rps/redirections.ts';
import { fresh } from '#controller/provisioning/rps/wanted.ts';
import { Pins } from '#controller/sessions/pins.ts';
import { createTrace } from '#controller/sip/trace.ts';
import { Fault } from '#protocol/fault.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { createMemoryAudit } from '#test/support/memory-audit.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
import { createMemoryPrompts } from './memory-prompts.ts';

export type ApiWorld = ReturnType<typeof createApiWorld>;

export type ApiWorldOptions = {
  access?: AppDeps['access'];
  /** Real ones, instead of some that write down what they are asked. */
  openRedirections?(deps: Pick<RedirectionsOptions, 'store' | 'keys' | 'clock'>): AppDeps['redirections'];
  ownPrompts?: AppDeps['ownPrompts'];
  /** Of the call in progress, and of the one that ended. */
  callAgents?: readonly string[];
  /** What /readyz says. */
  problem?: string;
};

export function createApiWorld({
  access = { type: 'local' },
  openRedirections,
  ownPrompts = createMemoryPrompts(),
  callAgents = [],
  problem,
}: ApiWorldOptions = {}) {
  const asked: string[] = [];
  const logged: string[] = [];
  const clock = createFakeClock();
  const store = createMemoryStore([
    { type: 'put', collection: 'sites', value: site.parse({ id: 'berlin' }) },
    {
      type: 'put',
      collection: 'users',
      value: { extension: '100', name: 'Anna', hotdesk: true, keys: [], pinHash: 'scrypt:canary' },
    },
    {
      type: 'put',
      collection: 'devices',
      value: {
        id: 'HD0001',
        mac: '001565aabb01',
        vendor: 'yealink',
        model: 'T46S',
        site: 'berlin',
        generation: 1,
        confirmedGeneration: 0,
      },
    },
  ] satisfies Change[]);
  const keys = createKeys(new Uint8Array(32));
  const times = [
    { vendor: 'yealink', model: 'T46S', count: 3, stuck: 1, minMs: 900, medianMs: 1_300, maxMs: 41_000 },
  ];
  const audit = createMemoryAudit();
  const asker = { userAgent: 'curl/8', at: clock.wall(), odd: 'no phone that we know calls itself so' };
  const changeOver: ChangeOver = { state: 'active', ms: 12 };

  const happenings = createHappenings({ error: (_, message) => logged.push(message) });
  const eventLog = createEventLog({ store, happenings, clock, keep: 5 });
  const events = createStreams({ log: eventLog, clock, maxClients: 2 });

  const deps: Omit<AppDeps, 'access'> = {
    store,
    audit,
    ...createSignIn(store, keys, clock),
    passwords: new Pins({ pepper: keys.passwordPepper, cost: 16 }),
    pageUrl: () => 'http://127.0.0.1:8480',
    events,
    trace: createTrace({ clock }),
    problem: () => problem,
    clock,
    log: { error: (facts, message) => logged.push(`${message} ${JSON.stringify(facts)}`) },
    changeOvers: { of: () => changeOver, times: () => times },
    provisioning: {
      urlOf: (id) => `http://192.0.2.7/p/${id}/`,
      cutKeysOf: () => [],
      maskedConfigOf: () => undefined,
      loginOf: () => ({ user: 'admin', password: 'opens-the-menu' }),
      askerOf: () => asker,
    },
    ownPrompts,
    backup: async () => 'sealed',
    webhooks: { lastOf: () => undefined, test: async () => ({ ok: false, detail: '503' }) },
    phones: {
      async resync(device) {
        asked.push(`resync ${device}`);
        return 'answered';
      },
      async reboot(device) {
        asked.push(`reboot ${device}`);
        return 'busy';
      },
    },
    unknownPhones: { list: () => [] },
    adoption: createAdoption({ store, clock }),
    sessions: {
      async login(device, extension, how) {
        asked.push(`login ${device} ${extension} ${how}`);
        const value = { device, extension, since: clock.wall(), how };
        await store.commit([{ type: 'put', collection: 'sessions', value }]);
        return value;
      },
      async logout(device, how) {
        asked.push(`logout ${device} ${how}`);
        const session = store.get('sessions', device);
        await store.commit([{ type: 'delete', collection: 'sessions', id: device }]);
        return session;
      },
    },
    pins: {
      async setPin(extension, pin) {
        if (/^(.)\1*$/.test(pin)) throw new Fault('input.invalid', 'pin: is one digit', { field: 'pin' });
        asked.push(`pin of ${extension} is ${pin.length} long`);
      },
      async hashPin(extension, pin) {
        asked.push(`hash of the PIN of ${extension}`);
        return `scrypt:${pin.length}`;
      },
      async unlock(extension) {
        asked.push(`unlock ${extension}`);
      },
      check: async (_, extension, pin) => (extension === '100' && pin === '482915' ? 'right' : 'wrong'),
    },
    keys,
    upstreams: { show: () => ({ addresses: [], registrations: [] }) },
    redirections: openRedirections?.({ store, keys, clock }) ?? {
      async check(id) {
        asked.push(`check ${id}`);
      },
      rehearse: async (id, { mac }, wanted) => [
        { method: 'PUT', url: `https://${id}.example/${mac}`, headers: { Authorization: '…' }, body: wanted },
      ],
      lookUp: async () => ({ isRegistered: false }),
      async want(id, { mac }, wanted) {
        asked.push(`${wanted} ${mac} at ${id}`);
        const value = { ...fresh(id, mac, clock.wall()), wanted };
        await store.commit([{ type: 'put', collection: 'redirections', value }]);
      },
    },
    hub: {
      async createEnrolToken(at) {
        asked.push(`enrol ${at}`);
        return 'token';
      },
      installLine: (token) => `install ${token}`,
      async revoke(agent) {
        asked.push(`revoke ${agent}`);
      },
      agents: () => [],
    },
    emergency: {
      calls: () => [],
      test: async ({ id }, device) => ({
        ok: true,
        device: device?.id ?? null,
        number: id,
        steps: [{ route: 'gateway', step: 'answer', ok: true, detail: '200' }],
      }),
      siteProblems: () => ['no way out'],
      deviceProblems: () => ['no place'],
      webhookSecret: (of) => `secret of ${of}`,
      hasLocationUrl: false,
      placeBehind: (token) => (token === 'right' ? '<presence/>' : undefined),
    },
    calls: () => [
      {
        id: 'c0ffee',
        sites: ['berlin'],
        agents: callAgents,
        media: 'controller',
        streams: [{ kind: 'audio', from: 'berlin', to: 'paris', packets: 500, lost: 3, jitterMs: 12 }],
      },
      { id: 'beef', agents: callAgents, media: 'direct', endedAt: '2026-11-23T12:00:00.000Z', streams: [] },
    ],
    quality: () => [
      {
        device: 'HD0001',
        calls: 2,
        lastAt: '2026-11-23T12:00:00.000Z',
        heard: { packets: 990, lost: 10, jitterMs: 12, silences: 1 },
        sent: { packets: 1_000, lost: 0, jitterMs: 3, silences: 0 },
      },
    ],
    counters: () => ({ sip: { calls: 2 }, config: { served: 1, refused: { token: 3 } } }),
  };
  const app = createApp({ ...deps, access });

  const declared = apiRoutes({ ...deps, access }).map(({ declaration }) => ({
    ...declaration,
    form: new RegExp(`^${declaration.path.replace(/\{\w+\}/g, '[^/]+')}$`),
  }));

  /** What is answered is what the description says. */
  function checkAnswer(method: string, path: string, { status }: Response, text: string): void {
    if (status >= 300) return;
    const [bare = ''] = path.split('?');
    const found = declared.find((each) => each.method === method.toLowerCase() && each.form.test(bare));
    const answer = found?.answer;
    if (answer instanceof z.ZodType) answer.parse(JSON.parse(text));
    else if (answer === undefined) assert.is(text, '', `${method} ${path}`);
  }

  async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await app.request(`/api/v1${path}`, {
      method,
      headers: { ...json, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    checkAnswer(method, path, answer, text);
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
    };
  }
  return { app, deps: { ...deps, access }, ask, asked, logged, audit, store, clock, happenings, events };
}

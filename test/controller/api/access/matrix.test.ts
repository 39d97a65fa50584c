/**
 * Every route, as everybody. What is expected follows from the route's own
 * declaration; a row here only says how to ask it so that it succeeds. A route
 * without a row fails.
 */

import * as assert from 'uvu/assert';
import type { Access } from '#controller/api/access/who.ts';
import { apiRoutes } from '#controller/api/app.ts';
import { type Declaration, routeName } from '#controller/api/route.ts';
import { type CollectionName, collections } from '#controller/model/model.ts';
import { Fault } from '#protocol/fault.ts';
import { createApiWorld } from '#test/controller/api/world.ts';
import { describe } from '#test/support/describe.ts';
import { wavOf } from '#test/support/wav.ts';
import { type Asker, askers, createCompany, ids, setupToken } from './company.ts';

type Row = {
  /** What is asked, where the path has braces or needs a query. */
  at?: string;
  body?: unknown;
  type?: string;
  /** Of site berlin: to another site's admin it is not there. */
  isBerlins?: true;
  /** A token has no password to change: 409; ./sign-in.test.ts has the rest. */
  needsAccount?: true;
};

const device = { mac: '001565aabb04', model: 'T46S', site: 'berlin' };
const upstream = { id: 'trunk', mode: 'trunk', addresses: [{ address: '192.0.2.2', port: 5060 }] };

// biome-ignore format: a table
const rows: Record<string, Row> = {
  'GET /sites':                              {},
  'POST /sites':                             { body: { id: 'oslo' } },
  'GET /sites/{id}':                         { at: '/sites/berlin', isBerlins: true },
  'PUT /sites/{id}':                         { at: '/sites/oslo', body: { language: 'de' } },
  'PATCH /sites/{id}':                       { at: '/sites/berlin', isBerlins: true, body: { language: 'de' } },
  'DELETE /sites/{id}':                      { at: '/sites/rome' },
  'GET /sites/{id}/webhook-secret':          { at: '/sites/berlin/webhook-secret' },
  'POST /sites/{id}/emergency-test':         { at: '/sites/berlin/emergency-test', isBerlins: true, body: {} },
  'POST /sites/{id}/resync':                 { at: '/sites/berlin/resync', isBerlins: true },
  'POST /sites/{id}/logout':                 { at: '/sites/berlin/logout', isBerlins: true },
  'GET /policy':                             {},
  'PUT /policy':                             { body: { longestMinutes: 600 } },
  'GET /emergency-calls':                    {},
  'GET /agents':                             {},
  'GET /agents/{id}':                        { at: `/agents/${ids.agent}`, isBerlins: true },
  'PATCH /agents/{id}':                      { at: `/agents/${ids.agent}`, isBerlins: true, body: { name: 'Door' } },
  'DELETE /agents/{id}':                     { at: `/agents/${ids.agent}`, isBerlins: true },
  'GET /enrol-tokens':                       {},
  'POST /enrol-tokens':                      { body: { site: 'berlin' }, isBerlins: true },
  'GET /enrol-tokens/{id}':                  { at: `/enrol-tokens/${ids.enrolToken}`, isBerlins: true },
  'DELETE /enrol-tokens/{id}':               { at: `/enrol-tokens/${ids.enrolToken}`, isBerlins: true },
  'GET /devices':                            {},
  'POST /devices':                           { body: device, isBerlins: true },
  'GET /devices/{id}':                       { at: '/devices/HD0001', isBerlins: true },
  'PUT /devices/{id}':                       { at: '/devices/HD0009', body: device, isBerlins: true },
  'PATCH /devices/{id}':                     { at: '/devices/HD0001', body: { model: 'T48S' }, isBerlins: true },
  'DELETE /devices/{id}':                    { at: '/devices/HD0001', isBerlins: true },
  'POST /devices/{id}/resync':               { at: '/devices/HD0001/resync', isBerlins: true },
  'POST /devices/{id}/reboot':               { at: '/devices/HD0001/reboot', isBerlins: true },
  'GET /devices/{id}/config':                { at: '/devices/HD0001/config', isBerlins: true },
  'GET /devices/{id}/password':              { at: '/devices/HD0001/password', isBerlins: true },
  'GET /devices/{id}/events':                { at: '/devices/HD0001/events', isBerlins: true },
  'GET /sites/{id}/adoption-window':         { at: '/sites/berlin/adoption-window', isBerlins: true },
  'POST /sites/{id}/adoption-window':        { at: '/sites/berlin/adoption-window', body: {}, isBerlins: true },
  'DELETE /sites/{id}/adoption-window':      { at: '/sites/berlin/adoption-window', isBerlins: true },
  'GET /devices/{id}/adoption-window':       { at: '/devices/HD0001/adoption-window', isBerlins: true },
  'POST /devices/{id}/adoption-window':      { at: '/devices/HD0001/adoption-window', body: {}, isBerlins: true },
  'DELETE /devices/{id}/adoption-window':    { at: '/devices/HD0001/adoption-window', isBerlins: true },
  'GET /models':                             {},
  'GET /models/{id}':                        { at: '/models/T46S' },
  'POST /layouts/preview':                   { body: { model: 'T46S' } },
  'GET /unknown-phones':                     {},
  'POST /unknown-phones/{mac}/adopt':        { at: '/unknown-phones/001565aabb99/adopt', body: {}, isBerlins: true },
  'GET /users':                              {},
  'POST /users':                             { body: { extension: '102', name: 'Cem' } },
  'GET /users/{extension}':                  { at: '/users/100' },
  'PUT /users/{extension}':                  { at: '/users/100', body: { name: 'Anne' } },
  'PATCH /users/{extension}':                { at: '/users/100', body: { name: 'Anne' } },
  'DELETE /users/{extension}':               { at: '/users/101' },
  'PUT /users/{extension}/pin':              { at: '/users/100/pin', body: { pin: '739216' } },
  'POST /users/{extension}/pin':             { at: '/users/100/pin', body: { pin: '739216' } },
  'DELETE /users/{extension}/pin':           { at: '/users/100/pin' },
  'POST /users/change':                      { body: { extensions: ['100', '101'], change: { hotdesk: false } } },
  'GET /users/{extension}/layout':           { at: '/users/100/layout' },
  'PUT /users/{extension}/layout':           { at: '/users/100/layout', body: { keys: [] } },
  'GET /users/{extension}/sessions':         { at: '/users/100/sessions' },
  'DELETE /users/{extension}/sessions':      { at: '/users/100/sessions' },
  'POST /users/{extension}/unlock':          { at: '/users/100/unlock' },
  'PUT /users/{extension}/upstream':         { at: '/users/100/upstream', body: { id: 'pbx', user: '100', secret: 'canary739216' } },
  'DELETE /users/{extension}/upstream':      { at: '/users/100/upstream' },
  'GET /sessions':                           {},
  'POST /sessions':                          { body: { device: 'HD0003', extension: '101' }, isBerlins: true },
  'GET /sessions/history':                   {},
  'GET /sessions/{device}':                  { at: '/sessions/HD0001', isBerlins: true },
  'DELETE /sessions/{device}':               { at: '/sessions/HD0001', isBerlins: true },
  'GET /calls':                              {},
  'GET /call-quality':                       {},
  'GET /calls/{id}':                         { at: '/calls/c0ffee', isBerlins: true },
  'GET /upstreams':                          {},
  'POST /upstreams':                         { body: upstream },
  'GET /upstreams/{id}':                     { at: '/upstreams/pbx' },
  'PATCH /upstreams/{id}':                   { at: '/upstreams/pbx', body: { domain: 'pbx.example' } },
  'DELETE /upstreams/{id}':                  { at: '/upstreams/pbx' },
  'GET /redirection-services':               {},
  'GET /redirection-services/{id}':          { at: '/redirection-services/yealink-rps' },
  'PATCH /redirection-services/{id}':        { at: '/redirection-services/yealink-rps', body: { automatic: true } },
  'DELETE /redirection-services/{id}':       { at: '/redirection-services/yealink-rps' },
  'POST /redirection-services/{id}/test':    { at: '/redirection-services/yealink-rps/test' },
  'GET /redirection-services/{id}/requests': { at: '/redirection-services/yealink-rps/requests?device=HD0001' },
  'GET /redirection-services/{id}/phones/{mac}': { at: '/redirection-services/yealink-rps/phones/001565aabb01' },
  'GET /redirections':                       {},
  'POST /redirections':                      { body: { device: 'HD0001', wanted: 'registered', service: 'yealink-rps' } },
  'POST /import':                            { at: '/import?noun=users', body: 'extension,name\n103,Dora\n', type: 'text/csv' },
  'GET /export':                             { at: '/export?noun=users' },
  'GET /tokens':                             {},
  'POST /tokens':                            { body: { name: 'billing', role: 'readOnly' } },
  'GET /tokens/{id}':                        { at: `/tokens/${ids.token}` },
  'DELETE /tokens/{id}':                     { at: `/tokens/${ids.token}` },
  'GET /webhooks':                           {},
  'POST /webhooks':                          { body: { url: 'https://x.example/', events: ['login'] } },
  'GET /webhooks/{id}':                      { at: `/webhooks/${ids.webhook}` },
  'PATCH /webhooks/{id}':                    { at: `/webhooks/${ids.webhook}`, body: { events: ['logout'] } },
  'DELETE /webhooks/{id}':                   { at: `/webhooks/${ids.webhook}` },
  'POST /webhooks/{id}/test':                { at: `/webhooks/${ids.webhook}/test` },
  'GET /counters':                           {},
  'GET /trace':                              {},
  'POST /trace':                             { body: { minutes: 1 } },
  'DELETE /trace':                           {},
  'GET /trace/messages':                     {},
  'GET /trace/pcap':                         {},
  'GET /events':                             {},
  'GET /prompts':                            {},
  'GET /prompts/{language}/{name}':          { at: '/prompts/de/pin' },
  'PUT /prompts/{language}/{name}':          { at: '/prompts/de/pin', body: wavOf({ bits: 8 }).toString('latin1'), type: 'audio/wav' },
  'DELETE /prompts/{language}/{name}':       { at: '/prompts/de/pin' },
  'GET /backup':                             {},
  'GET /audit':                              {},
  'GET /audit/verify':                       {},
  'GET /me':                                 {},
  'POST /sign-in':                           { body: { extension: '100', pin: '482915' } },
  'POST /sign-out':                          {},
  'POST /setup':                             { body: { token: setupToken, name: 'first', password: 'canary horse 739216' } },
  'POST /setup-link':                        {},
  'GET /accounts':                           {},
  'POST /accounts':                          { body: { name: 'cleo', password: 'canary horse 739216', role: 'readOnly' } },
  'GET /accounts/{name}':                    { at: '/accounts/anna' },
  'PATCH /accounts/{name}':                  { at: '/accounts/anna', body: { role: 'readOnly' } },
  'DELETE /accounts/{name}':                 { at: '/accounts/anna' },
  'PUT /accounts/{name}/password':           { at: '/accounts/anna/password', body: { password: 'canary horse 739216' } },
  'DELETE /accounts/{name}/totp':            { at: '/accounts/anna/totp' },
  'DELETE /accounts/{name}/sign-ins':        { at: '/accounts/anna/sign-ins' },
  'PUT /me/password':                        { body: { current: 'x', password: 'y' }, needsAccount: true },
  'POST /me/totp':                           { body: { current: 'x' }, needsAccount: true },
  'POST /me/totp/confirm':                   { body: { code: '123456' }, needsAccount: true },
  'GET /openapi.json':                       {},
  'GET /reference':                          {},
};

type Expected = 'done' | 'unknown' | 'forbidden' | 'missing' | 'conflict';

const least: Record<Access, number> = { open: 0, user: 1, readOnly: 2, siteAdmin: 3, admin: 4, owner: 5 };
const rank: Record<Asker, number> = {
  nobody: 0,
  otherUser: 1,
  user: 1,
  readOnly: 2,
  parisAdmin: 3,
  berlinAdmin: 3,
  admin: 4,
  owner: 5,
};

function expected(declaration: Declaration, { isBerlins, needsAccount }: Row, asker: Asker): Expected {
  const { access, method, path } = declaration;
  if (access === 'open') return 'done';
  if (asker === 'nobody') return 'unknown';
  if (rank[asker] < least[access]) return 'forbidden';
  if (needsAccount) return 'conflict';
  if (asker === 'otherUser' && path.includes('{extension}')) return 'missing';
  // For a user himself, or for an admin in his stead.
  const isForSomebody = access === 'user' && path.includes('{extension}') && method !== 'get';
  if (isForSomebody && asker !== 'user' && rank[asker] < least.admin) return 'forbidden';
  return asker === 'parisAdmin' && isBerlins ? 'missing' : 'done';
}

// biome-ignore format: a table
const statuses: Record<Expected, readonly number[]> = {
  done:      [200, 201, 202, 204],
  unknown:   [401],
  forbidden: [403],
  conflict:  [409],
  missing:   [404, 403, 400], // 400 and 403: what is asked for would be at a site that is not his
};

const routes = apiRoutes(createApiWorld().deps).map(({ declaration }) => declaration);

async function asked(declaration: Declaration, row: Row, asker: Asker, company: Company) {
  const { at = declaration.path, body, type = 'application/json' } = row;
  const before = JSON.stringify(documents(company));
  const answer = await company.app.request(`/api/v1${at}`, {
    method: declaration.method.toUpperCase(),
    headers: { ...company.headersOf[asker], ...(body !== undefined && { 'content-type': type }) },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = declaration.path === '/events' ? '' : await answer.text();
  if (declaration.path === '/events') await answer.body?.cancel();
  return { status: answer.status, text, isSame: JSON.stringify(documents(company)) === before };
}

type Company = Awaited<ReturnType<typeof createCompany>>;

const documents = ({ store }: Company) =>
  (Object.keys(collections) as CollectionName[]).map((name) => store.list(name));

describe('API routes and roles', (test) => {
  test('every route has a row, and every row a route', () => {
    assert.equal(Object.keys(rows).sort(), routes.map(routeName).sort());
  });

  for (const declaration of routes) {
    const name = routeName(declaration);
    const row = rows[name] ?? {};
    test(`${name} (${declaration.access})`, async () => {
      let company = await createCompany();
      for (const asker of askers) {
        const wanted = expected(declaration, row, asker);
        const { status, text, isSame } = await asked(declaration, row, asker, company);
        assert.ok(statuses[wanted].includes(status), `${asker}: ${status}, not ${wanted}: ${text}`);
        if (wanted !== 'done') assert.ok(isSame, `${asker} was ${wanted} and changed something`);
        if (!isSame) company = await createCompany();
      }
    });
  }
});

describe('audit of the API', (test) => {
  const mutating = routes.filter(
    (each) =>
      (each.method !== 'get' || each.isTold) && !each.isQuestion && !rows[routeName(each)]?.needsAccount,
  );
  for (const declaration of mutating) {
    const name = routeName(declaration);
    test(`${name} leaves an entry, without a secret`, async () => {
      const company = await createCompany();
      await asked(declaration, rows[name] ?? {}, 'owner', company);
      const { entries } = company.audit;
      assert.is(entries.length, 1);
      assert.is(entries[0]?.what, name);
      if (name !== 'POST /sign-in') assert.is(entries[0]?.who, 'token owner');
      assert.not.match(JSON.stringify(entries), /739216|canary|sealed|scrypt/);
    });
  }

  test('a line that cannot be written is a failure of the request', async () => {
    const { app, audit, headersOf } = await createCompany();
    audit.failWith = new Fault('store.failed', 'the audit log cannot be written');
    const answer = await app.request('/api/v1/users/101', { method: 'DELETE', headers: headersOf.owner });
    assert.is(answer.status, 507);
  });

  test('what somebody was forbidden leaves an entry, what nobody may not', async () => {
    const { app, audit, headersOf } = await createCompany();
    const remove = (headers: Record<string, string>) =>
      app.request('/api/v1/users/101', { method: 'DELETE', headers });
    await remove(headersOf.nobody);
    assert.equal(audit.entries, []);
    await remove(headersOf.readOnly);
    assert.equal(
      audit.entries.map(({ who, details }) => [who, details?.status]),
      [['token readOnly', 403]],
    );
  });
});

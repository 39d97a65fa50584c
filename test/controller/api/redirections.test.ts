/** /redirection-services and /redirections: what is taken, what is shown, and that no secret comes out. */

import * as assert from 'uvu/assert';
import { createRedirections, type Redirections } from '#controller/provisioning/rps/redirections.ts';
import { account, openVendor, yealinkRpsServer } from '#test/controller/provisioning/rps/vendor.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { createApiWorld } from './world.ts';

const good = { account: account.name, secret: account.secret };

// biome-ignore format: a table
const refused: [what: string, body: object, field: string][] = [
  ['no account',                 { secret: 'x' }, 'account'],
  ['no secret',                  { account: 'a' }, 'secret'],
  ['an account with a quote',    { ...good, account: 'a"b' }, 'account'],
  ['a secret with a line end',   { ...good, secret: 'a\r\nb' }, 'secret'],
  ['credentials in the clear',   { ...good, url: 'http://192.0.2.1/' }, 'url'],
  ['a URL that is none',         { ...good, url: 'sraps' }, 'url'],
  ['a server name too long',     { ...good, serverName: 'a'.repeat(21) }, 'serverName'],
  ['an unknown field',           { ...good, automatik: true }, 'automatik'],
];

describe('API: redirection services', (test) => {
  for (const [what, body, field] of refused) {
    test(`${what}: 400 names ${field}`, async () => {
      const answer = await createApiWorld().ask('PATCH', '/redirection-services/snom-sraps', body);
      assert.equal([answer.status, answer.json.field], [400, field]);
    });
  }

  test('set up, tested, used, shown, forgotten; its secret is sealed and stays in', async () => {
    const served = yealinkRpsServer();
    const vendor = await openVendor(served.answer);
    const quiet = { info() {}, warn() {}, error() {} };
    let redirections: Redirections | undefined;
    const { ask, store } = createApiWorld({
      openRedirections(deps) {
        const urlOf = (id: string) => `http://192.0.2.7/p/${id}/`;
        redirections = createRedirections({ ...deps, urlOf, log: quiet });
        return redirections;
      },
    });
    const path = '/redirection-services/yealink-rps';
    assert.is((await ask('GET', path)).json.isSetUp, false);
    assert.is((await ask('POST', `${path}/test`)).status, 404);
    const set = await ask('PATCH', path, { ...good, url: vendor.url });
    assert.equal([set.status, set.json.hasSecret, set.json.automatic], [200, true, false]);
    assert.is((await ask('PATCH', path, { serverName: 'office' })).json.serverName, 'office');
    assert.equal((await ask('POST', `${path}/test`)).json, {
      ok: true,
      detail: 'Yealink RPS knows the account',
    });

    const requests = await ask('GET', `${path}/requests?device=HD0001`);
    assert.match(requests.text, /device\/add/);
    const queued = await ask('POST', '/redirections', { device: 'HD0001', wanted: 'registered' });
    assert.equal([queued.status, queued.json.state, queued.json.service], [202, 'waiting', 'yealink-rps']);
    const shown = async () => (await ask('GET', '/devices/HD0001')).json.redirections as { state: string }[];
    await until('it is registered', async () => (await shown())[0]?.state === 'done');
    assert.is(served.urlOf('001565aabb01'), 'http://192.0.2.7/p/HD0001/');
    const found = await ask('GET', `${path}/phones/00:15:65:aa:bb:01`);
    assert.equal(found.json, { isRegistered: true, url: 'http://192.0.2.7/p/HD0001/' });
    const { items } = (await ask('GET', '/redirections?state=done')).json as { items: { device: string }[] };
    assert.equal([items.length, items[0]?.device], [1, 'HD0001']);

    await ask('PATCH', path, { secret: 'wrong' });
    const test = await ask('POST', `${path}/test`);
    assert.equal(test.json, { ok: false, detail: 'Yealink RPS: the service said: signature.invalid' });
    assert.is((await ask('GET', `${path}/phones/001565aabb01`)).status, 409);

    const all = [set, requests, queued, test, await ask('GET', '/redirection-services')];
    assert.not.match(all.map(({ text }) => text).join(), new RegExp(account.secret));
    assert.not.match(JSON.stringify(store.list('redirectionServices')), new RegExp(account.secret));
    assert.is((await ask('DELETE', path)).status, 204);
    await until('its phones are forgotten here', () => store.list('redirections').length === 0);
    assert.is(served.urlOf('001565aabb01'), 'http://192.0.2.7/p/HD0001/');
    await redirections?.close();
    await vendor.close();
  });

  test('which service, when none or several are set up', async () => {
    const { ask } = createApiWorld();
    const order = { device: 'HD0001', wanted: 'registered' };
    assert.match((await ask('POST', '/redirections', order)).text, /none is set up for yealink: yealink-rps/);
    for (const id of ['yealink-rps', 'yealink-ymcs']) {
      assert.is(
        (await ask('PATCH', `/redirection-services/${id}`, { ...good, url: 'http://127.0.0.1:1' })).status,
        200,
      );
    }
    assert.match((await ask('POST', '/redirections', order)).text, /which one\? yealink-rps, yealink-ymcs/);
    const wrong = await ask('POST', '/redirections', { ...order, service: 'snom' });
    assert.equal([wrong.status, wrong.json.field], [400, 'service']);
    assert.is((await ask('GET', '/redirection-services/snom')).status, 404);
  });
});

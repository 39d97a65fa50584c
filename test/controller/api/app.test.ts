import * as assert from 'uvu/assert';
import type { Device } from '#controller/model/model.ts';
import type { Kept } from '#controller/model/ports.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { createApiWorld } from './world.ts';

type Row = { does: string; status: number; body?: unknown; field?: string; says?: string };

/** `does` is method and path. Each row has a world of its own: site berlin, user 100, device HD0001. */
// biome-ignore format: a table
const requests: Row[] = [
  { does: 'GET /sites',               status: 200 },
  { does: 'GET /sites/berlin',        status: 200 },
  { does: 'GET /sites/paris',         status: 404, says: 'there is no site "paris"' },
  { does: 'POST /sites',              status: 201, body: { id: 'paris' } },
  { does: 'POST /sites',              status: 409, body: { id: 'berlin' },                                   field: 'id' },
  { does: 'POST /sites',              status: 400, body: { id: 'Paris!' },                                   field: 'id' },
  { does: 'POST /sites',              status: 400, body: { id: 'paris', timeZone: 'Mars/Olympus' },          field: 'timeZone' },
  { does: 'POST /sites',              status: 400, body: { id: 'paris', langage: 'en' },                     field: 'langage', says: 'did you mean "language"?' },
  { does: 'PATCH /sites/berlin',      status: 200, body: { language: 'de' } },
  { does: 'PATCH /sites/berlin',      status: 400, body: { id: 'munich' },                                   field: 'id' },
  { does: 'PATCH /sites/berlin',      status: 400, body: { language: 'fr' },                                 field: 'language' },
  { does: 'PATCH /sites/berlin',      status: 400, body: { dialCodes: { park: '*78' } },                     field: 'dialCodes.park' },
  { does: 'PATCH /sites/berlin',      status: 200, body: { dialCodes: { park: '*68' } } },
  { does: 'DELETE /sites/berlin',     status: 409, says: '1 devices' },
  { does: 'GET /users',               status: 200 },
  { does: 'GET /users/999',           status: 404 },
  { does: 'POST /users',              status: 201, body: { extension: '101', name: 'Ben' } },
  { does: 'POST /users',              status: 201, body: { extension: '0042', name: 'Ben', pin: '739216' } },
  { does: 'POST /users',              status: 400, body: { extension: '101', name: 'Ben', pin: '1111' },     field: 'pin' },
  { does: 'POST /users',              status: 409, body: { extension: '100', name: 'Ben' },                  field: 'extension' },
  { does: 'POST /users',              status: 400, body: { extension: '5', name: 'Ben' },                    field: 'extension' },
  { does: 'POST /users',              status: 400, body: { extension: '112', name: 'Ben' },                  field: 'extension' },
  { does: 'POST /users',              status: 400, body: { extension: '101', name: 'B\nen' },                field: 'name' },
  { does: 'POST /users',              status: 400, body: { extension: '101', name: 'Ben', pinHash: 'x' },    field: 'pinHash' },
  { does: 'PATCH /users/100',         status: 200, body: { name: 'Anne', hotdesk: false } },
  { does: 'PATCH /users/100',         status: 400, body: { pin: '739216' },                                  field: 'pin' },
  { does: 'PATCH /users/100',         status: 400, body: { keys: [{ type: 'blf', value: 'x' }] },            field: 'keys.0.value' },
  { does: 'PUT /users/100/pin',       status: 204, body: { pin: '739216' } },
  { does: 'POST /users/100/pin',      status: 204, body: { pin: '739216' } },
  { does: 'PUT /users/100/pin',       status: 400, body: { pin: '2222' },                                    field: 'pin' },
  { does: 'PUT /users/999/pin',       status: 404, body: { pin: '739216' } },
  { does: 'POST /users/100/unlock',   status: 204 },
  { does: 'DELETE /users/100',        status: 204 },
  { does: 'GET /devices',             status: 200 },
  { does: 'POST /devices',            status: 201, body: { mac: '00:15:65:AA:BB:02', model: 't46s', site: 'berlin' } },
  { does: 'POST /devices',            status: 409, body: { mac: '00-15-65-aa-bb-01', model: 'T46S', site: 'berlin' }, field: 'mac' },
  { does: 'POST /devices',            status: 400, body: { mac: '001565aabb', model: 'T46S', site: 'berlin' },        field: 'mac' },
  { does: 'POST /devices',            status: 400, body: { mac: '010000000001', model: 'T46S', site: 'berlin' },      field: 'mac' },
  { does: 'POST /devices',            status: 400, body: { mac: '001565aabb02', model: 'T999', site: 'berlin' },      field: 'model' },
  { does: 'POST /devices',            status: 400, body: { mac: '001565aabb02', model: 'T46S', site: 'paris' },       field: 'site' },
  { does: 'POST /devices',            status: 409, body: { mac: '001565aabb02', model: 'T46S', site: 'berlin', id: 'HD0001' }, field: 'id' },
  { does: 'PATCH /devices/HD0001',    status: 200, body: { model: 'T48S' } },
  { does: 'PATCH /devices/HD0001',    status: 400, body: { generation: 9 },                                  field: 'generation' },
  { does: 'DELETE /devices/HD0001',   status: 204 },
  { does: 'DELETE /devices/HD0009',   status: 404 },
  { does: 'GET /models',              status: 200 },
  { does: 'GET /models?vendor=snom&q=d78', status: 200 },
  { does: 'GET /models?vendor=snm',   status: 400,                                                            field: 'vendor', says: 'did you mean "snom"?' },
  { does: 'GET /models/sip-t46s',     status: 200 },
  { does: 'GET /models/T46X',         status: 404, says: 'T46S' },
  { does: 'POST /layouts/preview',    status: 200, body: { model: 'T46S', keys: [{ type: 'blf', value: '101' }] } },
  { does: 'POST /layouts/preview',    status: 200, body: { model: 'D785', state: 'idle', language: 'de', expansions: 3, site: 'berlin' } },
  { does: 'POST /layouts/preview',    status: 400, body: { model: 'T46X' },                                  field: 'model' },
  { does: 'POST /layouts/preview',    status: 400, body: { model: 'T46S', keys: [{ type: 'lamp' }] },        field: 'keys.0.type' },
  { does: 'POST /layouts/preview',    status: 400, body: { model: 'T46S', site: 'paris' },                   field: 'site' },
  { does: 'POST /layouts/preview',    status: 400, body: { model: 'T23G', expansions: 1 },                   field: 'expansions', says: 'has no expansion modules' },
  { does: 'POST /layouts/preview',    status: 400, body: { model: 'D785', expansions: 4 },                   field: 'expansions', says: 'takes 3' },
  { does: 'POST /devices',            status: 201, body: { mac: '001565aabb02', model: 'T46S', site: 'berlin', expansions: 2 } },
  { does: 'POST /devices',            status: 400, body: { mac: '001565aabb02', model: 'T23G', site: 'berlin', expansions: 1 }, field: 'expansions' },
  { does: 'PATCH /devices/HD0001',    status: 200, body: { expansions: 6 } },
  { does: 'PATCH /devices/HD0001',    status: 400, body: { expansions: 7 },                                  field: 'expansions' },
  { does: 'GET /sites/berlin/adoption-window',   status: 200 },
  { does: 'POST /sites/berlin/adoption-window',  status: 201, body: { minutes: 15 } },
  { does: 'POST /sites/berlin/adoption-window',  status: 400, body: { minutes: 500 },                         field: 'minutes' },
  { does: 'POST /sites/paris/adoption-window',   status: 404, body: {} },
  { does: 'DELETE /sites/berlin/adoption-window', status: 204 },
  { does: 'POST /devices/HD0001/adoption-window', status: 201, body: {} },
  { does: 'POST /devices/HD0009/adoption-window', status: 404, body: {} },
  { does: 'POST /sessions',           status: 201, body: { device: 'HD0001', extension: '100' } },
  { does: 'POST /sessions',           status: 404, body: { device: 'HD0009', extension: '100' } },
  { does: 'POST /sessions',           status: 404, body: { device: 'HD0001', extension: '999' } },
  { does: 'POST /sessions',           status: 400, body: { device: '1', extension: '100' },                  field: 'device' },
  { does: 'DELETE /sessions/HD0001',  status: 404 },
  { does: 'PUT /sites/berlin/nothing', status: 404 },
  { does: 'PUT /sites/berlin',        status: 200, body: { language: 'de' } },
  { does: 'PUT /sites/paris',         status: 201, body: { timeZone: 'Europe/Paris' } },
  { does: 'PUT /sites/Paris!',        status: 400, body: {},                                                 field: 'id' },
  { does: 'PUT /sites/paris',         status: 400, body: { id: 'berlin' },                                   field: 'id' },
  { does: 'PUT /sites/paris',         status: 400, body: { dialCodes: { login: '*77*' } },                   field: 'dialCodes.logout' },
  { does: 'PUT /users/100',           status: 200, body: { name: 'Anne' } },
  { does: 'PUT /users/101',           status: 201, body: { name: 'Ben', hotdesk: false } },
  { does: 'PUT /users/101',           status: 400, body: { name: 'Ben', pinHash: 'x' },                      field: 'pinHash' },
  { does: 'PUT /users/100',           status: 400, body: { name: 'A', extension: '101' },                    field: 'extension' },
  { does: 'PUT /devices/HD0001',      status: 200, body: { mac: '001565aabb01', model: 'T48S', site: 'berlin' } },
  { does: 'PUT /devices/HD0007',      status: 201, body: { mac: '001565aabb07', model: 'T48S', site: 'berlin' } },
  { does: 'PUT /devices/desk',        status: 400, body: { mac: '001565aabb07', model: 'T48S', site: 'berlin' }, field: 'id' },
  { does: 'PUT /devices/HD0007',      status: 409, body: { mac: '001565aabb01', model: 'T48S', site: 'berlin' }, field: 'mac' },
  { does: 'POST /devices/HD0001/resync', status: 200 },
  { does: 'POST /devices/HD0009/resync', status: 404 },
  { does: 'POST /devices/HD0001/reboot', status: 200 },
  { does: 'GET /devices/HD0001/config', status: 409, says: 'has had no agent' },
  { does: 'POST /sites/berlin/resync', status: 200 },
  { does: 'POST /sites/berlin/logout', status: 200 },
  { does: 'POST /sites/paris/logout', status: 404 },
  { does: 'GET /users/100/layout',    status: 200 },
  { does: 'PUT /users/100/layout',    status: 200, body: { keys: [{ type: 'blf', value: '101' }] } },
  { does: 'PUT /users/100/layout',    status: 400, body: { keys: [{ type: 'blf', value: 'x' }] },            field: 'keys.0.value' },
  { does: 'GET /users/100/sessions',  status: 200 },
  { does: 'DELETE /users/100/sessions', status: 204 },
  { does: 'DELETE /users/100/pin',    status: 204 },
  { does: 'POST /users/change',       status: 200, body: { extensions: ['100'], change: { hotdesk: false } } },
  { does: 'POST /users/change',       status: 400, body: { extensions: ['100', '999'], change: {} },         field: 'extensions.1' },
  { does: 'POST /users/change',       status: 400, body: { extensions: ['100'], change: { name: 'X' } },     field: 'change.name' },
  { does: 'GET /policy',              status: 200 },
  { does: 'PUT /policy',              status: 200, body: { idleMinutes: 30, endsAt: '20:00' } },
  { does: 'PUT /policy',              status: 400, body: { endsAt: '25:00' },                                field: 'endsAt' },
  { does: 'GET /devices?sit=berlin',  status: 400, field: 'sit', says: 'did you mean "site"' },
  { does: 'GET /devices?limit=0',     status: 400, field: 'limit' },
  { does: 'GET /devices?sort=colour', status: 400, field: 'sort' },
  { does: 'GET /devices?cursor=abc',  status: 400, field: 'cursor' },
  { does: 'GET /agents',              status: 200 },
  { does: 'DELETE /agents/none',      status: 404 },
  { does: 'POST /enrol-tokens',       status: 201, body: { site: 'berlin' } },
  { does: 'POST /enrol-tokens',       status: 404, body: { site: 'paris' } },
  { does: 'POST /tokens',             status: 201, body: { name: 'billing' } },
  { does: 'DELETE /tokens/none',      status: 404 },
  { does: 'POST /users',              status: 400, body: '{"extension":',                                    field: 'body' },
  { does: 'POST /users',              status: 400, body: '[]',                                               field: 'body' },
  { does: 'POST /users',              status: 413, body: `"${'x'.repeat(300_000)}"`,                         field: 'body' },
  { does: 'GET /nothing',             status: 404, says: 'no such route' },
];

describe('API', (test) => {
  for (const { does, status, body, field, says } of requests) {
    const shown = body === undefined ? '' : ` ${JSON.stringify(body).slice(0, 60)}`;
    test(`${does}${shown}: ${status}`, async () => {
      const [method = '', path = ''] = does.split(' ');
      const answer = await createApiWorld().ask(method, path, body);
      assert.is(answer.status, status, answer.text);
      assert.is(answer.headers.get('cache-control'), 'no-store');
      assert.is(answer.headers.get('access-control-allow-origin'), null);
      if (status < 400) return;
      assert.is(answer.headers.get('content-type'), 'application/problem+json');
      assert.is(answer.json.status, status);
      assert.is(answer.json.field, field);
      if (field !== undefined && status !== 409)
        assert.ok(String(answer.json.detail).includes(field.split('.')[0] ?? ''));
      if (says !== undefined) assert.ok(String(answer.json.detail).includes(says), answer.text);
    });
  }

  test('a body that says nothing of its type is refused', async () => {
    const answer = await createApiWorld().ask('POST', '/users', '{}', { 'content-type': 'text/plain' });
    assert.is(answer.json.field, 'content-type');
  });

  test('what breaks inside is not told', async () => {
    const { ask, store, logged } = createApiWorld();
    store.list = () => {
      throw new Error('canary');
    };
    const answer = await ask('GET', '/users');
    assert.is(answer.status, 500);
    assert.not.ok(answer.text.includes('canary'));
    assert.is(logged.length, 1);
  });

  test('a disk that refuses is told', async () => {
    const { ask, store } = createApiWorld();
    store.failWith = new Fault('store.failed', 'the disk is full');
    assert.is((await ask('POST', '/sites', { id: 'paris' })).status, 507);
  });
});

describe('API documents', (test) => {
  test('a PIN goes in and never comes out', async () => {
    const { ask, asked } = createApiWorld();
    const made = await ask('POST', '/users', { extension: '101', name: 'Ben', pin: '739216' });
    const all = await ask('GET', '/users');
    const one = await ask('GET', '/users/100');
    for (const { text } of [made, all, one]) assert.not.match(text, /739216|scrypt|pinHash/);
    assert.is(one.json.hasPin, true);
    assert.equal(asked, ['pin of 101 is 6 long']);
  });

  test('a user whose PIN is refused is not made', async () => {
    const { ask, store } = createApiWorld();
    await ask('POST', '/users', { extension: '101', name: 'Ben', pin: '0000' });
    assert.is(store.get('users', '101'), undefined);
  });

  test('a PATCH keeps what it does not name, the PIN too; null removes', async () => {
    const { ask, store } = createApiWorld();
    await ask('PATCH', '/users/100', { secondDevice: 'move' });
    assert.is(store.get('users', '100')?.pinHash, 'scrypt:canary');
    assert.is(store.get('users', '100')?.secondDevice, 'move');
    await ask('PATCH', '/users/100', { secondDevice: null });
    assert.is(store.get('users', '100')?.secondDevice, undefined);
  });

  test('dial codes are merged', async () => {
    const { ask, store } = createApiWorld();
    await ask('PATCH', '/sites/berlin', { dialCodes: { park: '*68' } });
    await ask('PATCH', '/sites/berlin', { emergencyNumbers: ['112', '110'] });
    assert.equal(store.get('sites', 'berlin')?.dialCodes, { login: '*77*', logout: '*77*5*', park: '*68' });
    await ask('PATCH', '/sites/berlin', { dialCodes: { park: null } });
    assert.equal(store.get('sites', 'berlin')?.dialCodes, { login: '*77*', logout: '*77*5*' });
  });

  test('If-Match: what has changed meanwhile is not overwritten', async () => {
    const { ask } = createApiWorld();
    const etag = (await ask('GET', '/users/100')).headers.get('etag') ?? '';
    assert.is((await ask('PATCH', '/users/100', { name: 'A' }, { 'if-match': etag })).status, 200);
    assert.is((await ask('PATCH', '/users/100', { name: 'B' }, { 'if-match': etag })).status, 412);
    assert.is((await ask('PATCH', '/users/100', { name: 'C' }, { 'if-match': 'nonsense' })).status, 412);
  });

  // biome-ignore format: a table
  const races: { name: string; method: string; path: string; headers: Record<string, string>; status: number }[] = [
    { name: 'a change',              method: 'PATCH',  path: '/users/100', headers: { 'if-match': '*' },      status: 412 },
    { name: 'a removal',             method: 'DELETE', path: '/users/100', headers: { 'if-match': '*' },      status: 412 },
    { name: 'what was not to be there', method: 'PUT', path: '/users/101', headers: { 'if-none-match': '*' }, status: 412 },
    { name: 'who names nothing',     method: 'PATCH',  path: '/users/100', headers: {},                       status: 409 },
  ];
  for (const { name, method, path, headers, status } of races) {
    test(`somebody is quicker than ${name}, between the look and the commit: ${status}`, async () => {
      const { ask, store } = createApiWorld();
      const { commit } = store;
      store.commit = async (changes) => {
        store.commit = commit;
        const [, , extension = ''] = path.split('/');
        const value = { extension, name: 'Quick', hotdesk: true, keys: [] };
        await commit([{ type: 'put', collection: 'users', value }]);
        await commit(changes);
      };
      const body = method === 'DELETE' ? undefined : { name: 'Late' };
      assert.is((await ask(method, path, body, headers)).status, status);
      assert.is(store.get('users', path.slice(7))?.name, 'Quick');
    });
  }

  test('a PUT keeps what no face shows, and does not make what was to be changed', async () => {
    const { ask, store } = createApiWorld();
    const put = await ask('PUT', '/users/100', { name: 'Anne' });
    assert.is(store.get('users', '100')?.pinHash, 'scrypt:canary');
    assert.is((await ask('PUT', '/users/100', { name: 'Anne' })).text, put.text);
    assert.is((await ask('PUT', '/users/100', { name: 'A' }, { 'if-none-match': '*' })).status, 412);
    assert.is((await ask('PUT', '/users/101', { name: 'B' }, { 'if-match': '"7"' })).status, 412);
    assert.is(store.get('users', '101'), undefined);
  });

  test('an agent has a name, and says how many phones and calls are behind it', async () => {
    const { ask, store, clock } = createApiWorld({ callAgents: ['0123456789abcdef', 'another'] });
    const id = '0123456789abcdef';
    const hostPort = { address: '192.0.2.9', port: 5060 };
    const flow = { agent: id, site: 'berlin', transport: 'udp', local: hostPort, remote: hostPort } as const;
    await store.commit([
      {
        type: 'put',
        collection: 'agents',
        value: { id, site: 'berlin', publicKey: 'A'.repeat(43), enrolledAt: 0 },
      },
      {
        type: 'put',
        collection: 'bindings',
        value: {
          ...{ device: 'HD0001', aor: 'HD0001', contact: 'sip:x', callId: 'c', cseq: 1, userAgent: '' },
          ...{ flow, expiresAt: clock.wall() + 1_000 },
        },
      },
    ]);
    const named = await ask('PATCH', `/agents/${id}`, { name: 'Cellar' });
    const { name, phones, calls } = named.json;
    assert.equal([named.status, name, phones, calls], [200, 'Cellar', 1, 1]);
    assert.is((await ask('PATCH', `/agents/${id}`, { site: 'paris' })).json.field, 'site');
    await ask('PATCH', `/agents/${id}`, { name: null });
    const { items } = (await ask('GET', '/agents?q=012345')).json as { items: object[] };
    assert.not.ok('name' in (items[0] ?? {}));
  });

  test('many are changed at once, or none', async () => {
    const { ask, store } = createApiWorld();
    await ask('PUT', '/users/101', { name: 'Ben' });
    const change = { hotdesk: false, secondDevice: 'move' };
    await ask('POST', '/users/change', { extensions: ['100', '101', '102'], change });
    assert.is(store.get('users', '100')?.hotdesk, true);
    await ask('POST', '/users/change', { extensions: ['100', '101'], change });
    assert.is(store.get('users', '100')?.hotdesk, false);
    assert.is(store.get('users', '101')?.secondDevice, 'move');
    assert.is(store.get('users', '100')?.pinHash, 'scrypt:canary');
  });

  test('a phone is restarted only where that was proven', async () => {
    const { ask, store, asked } = createApiWorld();
    await ask('POST', '/devices/HD0001/reboot');
    const { revision: _, ...device } = store.get('devices', 'HD0001') as Kept<Device>;
    await store.commit([{ type: 'put', collection: 'devices', value: { ...device, vendor: 'poly' } }]);
    assert.is((await ask('POST', '/devices/HD0001/reboot')).status, 409);
    assert.equal(asked, ['reboot HD0001']);
  });

  test('everybody of a site is logged out', async () => {
    const { ask } = createApiWorld();
    await ask('POST', '/sessions', { device: 'HD0001', extension: '100' });
    assert.is(((await ask('GET', '/users/100/sessions')).json.items as unknown[]).length, 1);
    assert.equal((await ask('POST', '/sites/berlin/logout')).json, { ended: 1 });
    assert.equal((await ask('GET', '/sessions')).json.items, []);
  });

  test('devices take the next free name, and show what is true of them', async () => {
    const { ask } = createApiWorld();
    const made = await ask('POST', '/devices', { mac: '001565aabb02', model: 'T46S', site: 'berlin' });
    assert.is(made.json.id, 'HD0002');
    assert.is(made.json.provisioningUrl, 'http://192.0.2.7/p/HD0002/');
    assert.equal(made.json.changeOver, { state: 'active', ms: 12 });
    assert.is(made.json.registered, null);
  });

  test('a device that goes takes its session and registration along', async () => {
    const { ask, store } = createApiWorld();
    await ask('POST', '/sessions', { device: 'HD0001', extension: '100' });
    await ask('DELETE', '/devices/HD0001');
    assert.is(store.get('sessions', 'HD0001'), undefined);
  });

  test('a session says how it came to be', async () => {
    const { ask, asked } = createApiWorld();
    await ask('POST', '/sessions', { device: 'HD0001', extension: '100' });
    const { items } = (await ask('GET', '/sessions')).json as { items: Record<string, unknown>[] };
    assert.is(items[0]?.device, 'HD0001');
    assert.is(items[0]?.extension, '100');
    assert.is((await ask('DELETE', '/sessions/HD0001')).status, 204);
    assert.equal(asked, ['login HD0001 100 admin', 'logout HD0001 admin']);
  });
});

describe('API over the network', (test) => {
  const hosts = new Set(['127.0.0.1:8480']);
  const host = { host: '127.0.0.1:8480' };

  async function world() {
    const api = createApiWorld({ access: { type: 'token', hosts } });
    const local = createApiWorld();
    const { json } = await local.ask('POST', '/tokens', { name: 'test' });
    for (const value of local.store.list('apiTokens')) {
      const { revision: _, ...token } = value;
      await api.store.commit([{ type: 'put', collection: 'apiTokens', value: token }]);
    }
    return { ...api, token: String(json.token) };
  }

  test('a token opens it; it is kept as a hash only', async () => {
    const { ask, token, store } = await world();
    assert.is(
      (await ask('GET', '/sites', undefined, { ...host, authorization: `Bearer ${token}` })).status,
      200,
    );
    assert.not.ok(JSON.stringify(store.list('apiTokens')).includes(token));
    assert.not.ok(
      (await ask('GET', '/tokens', undefined, { ...host, authorization: `Bearer ${token}` })).text.includes(
        token,
      ),
    );
  });

  // biome-ignore format: a table
  const refused: { name: string; headers: (token: string) => Record<string, string>; status: number }[] = [
    { name: 'no token',             status: 401, headers: () => host },
    { name: 'a wrong token',        status: 401, headers: (token) => ({ ...host, authorization: `Bearer ${token.slice(0, -1)}x` }) },
    { name: 'a token cut short',    status: 401, headers: (token) => ({ ...host, authorization: `Bearer ${token.slice(0, -1)}` }) },
    { name: 'another scheme',       status: 401, headers: (token) => ({ ...host, authorization: `Basic ${token}` }) },
    { name: 'a prototype’s field',  status: 401, headers: () => ({ ...host, authorization: 'Bearer __proto__' }) },
    { name: 'another host',         status: 403, headers: (token) => ({ host: 'evil.example', authorization: `Bearer ${token}` }) },
    { name: 'another port',         status: 403, headers: (token) => ({ host: '127.0.0.1:80', authorization: `Bearer ${token}` }) },
  ];
  for (const { name, headers, status } of refused) {
    test(`${name}: ${status}`, async () => {
      const { ask, token } = await world();
      const answer = await ask('GET', '/sites', undefined, headers(token));
      assert.is(answer.status, status);
      assert.is(answer.headers.get('content-type'), 'application/problem+json');
    });
  }

  test('a token that was removed opens nothing', async () => {
    const { ask, token, store } = await world();
    const id = store.list('apiTokens')[0]?.id ?? '';
    await store.commit([{ type: 'delete', collection: 'apiTokens', id }]);
    assert.is(
      (await ask('GET', '/sites', undefined, { ...host, authorization: `Bearer ${token}` })).status,
      401,
    );
  });

  test('a session made over the network is the API’s', async () => {
    const { ask, token, asked } = await world();
    await ask(
      'POST',
      '/sessions',
      { device: 'HD0001', extension: '100' },
      { ...host, authorization: `Bearer ${token}` },
    );
    assert.equal(asked, ['login HD0001 100 api']);
  });
});

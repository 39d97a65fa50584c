import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { createApiWorld } from './world.ts';

type Row = { does: string; status: number; body?: unknown; field?: string };

const route = (more: object) => ({ emergencyRoutes: [more] });

// biome-ignore format: a table
const requests: Row[] = [
  { does: 'GET /emergency-calls',                    status: 200 },
  { does: 'POST /sites/berlin/emergency-test',       status: 200, body: {} },
  { does: 'POST /sites/berlin/emergency-test',       status: 200, body: { device: 'HD0001' } },
  { does: 'POST /sites/berlin/emergency-test',       status: 400, body: { device: 'HD0009' },                        field: 'device' },
  { does: 'POST /sites/paris/emergency-test',        status: 404, body: {} },
  { does: 'GET /sites/berlin/webhook-secret',        status: 200 },
  { does: 'PATCH /sites/berlin',                     status: 200, body: { place: { country: 'DE', A3: 'Berlin' } } },
  { does: 'PATCH /sites/berlin',                     status: 400, body: { place: { country: 'Deutschland' } },       field: 'place.country' },
  { does: 'PATCH /sites/berlin',                     status: 400, body: { place: { street: 'Weg' } },                field: 'place.street' },
  { does: 'PATCH /sites/berlin',                     status: 200, body: route({ type: 'gateway', location: 'value' }) },
  { does: 'PATCH /sites/berlin',                     status: 400, body: route({ type: 'gateway', location: 'reference' }), field: 'emergencyRoutes.0.location' },
  { does: 'PATCH /sites/berlin',                     status: 400, body: route({ type: 'upstream', upstream: 'telco' }), field: 'emergencyRoutes.0.upstream' },
  { does: 'PATCH /sites/berlin',                     status: 400, body: route({ type: 'pigeon' }),                   field: 'emergencyRoutes.0.type' },
  { does: 'PATCH /sites/berlin',                     status: 400, body: { emergencyRoutes: [] },                     field: 'emergencyRoutes' },
  { does: 'PATCH /sites/berlin',                     status: 200, body: { emergencyContacts: ['https://noc.example/x'] } },
  { does: 'PATCH /sites/berlin',                     status: 400, body: { emergencyContacts: ['http://noc.example/x'] }, field: 'emergencyContacts.0' },
  { does: 'PATCH /sites/berlin',                     status: 200, body: { emergencyTestNumber: '99112' } },
  { does: 'PATCH /sites/berlin',                     status: 400, body: { emergencyTestNumber: '112' },              field: 'emergencyTestNumber' },
  { does: 'PATCH /sites/berlin',                     status: 400, body: { emergencyTestNumber: '100' },              field: 'emergencyTestNumber' },
  { does: 'PATCH /devices/HD0001',                   status: 200, body: { place: { floor: '2', callerId: '+4930100' } } },
  { does: 'PATCH /devices/HD0001',                   status: 400, body: { place: { callerId: 'me' } },               field: 'place.callerId' },
  { does: 'POST /devices',                           status: 201, body: { mac: '001565aabb02', model: 'T46S', site: 'berlin', place: { room: '1' } } },
];

describe('emergency API', (test) => {
  for (const { does, status, body, field } of requests) {
    test(`${does} ${JSON.stringify(body ?? '')} is ${status}`, async () => {
      const [method = '', path = ''] = does.split(' ');
      const { json, text, ...answer } = await createApiWorld().ask(method, path, body);
      assert.is(answer.status, status, text);
      assert.is(json.field, field);
    });
  }

  test('an upstream must be a trunk', async () => {
    const world = createApiWorld();
    const telco = { id: 'telco', addresses: [{ address: '192.0.2.9', port: 5060 }] };
    const set = () => world.ask('PATCH', '/sites/berlin', route({ type: 'upstream', upstream: 'telco' }));
    await world.ask('POST', '/upstreams', { ...telco, mode: 'register' });
    assert.is((await set()).json.field, 'emergencyRoutes.0.upstream');
    await world.ask('PATCH', '/upstreams/telco', { mode: 'trunk' });
    assert.is((await set()).status, 200);
    assert.is((await world.ask('DELETE', '/upstreams/telco')).status, 409);
  });

  test('a place is merged, field by field, and problems are shown', async () => {
    const { ask } = createApiWorld();
    await ask('PATCH', '/devices/HD0001', { place: { floor: '2', room: '1' } });
    await ask('PATCH', '/devices/HD0001', { place: { room: null, SEAT: '4' } });
    const { json } = await ask('GET', '/devices/HD0001');
    assert.equal([json.place, json.problems], [{ floor: '2', SEAT: '4' }, ['no place']]);
    assert.equal((await ask('GET', '/sites/berlin')).json.problems, ['no way out']);
    const listed = (await ask('GET', '/sites')).json.items as { problems: string[] }[];
    assert.equal(
      listed.map(({ problems }) => problems),
      [['no way out']],
    );
    await ask('PATCH', '/devices/HD0001', { place: null });
    assert.is((await ask('GET', '/devices/HD0001')).json.place, null);
  });

  test('a device that is carried to another site leaves its room behind, but not a new one', async () => {
    const { ask } = createApiWorld();
    await ask('POST', '/sites', { id: 'paris' });
    await ask('PATCH', '/devices/HD0001', { place: { floor: '2' } });
    await ask('PATCH', '/devices/HD0001', { site: 'paris' });
    assert.is((await ask('GET', '/devices/HD0001')).json.place, null);
    await ask('PATCH', '/devices/HD0001', { site: 'berlin', place: { floor: '3' } });
    assert.equal((await ask('GET', '/devices/HD0001')).json.place, { floor: '3' });
  });

  test('a place is fetched by its token alone, whoever asks', async () => {
    const { app } = createApiWorld({ access: { type: 'token', hosts: new Set() } });
    const right = await app.request('/location/right');
    assert.equal([right.status, right.headers.get('content-type')], [200, 'application/pidf+xml']);
    assert.is((await app.request('/location/wrong')).status, 404);
    assert.is((await app.request('/api/v1/emergency-calls')).status, 403);
  });
});

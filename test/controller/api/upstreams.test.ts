/** /upstreams and a user's account there: what is taken, what names its field, and that no secret comes out. */

import * as assert from 'uvu/assert';
import { createKeys } from '#controller/keys.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import { describe } from '#test/support/describe.ts';
import { createApiWorld } from './world.ts';

const keys = createKeys(new Uint8Array(32));
const canary = 'canary-77aa';
const pbx = {
  id: 'pbx',
  mode: 'register',
  addresses: [{ address: '192.0.2.20', port: 5060 }],
  numbers: ['0'],
};
const trunk = {
  ...pbx,
  id: 'trunk',
  mode: 'trunk',
  authentication: 'digest',
  username: 'c1',
  secret: canary,
};

// biome-ignore format: a table
const refused: [name: string, body: object, status: number, field: string][] = [
  ['no address', { ...pbx, addresses: [] }, 400, 'addresses'],
  ['a name for an address', { ...pbx, addresses: [{ address: 'pbx.example', port: 5060 }] }, 400, 'addresses.0.address'],
  ['two IP versions', { ...pbx, addresses: [...pbx.addresses, { address: '2001:db8::1', port: 5060 }] }, 400, 'addresses'],
  ['local of the other version', { ...pbx, local: { address: '::1', port: 0 } }, 400, 'local'],
  ['another transport', { ...pbx, transport: 'sctp' }, 400, 'transport'],
  ['a domain that is none', { ...pbx, domain: 'a b' }, 400, 'domain'],
  ['a number that is none', { ...pbx, numbers: ['0', 'x'] }, 400, 'numbers.1'],
  ['a range upside down', { ...pbx, numbers: ['299-200'] }, 400, 'numbers'],
  ['a range of two lengths', { ...pbx, numbers: ['99-100'] }, 400, 'numbers'],
  ['digest without a name', { ...trunk, username: undefined }, 400, 'username'],
  ['digest without a secret', { ...trunk, secret: undefined }, 400, 'secret'],
  ['a name that would break a header', { ...trunk, username: 'a"b' }, 400, 'username'],
  ['a secret with a line end', { ...trunk, secret: 'a\r\nb' }, 400, 'secret'],
  ['an unknown field', { ...pbx, adresses: [] }, 400, 'adresses'],
];

describe('API: upstreams', (test) => {
  for (const [name, body, status, field] of refused) {
    test(`${name}: ${status} names ${field}`, async () => {
      const answer = await createApiWorld().ask('POST', '/upstreams', body);
      assert.equal([answer.status, answer.json.field], [status, field]);
    });
  }

  test('a trunk is made, shown, changed and removed; its secret is sealed and stays in', async () => {
    const { ask, store } = createApiWorld();
    const made = await ask('POST', '/upstreams', trunk);
    assert.is(made.status, 201);
    assert.is(made.json.hasSecret, true);
    assert.ok((made.json.denied as string[]).includes('0900'));
    const sealed = store.get('upstreams', 'trunk')?.secret ?? '';
    assert.is(keys.unseal(sealedFor.upstream('trunk'), sealed), canary);

    const changed = await ask('PATCH', '/upstreams/trunk', { numbers: ['00'], defaultRoute: true });
    assert.equal([changed.status, changed.json.numbers, changed.json.hasSecret], [200, ['00'], true]);
    assert.is(store.get('upstreams', 'trunk')?.secret, sealed);
    const second = await ask('POST', '/upstreams', { ...pbx, defaultRoute: true });
    assert.equal([second.status, second.json.field], [409, 'defaultRoute']);
    for (const { text } of [made, changed, await ask('GET', '/upstreams')]) {
      assert.not.ok(text.includes(canary) || text.includes(sealed), text);
    }
    assert.is((await ask('DELETE', '/upstreams/trunk')).status, 204);
    assert.is((await ask('GET', '/upstreams/trunk')).status, 404);
  });

  test('a user’s account: sealed for that user, kept when the user changes, taken away', async () => {
    const { ask, store } = createApiWorld();
    const put = (body: object) => ask('PUT', '/users/100/upstream', body);
    const none = await put({ user: 'u', secret: canary });
    assert.equal([none.status, none.json.field], [400, 'id']);
    await ask('POST', '/upstreams', pbx);
    assert.is((await put({ user: 'u100', secret: canary })).status, 204);
    const sealed = store.get('users', '100')?.upstream?.secret ?? '';
    assert.is(keys.unseal(sealedFor.user('100'), sealed), canary);
    const changed = await ask('PATCH', '/users/100', { name: 'Anna B' });
    assert.equal(changed.json.upstream, { id: 'pbx', user: 'u100', hasSecret: true });
    assert.not.ok((await ask('GET', '/users')).text.includes(sealed));
    assert.is((await ask('DELETE', '/upstreams/pbx')).status, 409);
    await ask('POST', '/upstreams', { ...pbx, id: 'pbx2' });
    assert.is((await put({ user: 'u100', secret: canary })).status, 400);
    assert.is((await put({ id: 'pbx2', user: 'u100', secret: canary })).status, 204);
    assert.is((await ask('DELETE', '/users/100/upstream')).status, 204);
    assert.is(store.get('users', '100')?.upstream, undefined);
    assert.is(store.get('users', '100')?.pinHash, 'scrypt:canary');
  });
});

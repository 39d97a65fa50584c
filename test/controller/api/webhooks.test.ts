/** /webhooks: what is taken, and that the secret is shown once and kept sealed. */

import * as assert from 'uvu/assert';
import { createKeys } from '#controller/keys.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import { describe } from '#test/support/describe.ts';
import { createApiWorld } from './world.ts';

const good = { url: 'https://hooks.example/x', events: ['login'] };

// biome-ignore format: a table
const refused: [name: string, body: object, field: string][] = [
  ['plain http',            { ...good, url: 'http://hooks.example/' },          'url'],
  ['a password in the URL', { ...good, url: 'https://a:b@hooks.example/' },     'url'],
  ['another scheme',        { ...good, url: 'file:///etc/passwd' },             'url'],
  ['no event',              { ...good, events: [] },                            'events'],
  ['an unknown event',      { ...good, events: ['login', 'lunch'] },            'events.1'],
  ['an unknown site',       { ...good, sites: ['berlin', 'paris'] },            'sites.1'],
  ['a secret of its own',   { ...good, secret: 'x' },                           'secret'],
];

describe('API: webhooks', (test) => {
  for (const [name, body, field] of refused) {
    test(`${name} is refused`, async () => {
      const answer = await createApiWorld().ask('POST', '/webhooks', body);
      assert.equal([answer.status, answer.json.field], [400, field]);
    });
  }

  test('it is made, shown without its secret, changed, tried and removed', async () => {
    const { ask, store } = createApiWorld();
    const made = await ask('POST', '/webhooks', good);
    assert.is(made.status, 201);
    const { id, secret } = made.json as { id: string; secret: string };
    const keys = createKeys(new Uint8Array(32));
    assert.is(keys.unseal(sealedFor.webhook(id), store.get('webhooks', id)?.secret ?? ''), secret);
    assert.not.ok(JSON.stringify(store.get('webhooks', id)).includes(secret));
    assert.not.ok((await ask('GET', '/webhooks')).text.includes('secret'));
    const changed = await ask('PATCH', `/webhooks/${id}`, { enabled: false, sites: ['berlin'] });
    assert.equal(changed.json, { ...good, id, enabled: false, sites: ['berlin'] });
    assert.is(keys.unseal(sealedFor.webhook(id), store.get('webhooks', id)?.secret ?? ''), secret);
    assert.equal((await ask('POST', `/webhooks/${id}/test`)).json, { ok: false, detail: '503' });
    assert.is((await ask('DELETE', `/webhooks/${id}`)).status, 204);
    assert.is((await ask('GET', `/webhooks/${id}`)).status, 404);
  });

  test('there are at most 50', async () => {
    const { ask } = createApiWorld();
    for (let n = 0; n < 50; n++) await ask('POST', '/webhooks', good);
    assert.is((await ask('POST', '/webhooks', good)).status, 429);
  });
});

/** Whatever is sent: an answer that the description knows, and never a fault of ours. What is taken comes back. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { apiPath, apiRoutes } from '#controller/api/app.ts';
import { displayName } from '#controller/model/model.ts';
import { describe } from '#test/support/describe.ts';
import { createApiWorld } from './world.ts';

const seed = 20_261_123;
const options = { seed, numRuns: 10 };

/** Names that mean something, so that not all of it is refused for the first of them. */
const names = [
  'id',
  'name',
  'extension',
  'site',
  'mac',
  'model',
  'keys',
  'place',
  'policy',
  'events',
  'url',
  'change',
];
const body = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(fc.constantFrom(...names), fc.jsonValue(), { maxKeys: 5 }),
  fc.dictionary(fc.constantFrom(...names), fc.constantFrom('berlin', '100', 'HD0001', null, '__proto__', '')),
);
const segment = fc.oneof(
  fc.constantFrom('berlin', '100', 'HD0001', '__proto__', 'constructor', '%2e%2e', '%2f', '*'),
  fc.string({ minLength: 1, maxLength: 20 }).map((text) => encodeURIComponent(text)),
);

describe('API: whatever is sent', (test) => {
  const { app, deps, logged } = createApiWorld();
  const declared = apiRoutes(deps).map(({ declaration }) => declaration);

  for (const { method, path } of declared.filter((each) => !each.path.endsWith('events'))) {
    test(`${method} ${path}`, async () => {
      await fc.assert(
        fc.asyncProperty(body, segment, async (sent, name) => {
          const answer = await app.request(`${apiPath}${path.replace(/\{\w+\}/g, name)}`, {
            method: method.toUpperCase(),
            headers: { 'content-type': 'application/json' },
            ...(method === 'get' ? {} : { body: JSON.stringify(sent) }),
          });
          const text = await answer.text();
          assert.ok(answer.status < 500, `${answer.status} ${text} ${logged}`);
          if (answer.status >= 400) assert.is(JSON.parse(text).status, answer.status);
        }),
        options,
      );
    });
  }

  test('a user that is taken comes back as he was, by POST and by PUT', async () => {
    const name = fc
      .string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
      .filter((text) => displayName.safeParse(text).success)
      .map((text) => text.trim());
    const keys = fc.array(
      fc.record(
        {
          type: fc.constantFrom('none', 'line', 'speeddial', 'blf', 'park'),
          value: fc.stringMatching(/^[0-9*#+]{0,32}$/),
          label: fc.oneof(fc.constant(''), name),
        },
        { noNullPrototype: true },
      ),
      { maxLength: 20 },
    );
    const user = fc.record(
      {
        extension: fc.stringMatching(/^[2-9][0-9]{3,9}$/),
        name,
        hotdesk: fc.boolean(),
        keys,
      },
      { noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(user, async (wanted) => {
        const { ask } = createApiWorld();
        const made = await ask('POST', '/users', wanted);
        assert.is(made.status, 201, made.text);
        const { extension, ...rest } = wanted;
        const put = await ask('PUT', `/users/${extension}`, rest);
        assert.equal(put.json, { ...wanted, hasPin: false });
        assert.equal((await ask('GET', `/users/${extension}`)).json, made.json);
      }),
      options,
    );
  });
});

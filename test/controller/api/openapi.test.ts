/** The API's description: complete, well-formed, and true of what is answered (see `ask` of ./world.ts). */

import { createConfig, lintFromString } from '@redocly/openapi-core';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { apiPath, apiRoutes } from '#controller/api/app.ts';
import { mount, route } from '#controller/api/route.ts';
import { describe } from '#test/support/describe.ts';
import { createApiWorld } from './world.ts';

type Operation = { operationId: string; summary: string; tags: string[]; responses: object };
type Description = { openapi: string; paths: Record<string, Record<string, Operation>> };

async function described(): Promise<Description> {
  const { ask } = createApiWorld();
  return (await ask('GET', '/openapi.json')).json as Description;
}

describe('API description', (test) => {
  test('no route is without a declaration', async () => {
    const { app, deps } = createApiWorld();
    const declared = new Set(
      apiRoutes(deps).map(
        ({ declaration: { method, path } }) =>
          `${method.toUpperCase()} ${apiPath}${path.replace(/\{(\w+)\}/g, ':$1')}`,
      ),
    );
    const found = app.routes
      .filter(({ method, path }) => method !== 'ALL' && path.startsWith(apiPath))
      .map(({ method, path }) => `${method} ${path}`);
    assert.equal(
      found.filter((name) => !declared.has(name)),
      [],
    );
    assert.ok(found.length > 50, `${found.length} routes`);
  });

  test('every declared route is described, under a name of its own', async () => {
    const { deps } = createApiWorld();
    const { openapi, paths } = await described();
    assert.is(openapi, '3.1.0');
    const ids = Object.values(paths).flatMap((each) =>
      Object.values(each).map(({ operationId }) => operationId),
    );
    assert.is(new Set(ids).size, ids.length);
    for (const { declaration } of apiRoutes(deps)) {
      assert.ok(paths[declaration.path]?.[declaration.method], `${declaration.method} ${declaration.path}`);
    }
  });

  test('a linter finds nothing wrong', async () => {
    const config = await createConfig({
      extends: ['recommended-strict'],
      rules: { 'tag-description': 'off' }, // a tag is a noun of the table in docs/api.md
    });
    const source = JSON.stringify(await described());
    const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
    assert.equal(
      problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} (${location[0]?.pointer})`),
      [],
    );
  });

  test('the reference is a page of its own, which asks nobody else for anything', async () => {
    const { app } = createApiWorld();
    const answer = await app.request(`${apiPath}/reference`);
    const text = await answer.text();
    assert.is(answer.status, 200);
    assert.match(
      answer.headers.get('content-security-policy') ?? '',
      /^default-src 'none'; style-src 'sha256-/,
    );
    assert.not.match(text, /<script|(?:src|href)="(?!#|openapi\.json)|url\(/);
    for (const name of ['/devices/{id}', 'If-Match', 'changeOver']) assert.ok(text.includes(name), name);
  });

  test('two routes of one name are refused', () => {
    const { app } = createApiWorld();
    const twin = () =>
      route(
        { method: 'get', path: '/twins/{id}', access: 'open', tag: 't', summary: 's', answer: z.string() },
        () => '',
      );
    assert.throws(
      () => mount(app, apiPath, [twin(), twin()], (c, { answer }) => answer(c)),
      /two routes are GET/,
    );
  });
});

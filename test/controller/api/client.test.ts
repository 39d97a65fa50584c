/** A client that is made of the description works against a server over the network. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Document, OpenAPIClientAxios } from 'openapi-client-axios';
import * as assert from 'uvu/assert';
import { listenApi } from '#controller/api/listen.ts';
import { formatHostPort } from '#protocol/address.ts';
import { describe } from '#test/support/describe.ts';
import { createApiWorld } from './world.ts';

type Answer = { status: number; data: Record<string, unknown>; headers: Record<string, string> };
type Operations = Record<
  string,
  (params?: object | string | null, body?: object, config?: object) => Promise<Answer>
>;

async function open() {
  const data = await mkdtemp(join(tmpdir(), 'hotdesk-client-'));
  const world = createApiWorld();
  const listen = { address: '127.0.0.1', port: 0 };
  const api = await listenApi({ ...world.deps, listen, socket: join(data, 'control.sock') });
  const origin = `http://${formatHostPort(api.address)}`;
  const { token } = (await world.ask('POST', '/tokens', { name: 'client', role: 'admin' })).json;
  const definition = (await (await fetch(`${origin}/api/v1/openapi.json`)).json()) as Document;
  const made = new OpenAPIClientAxios({
    definition,
    axiosConfigDefaults: {
      baseURL: `${origin}/api/v1`,
      headers: { authorization: `Bearer ${token}` },
      proxy: false,
      validateStatus: () => true,
    },
  });
  const client = (await made.init()) as unknown as Operations;
  return {
    call(name: string, ...args: Parameters<Operations[string]>): Promise<Answer> {
      const operation = client[name];
      assert.ok(operation, name);
      return operation(...args);
    },
    async close() {
      await api.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}

describe('API: a generated client', (test) => {
  test('makes, reads, changes and removes, by the names of the description', async () => {
    const { call, close } = await open();
    try {
      assert.is((await call('postUsers', null, { extension: '101', name: 'Ben' })).status, 201);
      const one = await call('getUsersExtension', { extension: '101' });
      assert.is(one.data.name, 'Ben');
      const etag = String(one.headers.etag);
      const change = (name: string) =>
        call('patchUsersExtension', { extension: '101', 'If-Match': etag }, { name });
      assert.is((await change('Benno')).status, 200);
      const stale = await change('Benedikt');
      assert.equal([stale.status, stale.data.field], [412, 'if-match']);
      const page = await call('getUsers', { limit: 1, sort: '-name' });
      assert.equal([(page.data.items as object[]).length, typeof page.data.next], [1, 'string']);
      assert.is((await call('deleteUsersExtension', { extension: '101' })).status, 204);
      assert.is((await call('getUsersExtension', { extension: '101' })).data.code, 'not.found');
    } finally {
      await close();
    }
  });

  test('logs in and out', async () => {
    const { call, close } = await open();
    try {
      const made = await call('postSessions', null, { device: 'HD0001', extension: '100' });
      assert.equal([made.status, made.data.how], [201, 'api']);
      assert.is((await call('deleteSessionsDevice', { device: 'HD0001' })).status, 204);
      assert.equal((await call('getSessions')).data.items, []);
    } finally {
      await close();
    }
  });
});

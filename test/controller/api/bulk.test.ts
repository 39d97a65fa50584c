/** /import and /export: all rows or none, and each refused row names its column. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { type ApiWorld, createApiWorld } from './world.ts';

type Item = { line: number; column?: string; action: string; detail: string };

/** Lines of as many devices. */
function many(count: number): string {
  const lines = Array.from(
    { length: count },
    (_, at) => `001565${(0x10_00_00 + at).toString(16)},T46S,berlin`,
  );
  return lines.join('\n');
}

// biome-ignore format: a table
const rows: [name: string, noun: string, csv: string, items: [line: number, action: string, column?: string][]][] = [
  ['new devices', 'devices', 'mac,model,site\n00:15:65:00:00:42,T46S,berlin\n001565000043,t46s,berlin', [[2, 'create'], [3, 'create']]],
  ['a device by its MAC', 'devices', 'mac,model,site\n001565AABB01,T46S,berlin', [[2, 'same']]],
  ['a device by its name', 'devices', 'device,mac\nHD0001,001565000042', [[2, 'change']]],
  ['a device with a name of its own', 'devices', 'device;mac;model;site\nHD0077;001565000042;T46S;berlin', [[2, 'create']]],
  ['a name that is none', 'devices', 'device,mac,model,site\ndesk,001565000042,T46S,berlin', [[2, 'refused', 'device']]],
  ['a MAC that is none', 'devices', 'mac,model,site\n\n0015,T46S,berlin', [[3, 'refused', 'mac']]],
  ['a MAC of another', 'devices', 'device,mac,model,site\nHD0002,001565aabb01,T46S,berlin', [[2, 'refused', 'mac']]],
  ['a MAC twice', 'devices', 'mac,model,site\n001565000042,T46S,berlin\n00-15-65-00-00-42,T46S,berlin', [[2, 'create'], [3, 'refused', 'mac']]],
  ['a device twice', 'devices', 'device,mac\nHD0001,001565aabb01\nHD0001,001565000042', [[2, 'same'], [3, 'refused', 'device']]],
  ['an unknown model', 'devices', 'mac,model,site\n001565000042,T999,berlin', [[2, 'refused', 'model']]],
  ['an unknown site', 'devices', 'mac,model,site\n001565000042,T46S,rome', [[2, 'refused', 'site']]],
  ['a model that is missing', 'devices', 'mac,site\n001565000042,berlin', [[2, 'refused', 'model']]],
  ['modules beside it', 'devices', 'device,mac,expansions\nHD0001,001565aabb01,2', [[2, 'change']]],
  ['no modules, as before', 'devices', 'device,mac,expansions\nHD0001,001565aabb01,0', [[2, 'same']]],
  ['modules without number', 'devices', 'device,mac,expansions\nHD0001,001565aabb01,many', [[2, 'refused', 'expansions']]],
  ['modules that it cannot have', 'devices', 'mac,model,site,expansions\n001565000042,T23G,berlin,1', [[2, 'refused', 'expansions']]],
  ['a cell too many', 'devices', 'mac,site\n001565000042,berlin,x', [[2, 'refused']]],
  ['columns that a spreadsheet once used', 'devices', 'mac;model;site;;\r\n001565000042;T46S;berlin;;\r\n', [[2, 'create']]],
  ['last cells that it left out', 'devices', 'mac,model,site,expansions\n001565000042,T46S,berlin\n001565000043,T46S', [[2, 'create'], [3, 'refused', 'site']]],
  ['Excel of a German desk', 'users', '\ufeff"extension";"name";"hotdesk"\r\n"100";"Anna";"on"\r\n101;"Krause; Ben ""der Große""";off\r\n', [[2, 'same'], [3, 'create']]],
  ['one bad row of many', 'devices', `mac,model,site\n${many(1_999)}\nxyz,T46S,berlin`, [...Array.from({ length: 1_999 }, (_, at): [number, string] => [at + 2, 'create']), [2_001, 'refused', 'mac']]],
  ['users', 'users', 'extension,name,hotdesk,second-device\n100,Anna,on,default\n101,"Krause, Ben",off,move', [[2, 'same'], [3, 'create']]],
  ['a user who changes', 'users', 'extension,name,second-device\n100,,refuse', [[2, 'change']]],
  ['a user without a name', 'users', 'extension\n101', [[2, 'refused', 'name']]],
  ['an emergency number', 'users', 'extension,name\n112,Ben', [[2, 'refused', 'extension']]],
  ['no extension', 'users', 'extension,name\n,Ben', [[2, 'refused', 'extension']]],
  ['a user twice', 'users', 'extension,name\n101,Ben\n101,Eva', [[2, 'create'], [3, 'refused', 'extension']]],
  ['neither on nor off', 'users', 'extension,hotdesk\n100,maybe', [[2, 'refused', 'hotdesk']]],
  ['a policy that is none', 'users', 'extension,second-device\n100,maybe', [[2, 'refused', 'second-device']]],
  ['a weak PIN', 'users', 'extension,pin\n100,1234', [[2, 'refused', 'pin']]],
];

// biome-ignore format: a table
const refused: [name: string, query: string, body: string, type: string, status: number, field: string][] = [
  ['no noun', '', 'mac\n', 'text/csv', 400, 'noun'],
  ['another noun', '?noun=constructor', 'mac\n', 'text/csv', 400, 'noun'],
  ['a dry run that is neither', '?noun=devices&dry-run=1', 'mac\n', 'text/csv', 400, 'dry-run'],
  ['JSON', '?noun=devices', '{}', 'application/json', 400, 'content-type'],
  ['an empty body', '?noun=devices', '', 'text/csv', 400, 'mac'],
  ['an unknown column', '?noun=users', 'extension,nmae\n', 'text/csv', 400, 'nmae'],
  ['a column without a name', '?noun=users', 'extension,,name\n', 'text/csv', 400, 'line 1'],
  ['five thousand rows', '?noun=devices', `mac,model,site\n${many(5_000)}`, 'text/csv', 400, 'line 2002'],
  ['a column twice', '?noun=users', 'extension,name,Name\n', 'text/csv', 400, 'name'],
  ['a broken line', '?noun=users', 'extension\n"1\n', 'text/csv', 400, 'line 2'],
  ['too many PINs', '?noun=users', `extension,name,pin\n${Array.from({ length: 251 }, (_, i) => `${2000 + i},x,739216`).join('\n')}`, 'text/csv', 400, 'pin'],
  ['too many bytes', '?noun=users', 'x'.repeat(1024 * 1024 + 1), 'text/csv', 413, 'body'],
];

const send = ({ ask }: ApiWorld, query: string, csv: string, type = 'text/csv') =>
  ask('POST', `/import${query}`, csv, { 'content-type': type });

describe('API: import and export', (test) => {
  for (const [name, noun, csv, items] of rows) {
    const become = new Set(items.map(([, action, column]) => column ?? action));
    test(`${name}: ${[...become].join(', ')}`, async () => {
      const world = createApiWorld();
      const before = JSON.stringify([world.store.list('devices'), world.store.list('users')]);
      const dry = await send(world, `?noun=${noun}&dry-run=true`, csv);
      assert.is(dry.status, 200, dry.text);
      const told = dry.json.items as Item[];
      assert.equal(
        told.map(({ line, action, column }) => (column ? [line, action, column] : [line, action])),
        items,
        dry.text,
      );
      assert.is(JSON.stringify([world.store.list('devices'), world.store.list('users')]), before);

      const done = await send(world, `?noun=${noun}`, csv);
      const isRefused = items.some(([, action]) => action === 'refused');
      assert.equal(done.json, { ...dry.json, saved: !isRefused });
      if (isRefused)
        assert.is(JSON.stringify([world.store.list('devices'), world.store.list('users')]), before);
      else assert.is((await send(world, `?noun=${noun}`, csv)).json.created, 0);
    });
  }

  for (const [name, query, body, type, status, field] of refused) {
    test(`${name}: ${status} names ${field}`, async () => {
      const world = createApiWorld();
      const answer = await send(world, query, body, type);
      assert.equal([answer.status, answer.json.field], [status, field], answer.text.slice(0, 200));
    });
  }

  test('what is missing is called so', async () => {
    const csv = 'extension,name\n,Ben\n,Eva\n101,';
    const { json } = await send(createApiWorld(), '?noun=users&dry-run=true', csv);
    assert.equal(
      (json.items as Item[]).map(({ detail }) => detail),
      [...Array(2).fill('extension: what is new needs one'), 'name: what is new needs one'],
    );
  });

  for (const [what, encoding, why] of [
    ['as Windows has it', 'latin1', /^body: is not UTF-8; .*"CSV UTF-8"/],
    ['Unicode text', 'utf16le', /^body: is UTF-16; .*"CSV UTF-8"/],
  ] as const) {
    test(`bytes that are not UTF-8 are refused: ${what}`, async () => {
      const { app } = createApiWorld();
      const body = Buffer.from('extension,name\n101,J\xf6rg', encoding);
      const headers = { 'content-type': 'text/csv' };
      const answer = await app.request('/api/v1/import?noun=users', { method: 'POST', headers, body });
      assert.match(((await answer.json()) as { detail: string }).detail, why);
    });
  }

  for (const mac of ['1565000042', '1.565E+09', '1,565E+09']) {
    test(`a MAC address that a spreadsheet took for a number says so: ${mac}`, async () => {
      const csv = `mac;model;site\n${mac};T46S;berlin`;
      const { json } = await send(createApiWorld(), '?noun=devices&dry-run=true', csv);
      const [item] = json.items as Item[];
      assert.equal([item?.line, item?.column], [2, 'mac']);
      assert.match(item?.detail ?? '', /with colons in it$/);
    });
  }

  test('two phones change places, and neither keeps what the other knew', async () => {
    const world = createApiWorld();
    await send(world, '?noun=devices', 'mac,model,site\n001565000042,T46S,berlin');
    const generation = world.store.get('devices', 'HD0001')?.generation;
    const csv = 'device,mac\nHD0001,001565000042\nHD0002,001565aabb01';
    const { json } = await send(world, '?noun=devices', csv);
    assert.equal([json.created, json.changed, json.refused], [0, 2, 0]);
    assert.is(world.store.get('devices', 'HD0001')?.mac, '001565000042');
    assert.not.equal(world.store.get('devices', 'HD0001')?.generation, generation);
  });

  test('a new device does not take the name that a later row has', async () => {
    const world = createApiWorld();
    const csv = 'device,mac,model,site\n,001565000042,T46S,berlin\nHD0002,001565000043,T46S,berlin';
    assert.is((await send(world, '?noun=devices', csv)).json.created, 2);
    assert.is(world.store.get('devices', 'HD0003')?.mac, '001565000042');
  });

  test('a PIN is kept as its hash, forgives wrong ones, and never comes out', async () => {
    const world = createApiWorld();
    const csv = 'extension,name,pin\n100,,739216\n101,=Ben,739217';
    const { text } = await send(world, '?noun=users', csv);
    assert.not.match(text, /73921/);
    assert.is(world.store.get('users', '101')?.pinHash, 'scrypt:6');
    assert.ok(world.asked.includes('unlock 100'));
    const shown = await world.app.request('/api/v1/export?noun=users');
    assert.is(shown.headers.get('content-type'), 'text/csv; charset=utf-8');
    const exported = await shown.text();
    assert.is(
      exported,
      "extension,name,hotdesk,second-device\r\n100,Anna,on,default\r\n101,'=Ben,on,default\r\n",
    );
    const again = await send(world, '?noun=users', exported);
    assert.equal(
      (again.json.items as Item[]).map(({ action }) => action),
      ['same', 'same'],
    );
  });

  test('devices are exported as they are imported', async () => {
    const world = createApiWorld();
    const exported = await (await world.app.request('/api/v1/export?noun=devices')).text();
    assert.is(exported, 'device,mac,model,site,expansions\r\nHD0001,001565aabb01,T46S,berlin,0\r\n');
  });
});

/**
 * What an admin may not configure: refused with a sentence that names the
 * field, by the API over the network and by the command line as it is built,
 * and nothing of it is kept.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { inWorld, macOf, type World } from './world.ts';

const program = fileURLToPath(new URL('../../dist/hotdesk.mjs', import.meta.url));
const taken = macOf('HD0001');

type Row = {
  name: string;
  method: 'POST' | 'PATCH' | 'PUT';
  path: string;
  body: object;
  /** The same, typed; `<` is what stands on standard input. */
  type: string;
  status: 400 | 409;
  field: string;
  /** What the sentence says besides the field. */
  says: RegExp;
};

// biome-ignore format: a table
const rows: Row[] = [
  { name: 'a dial code that begins with *7', method: 'PATCH', path: '/sites/berlin', body: { dialCodes: { park: '*78' } },
    type: 'site set berlin --dial-code park=*78', status: 400, field: 'dialCodes.park', says: /\*78 begins with \*7/ },
  { name: 'a transport that phones do not speak', method: 'PATCH', path: '/sites/berlin', body: { transport: 'sctp' },
    type: 'site set berlin --transport sctp', status: 400, field: 'transport', says: /udp/ },
  { name: 'extension 5', method: 'POST', path: '/users', body: { extension: '5', name: 'Fritz' },
    type: 'user create 5 Fritz', status: 400, field: 'extension', says: /\*77\*5\*/ },
  { name: 'extension 112', method: 'POST', path: '/users', body: { extension: '112', name: 'Fritz' },
    type: 'user create 112 Fritz', status: 400, field: 'extension', says: /emergency number of site berlin/ },
  { name: 'an emergency number that is an extension', method: 'PATCH', path: '/sites/berlin', body: { emergencyNumbers: ['112', '100'] },
    type: 'site set berlin --emergency 112 --emergency 100', status: 400, field: 'emergencyNumbers', says: /100 is the extension of Anna Berger/ },
  { name: 'a PIN of one digit', method: 'PUT', path: '/users/100/pin', body: { pin: '7777' },
    type: 'user set 100 --pin-stdin < 7777', status: 400, field: 'pin', says: /digit/ },
  { name: 'a PIN that is a run', method: 'PUT', path: '/users/100/pin', body: { pin: '345678' },
    type: 'user set 100 --pin-stdin < 345678', status: 400, field: 'pin', says: /run/ },
  { name: 'a PIN with the first user', method: 'POST', path: '/users', body: { extension: '177', name: 'Gerd', pin: '1234' },
    type: 'user create 177 Gerd --pin-stdin < 1234', status: 400, field: 'pin', says: /./ },
  { name: 'a duplicate MAC', method: 'POST', path: '/devices', body: { mac: taken, model: 'T46S', site: 'berlin' },
    type: `device create ${taken.toUpperCase().replace(/..(?!$)/g, '$&:')} T46S --site berlin`, status: 409, field: 'mac', says: /belongs to HD0001/ },
  { name: 'a malformed MAC', method: 'POST', path: '/devices', body: { mac: '00:15:65:00:00', model: 'T46S', site: 'berlin' },
    type: 'device create 00:15:65:00:00 T46S --site berlin', status: 400, field: 'mac', says: /12 hexadecimal digits/ },
  { name: 'a model nobody knows', method: 'POST', path: '/devices', body: { mac: '001565d000aa', model: 'T46SS', site: 'berlin' },
    type: 'device create 001565d000aa T46SS --site berlin', status: 400, field: 'model', says: /the nearest is T46S/ },
  { name: 'a site that is not there', method: 'POST', path: '/devices', body: { mac: '001565d000aa', model: 'T46S', site: 'nowhere' },
    type: 'device create 001565d000aa T46S --site nowhere', status: 400, field: 'site', says: /nowhere/ },
  { name: 'a field nobody knows', method: 'POST', path: '/users', body: { extension: '178', name: 'Gerd', hotdisk: true },
    type: 'user create 178 Gerd --hotdisk on', status: 400, field: 'hotdisk', says: /hotdesk/ },
];

async function askApi({ controller, token }: World, { method, path, body }: Row) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(controller.api + path, { method, headers, body: JSON.stringify(body) });
  return { status: answer.status, problem: (await answer.json()) as { detail: string; field: string } };
}

async function typed(world: World, line: string): Promise<{ code: number | null; out: string; err: string }> {
  const [words = '', input = ''] = line.split(' < ');
  const args = [program, ...words.split(' '), '--data', join(world.folder, 'controller')];
  const child = spawn(process.execPath, args, { stdio: 'pipe' });
  child.stdin.on('error', () => {}).end(`${input}\n`);
  const [[code], out, err] = await Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]);
  return { code: code as number | null, out, err };
}

async function kept({ ask }: World): Promise<unknown> {
  return await Promise.all(['/sites', '/users', '/devices'].map((path) => ask('GET', path)));
}

describe('an admin’s bad input', (test) => {
  test('is refused by API and command line, with a sentence that names the field, and changes nothing', async () => {
    await inWorld(async (world) => {
      const before = await kept(world);
      for (const row of rows) {
        const { status, problem } = await askApi(world, row);
        const { name, field, says } = row;
        assert.is(status, row.status, `${name}: ${problem.detail}`);
        assert.is(problem.field, field, name);
        assert.ok(problem.detail.startsWith(`${field}: `), `${name}: ${problem.detail}`);
        assert.match(problem.detail, says, name);
      }
      assert.equal(await kept(world), before);

      const told = await Promise.all(rows.map((row) => typed(world, row.type)));
      for (const [index, { code, out, err }] of told.entries()) {
        const { name, field, says } = rows[index] as Row;
        assert.is(code, name === 'a field nobody knows' ? 2 : 1, `${name}: ${err}`);
        assert.is(out, '', name);
        assert.match(err, says, name);
        assert.ok(err.includes(field), `${name}: ${err}`);
        assert.not.match(err, /\n\s+at /, `${name}: a sentence, not a stack`);
      }
      assert.equal(await kept(world), before);
    });
  }, 60_000);

  test('never shows its PIN', async () => {
    await inWorld(async (world) => {
      for (const pin of ['7777', '345678']) {
        const { err } = await typed(world, `user set 100 --pin-stdin < ${pin}`);
        assert.not(err.includes(pin), err);
      }
    });
  }, 30_000);

  test('is seen also when two come at once, by socket and by port', async () => {
    await inWorld(async (world) => {
      const twin = { mac: '001565d000aa', model: 'T46S', site: 'berlin' };
      const row = { method: 'POST', path: '/devices' } as Row;
      const made = await Promise.allSettled([
        world.ask('POST', '/devices', { id: 'HD0100', ...twin }),
        askApi(world, { ...row, body: { id: 'HD0101', ...twin } }).then(({ status }) =>
          assert.is(status, 201),
        ),
        world.ask('POST', '/users', { extension: '113', name: 'Fritz' }),
        world.ask('PATCH', '/sites/berlin', { emergencyNumbers: ['112', '113'] }),
      ]);
      assert.is(made.filter(({ status }) => status === 'fulfilled').length, 2, JSON.stringify(made));
      const many = Array.from({ length: 8 }, (_, at) => ({ ...twin, mac: `001565d0010${at}` }));
      const devices = await Promise.all(many.map((device) => world.ask('POST', '/devices', device)));
      assert.is(new Set(devices.map((device) => (device as { id: string }).id)).size, many.length);
    });
  }, 30_000);
});

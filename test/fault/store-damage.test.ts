/**
 * A controller whose store was damaged, as its operator meets it: it starts
 * with the last good state and says what it did, or it does not start and says
 * which file is why. It never begins anew where something was.
 */

import { cp, mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { enrol } from '#agent/enrol.ts';
import { createClient } from '#controller/cli/client.ts';
import { hotdesk, start } from '#test/e2e/programs.ts';
import { describe } from '#test/support/describe.ts';

const deadlineMs = 60_000;

function serve(data: string) {
  const ports = ['--listen', '127.0.0.1', '--tunnel-port', '0', '--api-port', '0'];
  return start(hotdesk, ['serve', '--data', data, ...ports, '--json-ready']);
}

/** Runs a controller on `data` for as long as `use` lasts; answers what it logged. */
async function whileServing(
  data: string,
  use: (ask: ReturnType<typeof createClient>['ask']) => Promise<void>,
): Promise<string> {
  const program = serve(data);
  const client = createClient({ type: 'socket', data });
  try {
    await program.ready();
    await use(client.ask);
    assert.is(await program.kill('SIGTERM'), 0);
  } finally {
    await client.close();
    await program.kill();
  }
  return program.err();
}

const namesOf = (items: unknown) => (items as { items: { name: string }[] }).items.map(({ name }) => name);

async function newest(data: string, kind: 'journal' | 'snapshot'): Promise<string> {
  const names = (await readdir(join(data, 'store'))).filter((name) => name.startsWith(`${kind}-`)).sort();
  return join(data, 'store', names.at(-1) ?? '');
}

/** A data folder with a site, two users and an agent, made once by the real program, and killed. */
async function makeOriginal(): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'hotdesk-damage-'));
  const program = serve(data);
  const client = createClient({ type: 'socket', data });
  const ready = await program.ready();
  await client.ask('POST', '/sites', { id: 'berlin' });
  await client.ask('POST', '/users', { extension: '100', name: 'Anna' });
  const { token } = (await client.ask('POST', '/enrol-tokens', { site: 'berlin' })) as { token: string };
  await enrol({ controller: new URL(String(ready.tunnel)), token });
  // The last record: what tears it off must be seen.
  await client.ask('POST', '/users', { extension: '101', name: 'Ben' });
  await client.close();
  await program.kill();
  return data;
}

type Good = { keeps: readonly string[]; logs?: RegExp };
type Bad = { refuses: RegExp };
type Row = { name: string; damage(data: string): Promise<string> } & (Good | Bad);

const cut = async (file: string, bytes: number) => {
  await truncate(file, (await stat(file)).size - bytes);
  return file;
};
const empty = async (file: string) => {
  await truncate(file, 0);
  return file;
};

// biome-ignore format: a table
const rows: readonly Row[] = [
  { name: 'killed, and nothing more',     damage: async () => '',                                              keeps: ['Anna', 'Ben'] },
  { name: 'a torn last journal record',   damage: async (data) => cut(await newest(data, 'journal'), 3),       keeps: ['Anna'], logs: /never finished/ },
  { name: 'an empty journal',             damage: async (data) => empty(await newest(data, 'journal')),        refuses: /journal-\d+\.log/ },
  { name: 'an empty snapshot',            damage: async (data) => empty(await newest(data, 'snapshot')),       refuses: /snapshot-\d+\.db/ },
  { name: 'a snapshot cut short',         damage: async (data) => cut(await newest(data, 'snapshot'), 5),      refuses: /snapshot-\d+\.db/ },
  { name: 'no snapshot',                  damage: async (data) => gone(await newest(data, 'snapshot')),        refuses: /store/ },
  { name: 'no journal',                   damage: async (data) => gone(await newest(data, 'journal')),         refuses: /journal-\d+\.log|store/ },
  { name: 'a foreign file for a journal', damage: async (data) => foreign(await newest(data, 'journal')),      refuses: /journal-\d+\.log/ },
  { name: 'no store, its key still there', damage: async (data) => gone(join(data, 'store')),                  refuses: /store/ },
  { name: 'an empty store folder',        damage: async (data) => emptied(join(data, 'store')),                refuses: /store is missing or empty/ },
  { name: 'no master key',                damage: async (data) => gone(join(data, 'master.key')),              refuses: /master\.key/ },
  { name: 'no TLS key, with an agent',    damage: async (data) => gone(join(data, 'tls.key')),                 refuses: /tls\.key.* 1 agent/ },
  { name: 'a master key cut short',       damage: async (data) => cut(join(data, 'master.key'), 9),            refuses: /master\.key/ },
];

async function gone(file: string): Promise<string> {
  await rm(file, { recursive: true });
  return file;
}

async function emptied(folder: string): Promise<string> {
  await gone(folder);
  await mkdir(folder);
  return folder;
}

async function foreign(file: string): Promise<string> {
  await writeFile(file, '{"users":[]}\n');
  return file;
}

async function startsWith(data: string, { keeps, logs = /ready/ }: Good): Promise<void> {
  const log = await whileServing(data, async (ask) => {
    assert.equal(namesOf(await ask('GET', '/users')), keeps);
    await ask('POST', '/users', { extension: '102', name: 'Carl' });
  });
  assert.match(log, logs);
  await whileServing(data, async (ask) => {
    assert.equal(namesOf(await ask('GET', '/users')), [...keeps, 'Carl']);
  });
}

async function refusesToStart(data: string, { refuses }: Bad): Promise<void> {
  const before = await filesIn(data);
  const program = serve(data);
  try {
    const code = await Promise.race([program.exited, program.ready()]);
    assert.is(code, 1, 'it started, with whatever it had');
    assert.equal(program.out, []);
    const said = program.err().trim();
    assert.match(said, refuses);
    assert.match(said, /^hotdesk: [^\n]+$/, 'one sentence, no stack');
    assert.ok(said.includes(data), 'with the whole path');
    assert.equal(await filesIn(data), before, 'nothing was made, and nothing removed');
  } finally {
    await program.kill();
  }
}

describe('a damaged store', (test) => {
  let made: Promise<string> | undefined;
  const original = () => {
    made ??= makeOriginal();
    return made;
  };

  for (const row of rows) {
    test(
      `${row.name}: ${'keeps' in row ? 'starts with what is good' : 'refuses, and names the file'}`,
      async () => {
        const data = await mkdtemp(join(tmpdir(), 'hotdesk-damage-'));
        try {
          await cp(await original(), data, { recursive: true, filter: (file) => !file.endsWith('.sock') });
          await row.damage(data);
          if ('keeps' in row) await startsWith(data, row);
          else await refusesToStart(data, row);
        } finally {
          await rm(data, { recursive: true });
        }
      },
      deadlineMs,
    );
  }

  test('its folder goes', async () => {
    await rm(await original(), { recursive: true });
  });
});

const filesIn = async (data: string) =>
  (await readdir(data, { recursive: true })).filter((name) => !/lock|\.sock$/.test(name)).sort();

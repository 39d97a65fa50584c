import { copyFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Store } from '#controller/model/ports.ts';
import { encodeRecord } from '#controller/store/journal.ts';
import { journalFile, snapshotFile } from '#controller/store/recovery.ts';
import { writeSnapshot } from '#controller/store/snapshot.ts';
import { Fault, type FaultCode } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { createLines, deleteUser, openQuietly, putUser, withFolder } from './folder.ts';

const users = 40;

/** A store that has been through several generations: three snapshots are there, the newest journal has commits. */
async function fill(folder: string): Promise<void> {
  // One generation a start for certain: how many more a start sees depends on how quick the disk is.
  for (let from = 0; from < users; from += users / 2) {
    const store = await openQuietly(folder, { compactBytes: 1_000 });
    for (let i = from; i < from + users / 2; i++)
      await store.commit([putUser(String(1000 + i), `user ${i}`)]);
    await store.close();
  }
  const later = await openQuietly(folder);
  await later.commit([putUser('1000', 'changed')]);
  await later.close();
  assert.ok((await snapshots(folder)).length === 3);
}

const generations = async (folder: string, kind: string) =>
  (await readdir(folder)).filter((name) => name.startsWith(kind) && !name.endsWith('.damaged')).sort();
const snapshots = async (folder: string) =>
  (await generations(folder, 'snapshot')).map((name) => join(folder, name));
const journals = async (folder: string) =>
  (await generations(folder, 'journal')).map((name) => join(folder, name));

async function newest(files: Promise<string[]>): Promise<string> {
  return (await files).at(-1) ?? '';
}

function checkComplete(store: Store): void {
  assert.is(store.list('users').length, users);
  assert.is(store.get('users', '1000')?.name, 'changed');
}

async function flip(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x01, at);
  await writeFile(file, bytes);
}

async function refusal(folder: string): Promise<Fault> {
  try {
    await (await openQuietly(folder)).close();
  } catch (error) {
    assert.ok(Fault.is(error), String(error));
    return error;
  }
  return assert.unreachable('it opened') as never;
}

describe('store recovery', (test) => {
  const damages: { name: string; damage(file: string): Promise<void> }[] = [
    { name: 'empty', damage: (file) => truncate(file, 0) },
    { name: 'cut short', damage: async (file) => truncate(file, (await stat(file)).size - 1) },
    { name: 'cut to its first line', damage: (file) => truncate(file, 60) },
    { name: 'bit-flipped at the start', damage: (file) => flip(file, 3) },
    { name: 'bit-flipped in the middle', damage: async (file) => flip(file, (await stat(file)).size >> 1) },
    { name: 'bit-flipped in its checksum', damage: async (file) => flip(file, (await stat(file)).size - 9) },
    { name: 'foreign JSON', damage: (file) => writeFile(file, '{"users":[]}') },
    {
      name: 'longer than it was',
      damage: async (file) => writeFile(file, `${await readFile(file, 'utf8')}\n`),
    },
  ];
  for (const { name, damage } of damages) {
    test(`a newest snapshot that is ${name}: goes back one, loses nothing, says so, keeps it aside`, () =>
      withFolder(async (folder) => {
        await fill(folder);
        const file = await newest(snapshots(folder));
        await damage(file);
        const { log, lines } = createLines();
        const store = await openQuietly(folder, { log });
        checkComplete(store);
        await store.commit([putUser('2000', 'after')]);
        await store.close();
        assert.ok(lines.some(({ level, facts }) => level === 'error' && facts.file === file));
        assert.ok((await readdir(folder)).some((entry) => entry.endsWith('.damaged')));
        const again = await openQuietly(folder);
        assert.is(again.get('users', '2000')?.name, 'after');
        await again.close();
      }));
  }

  test('two damaged snapshots of three', () =>
    withFolder(async (folder) => {
      await fill(folder);
      for (const file of (await snapshots(folder)).slice(1)) await truncate(file, 10);
      const store = await openQuietly(folder);
      checkComplete(store);
      await store.close();
    }));

  const refused: { name: string; code: FaultCode; names: string; damage(folder: string): Promise<void> }[] = [
    {
      name: 'every snapshot damaged',
      code: 'store.corrupt',
      names: 'snapshot-',
      damage: async (folder) => {
        for (const file of await snapshots(folder)) await truncate(file, 0);
      },
    },
    {
      name: 'every snapshot missing',
      code: 'store.corrupt',
      names: 'store',
      damage: async (folder) => {
        for (const file of await snapshots(folder)) await rm(file);
      },
    },
    {
      name: 'all files missing but the lock',
      code: 'store.corrupt',
      names: 'store',
      damage: async (folder) => {
        for (const file of [...(await snapshots(folder)), ...(await journals(folder))]) await rm(file);
      },
    },
    {
      name: 'the newest journal missing',
      code: 'store.corrupt',
      names: 'journal-',
      damage: async (folder) => rm(await newest(journals(folder))),
    },
    {
      name: 'the newest journal empty',
      code: 'store.corrupt',
      names: 'journal-',
      damage: async (folder) => truncate(await newest(journals(folder)), 0),
    },
    {
      name: 'the newest snapshot damaged and an older journal cut short',
      code: 'store.corrupt',
      names: 'journal-',
      damage: async (folder) => {
        await truncate(await newest(snapshots(folder)), 0);
        const file = (await journals(folder)).at(-2) ?? '';
        await truncate(file, (await stat(file)).size - 5);
      },
    },
    {
      name: 'the newest snapshot damaged and an older journal missing',
      code: 'store.corrupt',
      names: 'journal-',
      damage: async (folder) => {
        await truncate(await newest(snapshots(folder)), 0);
        await rm((await journals(folder)).at(-2) ?? '');
      },
    },
  ];
  for (const { name, code, names, damage } of refused) {
    test(`refuses ${name}, naming the file, and changes nothing`, () =>
      withFolder(async (folder) => {
        await fill(folder);
        await damage(folder);
        const before = await readdir(folder);
        const fault = await refusal(folder);
        assert.is(fault.code, code);
        assert.ok(
          String(fault.facts.file).includes(names) && fault.message.includes(String(fault.facts.file)),
        );
        assert.equal(await readdir(folder), before);
      }));
  }

  test('never differs in silence, whatever bit of the newest files flips', () =>
    withFolder(async (folder) => {
      await fill(folder);
      const kept = `${folder}-kept`;
      await copyFolder(folder, kept);
      let seed = 7;
      for (let round = 0; round < 60; round++) {
        await copyFolder(kept, folder);
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
        const file = await newest(round % 2 === 0 ? snapshots(folder) : journals(folder));
        await flip(file, seed % (await stat(file)).size);
        const { log, lines } = createLines();
        try {
          const store = await openQuietly(folder, { log });
          const isComplete = store.get('users', '1000')?.name === 'changed';
          assert.ok(
            lines.some(({ level }) => level !== 'info') || isComplete,
            `round ${round} lost in silence`,
          );
          await store.close();
        } catch (error) {
          assert.ok(Fault.is(error, 'store.corrupt'), `round ${round}: ${error}`);
        }
      }
    }));

  test('a torn record is dropped with its size, and written over', () =>
    withFolder(async (folder) => {
      await fill(folder);
      const file = await newest(journals(folder));
      const torn = encodeRecord({ record: 999, entries: [] }).subarray(0, 17);
      await writeFile(file, Buffer.concat([await readFile(file), torn]));
      const { log, lines } = createLines();
      const store = await openQuietly(folder, { log });
      checkComplete(store);
      assert.equal(
        lines.map(({ facts }) => facts),
        [{ file, records: 1, bytes: 17 }],
      );
      await store.commit([deleteUser('1000')]);
      await store.close();
      const again = await openQuietly(folder);
      assert.is(again.get('users', '1000'), undefined);
      await again.close();
    }));

  test('a first start that never came to its end may begin again', () =>
    withFolder(async (folder) => {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'lock'), '');
      await writeFile(journalFile(folder, 1), encodeRecord({ version: 1, generation: 1, first: 1 }));
      await writeFile(`${snapshotFile(folder, 1)}.tmp`, '{"vers');
      const store = await openQuietly(folder);
      await store.commit([putUser('100', 'Ada')]);
      await store.close();
    }));

  // biome-ignore format: a table
  const unreadable: { name: string; line: readonly [string, { revision: number }]; says: string[] }[] = [
    { name: 'a document that its schema refuses', line: ['users', { extension: '5', name: 'x', revision: 1 } as never],             says: ['users 5', 'snapshot-'] },
    { name: 'a field nobody knows',               line: ['users', { extension: '100', name: 'x', shoe: 43, revision: 1 } as never], says: ['users 100', 'shoe', 'snapshot-'] },
    { name: 'a collection nobody knows',          line: ['planets', { id: 'x', revision: 1 } as never],                             says: ['planets', 'snapshot-'] },
  ];
  for (const { name, line, says } of unreadable) {
    test(`refuses ${name}, naming file and document`, () =>
      withFolder(async (folder) => {
        await (await openQuietly(folder)).close();
        const snapshot = { generation: 1, record: 0, sequence: 1, documents: [line] };
        await writeSnapshot(snapshotFile(folder, 1), snapshot);
        const fault = await refusal(folder);
        assert.is(fault.code, 'store.corrupt');
        for (const text of says) assert.ok(fault.message.includes(text), fault.message);
      }));
  }

  test('folder 0700 and files 0600, whatever the umask', () =>
    withFolder(async (folder) => {
      for (const mask of [0o000, 0o022, 0o777]) {
        const before = process.umask(mask);
        try {
          const store = await openQuietly(folder, { compactBytes: 500 });
          for (let i = 0; i < 20; i++) await store.commit([putUser('100', `name ${i}`)]);
          await store.close();
        } finally {
          process.umask(before);
        }
        assert.is((await stat(folder)).mode & 0o777, 0o700);
        for (const name of await readdir(folder)) {
          assert.is((await stat(join(folder, name))).mode & 0o777, 0o600, name);
        }
      }
    }));

  test('keeps three generations and every journal since the oldest', () =>
    withFolder(async (folder) => {
      await fill(folder);
      const numbers = async (files: Promise<string[]>) => (await files).map((file) => file.slice(-12, -3));
      await until('pruned', async () => (await snapshots(folder)).length === 3);
      assert.equal((await numbers(snapshots(folder))).length, 3);
      assert.is(
        (await snapshots(folder))[0]?.match(/\d{8}/)?.[0],
        (await journals(folder))[0]?.match(/\d{8}/)?.[0],
      );
    }));

  test('random changes: what is read, before and after each restart, is what a plain Map says', () =>
    withFolder(async (folder) => {
      for (let seed = 1; seed <= 6; seed++) await compareWithModel(folder, seed);
    }));
});

async function compareWithModel(folder: string, seed: number): Promise<void> {
  let x = seed;
  const random = (below: number) => {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
    return (x >>> 8) % below;
  };
  const model = new Map<string, string>();
  await rm(folder, { recursive: true, force: true });
  for (let start = 0; start < 4; start++) {
    const store = await openQuietly(folder, { compactBytes: 3_000 });
    const told = new Map(store.list('users').map(({ extension, name }) => [extension, name]));
    store.watch((changes) => {
      for (const { id, after } of changes) {
        if (after === undefined) told.delete(id);
        else told.set(id, (after as { name: string }).name);
      }
    });
    const waiting: Promise<void>[] = [];
    for (let i = 0; i < 120; i++) {
      const id = String(100 + random(12));
      const name = `name ${random(1000)}`;
      const kind = random(4);
      if (kind === 3) store.note([putUser(id, name)]);
      else waiting.push(store.commit([kind === 0 ? deleteUser(id) : putUser(id, name)]));
      if (kind === 0) model.delete(id);
      else model.set(id, name);
      if (random(10) === 0) await Promise.all(waiting.splice(0));
    }
    await Promise.all(waiting);
    compare(store, model, `seed ${seed}, start ${start}`);
    assert.equal([...told].sort(), [...model].sort(), 'watchers were told the same');
    await store.close();
    const again = await openQuietly(folder);
    compare(again, model, `seed ${seed}, start ${start}, opened again`);
    await again.close();
  }
}

function compare(store: Store, model: Map<string, string>, when: string): void {
  const kept = store.list('users').map(({ extension, name }) => [extension, name]);
  assert.equal(kept.sort(), [...model].sort(), when);
}

async function copyFolder(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) await copyFile(join(from, name), join(to, name));
}

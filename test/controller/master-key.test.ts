import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { openMasterKey } from '#controller/master-key.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

describe('master key', (test) => {
  test('is made with a new store, for its owner alone, and stays', () =>
    inFolder(async (folder) => {
      const key = await openMasterKey(folder, true);
      assert.is(key.length, 32);
      assert.is((await stat(join(folder, 'master.key'))).mode & 0o777, 0o600);
      assert.equal(await openMasterKey(folder, true), key);
      assert.equal(await openMasterKey(folder, false), key);
      assert.equal(await readdir(folder), ['master.key']);
    }));

  test('two first starts have one key', () =>
    inFolder(async (folder) => {
      const [one, two] = await Promise.all([openMasterKey(folder, true), openMasterKey(folder, true)]);
      assert.equal(one, two);
    }));

  test('is not made for a store that had another', () =>
    inFolder(async (folder) => {
      await refused(openMasterKey(folder, false), /master\.key is missing/);
      assert.equal(await readdir(folder), []);
    }));

  for (const text of ['', 'ab', `${'z'.repeat(64)}\n`, `${'a'.repeat(63)}\n`]) {
    test(`${JSON.stringify(text.slice(0, 8))} is damaged`, () =>
      inFolder(async (folder) => {
        const file = join(folder, 'master.key');
        await writeFile(file, text);
        await refused(openMasterKey(folder, true), /damaged/);
        assert.is(await readFile(file, 'utf8'), text);
      }));
  }
});

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-key-'));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function refused(opening: Promise<unknown>, says: RegExp): Promise<void> {
  try {
    await opening;
  } catch (error) {
    assert.ok(Fault.is(error, 'store.corrupt'));
    assert.match(error.message, says);
    assert.match(String(error.facts.file), /master\.key$/);
    return;
  }
  assert.unreachable();
}

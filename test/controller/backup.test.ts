/** A backup brings back all that was kept, into an empty folder, for who has the master key. */

import { chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { createBackup, restoreBackup } from '#controller/backup.ts';
import { createKeys } from '#controller/keys.ts';
import { openMasterKey } from '#controller/master-key.ts';
import { site } from '#controller/model/model.ts';
import { openStore } from '#controller/store/store.ts';
import { describe } from '#test/support/describe.ts';
import { wavOf } from '#test/support/wav.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

async function world() {
  const root = await mkdtemp(join(tmpdir(), 'hotdesk-backup-'));
  const data = join(root, 'old');
  const keys = createKeys(await openMasterKey(data, true));
  const store = await openStore({ folder: join(data, 'store'), log });
  const users = Array.from({ length: 1_500 }, (_, n) => ({
    type: 'put' as const,
    collection: 'users' as const,
    value: {
      extension: String(1_000 + n),
      name: `User ${n}`,
      hotdesk: true,
      keys: [],
      pinHash: 'scrypt:canary',
    },
  }));
  // Who is signed in, whose password was guessed at, and who may have a config without a token, are no part of it.
  const signIn = {
    id: 's'.repeat(43),
    subject: { type: 'user' as const, id: '1042' },
    proof: 'p'.repeat(43),
  };
  await store.commit([
    { type: 'put', collection: 'sites', value: site.parse({ id: 'berlin' }) },
    { type: 'put', collection: 'signIns', value: { ...signIn, since: 0, lastAt: 0 } },
    {
      type: 'put',
      collection: 'passwordLocks',
      value: { id: 'x', failures: 5, lastFailureAt: 0, lockedUntil: 9e15 },
    },
    { type: 'put', collection: 'adoptionWindows', value: { id: 'site berlin', until: 9e15, adopted: [] } },
    { type: 'put', collection: 'deliveries', value: { device: 'HD0001', etag: '"as it was"' } },
    ...users,
  ]);
  await mkdir(join(data, 'site-ca'), { recursive: true });
  await mkdir(join(data, 'prompts', 'de'), { recursive: true });
  await writeFile(join(data, 'prompts', 'de', 'pin.wav'), wavOf({}));
  await writeFile(join(data, 'tls.key'), 'the key');
  await mkdir(join(data, 'bundle'));
  await writeFile(join(data, 'bundle', 'node-linux-x64.tar.gz'), 'large, and to be had elsewhere');
  await writeFile(join(data, 'site-ca', 'berlin.key'), 'the CA');
  const archive = await createBackup({ store, data, keys, now: 0 });
  await store.close();
  return { root, data, archive, key: join(data, 'master.key'), close: () => rm(root, { recursive: true }) };
}

async function refused(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    return String(error);
  }
  throw new Error('was not refused');
}

describe('backup', (test) => {
  test('brings back documents and files, and the key stays out of it', async () => {
    const { root, archive, key, close } = await world();
    const data = join(root, 'new');
    assert.not.match(archive, /canary|berlin|the key/);
    const made = await restoreBackup({ archive, data, masterKeyFile: key, log });
    assert.equal(made, { documents: 1_502, files: 3 });
    const store = await openStore({ folder: join(data, 'store'), log });
    assert.is(store.list('users').length, 1_500);
    const left = (['signIns', 'passwordLocks', 'adoptionWindows'] as const).flatMap((name) =>
      store.list(name),
    );
    assert.equal(left, []);
    assert.is(store.get('deliveries', 'HD0001')?.etag, '', 'its phone is asked to fetch its config');
    assert.is(store.get('users', '1042')?.pinHash, 'scrypt:canary');
    assert.is(store.get('sites', 'berlin')?.timeZone, 'Europe/Berlin');
    await store.close();
    assert.is(await readFile(join(data, 'site-ca/berlin.key'), 'utf8'), 'the CA');
    assert.equal(await readFile(join(data, 'prompts/de/pin.wav')), wavOf({}));
    assert.is(await readFile(join(data, 'master.key'), 'utf8'), await readFile(key, 'utf8'));
    assert.equal((await readdir(root)).sort(), ['new', 'old']);
    await close();
  });

  test('goes into an empty folder only, which may have its master key', async () => {
    const { root, data, archive, key, close } = await world();
    assert.match(await refused(restoreBackup({ archive, data, masterKeyFile: key, log })), /is not empty/);
    const fresh = join(root, 'fresh');
    await mkdir(fresh);
    await writeFile(join(fresh, 'master.key'), await readFile(key));
    assert.is((await restoreBackup({ archive, data: fresh, log })).documents, 1_502);
    await close();
  });

  if (process.getuid?.() === 0) {
    test('restored by root is whose the folder was', async () => {
      const { root, archive, key, close } = await world();
      const data = join(root, 'new');
      await mkdir(data);
      await chown(data, 65_534, 65_533);
      await restoreBackup({ archive, data, masterKeyFile: key, log });
      for (const name of ['', ...(await readdir(data, { recursive: true }))]) {
        const { uid, gid } = await stat(join(data, name));
        assert.equal([uid, gid], [65_534, 65_533], name);
      }
      await close();
    });
  } else test.skip('restored by root is whose the folder was', 'it needs root');

  test('is refused when it is damaged, of another key, or nothing of ours; nothing is left behind', async () => {
    const { root, archive, key, close } = await world();
    const data = join(root, 'new');
    const other = join(root, 'other.key');
    await writeFile(other, `${'ab'.repeat(32)}\n`);
    const swap = (text: string, at: number) =>
      text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
    // biome-ignore format: a table
    const rows: [archive: string, key: string, why: RegExp][] = [
      [swap(archive, archive.length - 400), key,                      /damaged, or of another master key/],
      [archive,                             other,                    /damaged, or of another master key/],
      [archive.slice(0, -300),              key,                      /damaged, or of another master key/],
      ['hello',                             key,                      /no backup of hotdesk/],
      [archive.replace('"version":1', '"version":9'), key,            /of version 9/],
      [archive,                             join(root, 'none'),       /cannot read/],
    ];
    for (const [text, file, why] of rows) {
      assert.match(await refused(restoreBackup({ archive: text, data, masterKeyFile: file, log })), why);
    }
    assert.match(await refused(restoreBackup({ archive, data, log })), /master.key is missing/);
    assert.equal((await readdir(root)).sort(), ['old', 'other.key']);
    await close();
  });
});

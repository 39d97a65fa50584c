import * as assert from 'uvu/assert';
import type { Changed, Store } from '#controller/model/ports.ts';
import { Fault, type FaultCode } from '#protocol/fault.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { createBrokenDisk, createLines, deleteUser, openQuietly, putUser, withFolder } from './folder.ts';

async function rejects(promise: Promise<unknown>, code: FaultCode, text = ''): Promise<Fault> {
  try {
    await promise;
  } catch (error) {
    assert.ok(Fault.is(error, code), `expected ${code}, got ${error}`);
    assert.ok(error.message.includes(text), `"${error.message}" does not say "${text}"`);
    return error;
  }
  return assert.unreachable(`expected ${code}`) as never;
}

const nameOf = (store: Store, id: string) => store.get('users', id)?.name;

describe('store', (test) => {
  const withStore = (name: string, body: (store: Store, folder: string) => Promise<void>) =>
    test(name, () =>
      withFolder(async (folder) => {
        const store = await openQuietly(folder);
        try {
          await body(store, folder);
        } finally {
          await store.close();
        }
      }),
    );

  withStore('reads what was committed, frozen, with defaults and a revision', async (store) => {
    await store.commit([putUser('100', '  Ada ')]);
    const user = store.get('users', '100');
    assert.equal(user, { extension: '100', name: 'Ada', hotdesk: true, keys: [], revision: 1 });
    assert.ok(Object.isFrozen(user) && Object.isFrozen(user?.keys));
    assert.equal(store.list('users'), [user]);
    assert.ok(Object.isFrozen(store.list('users')));
  });

  withStore('a commit is not readable before it is on disk', async (store) => {
    const done = store.commit([putUser('100', 'Ada')]);
    assert.is(nameOf(store, '100'), undefined);
    await done;
    assert.is(nameOf(store, '100'), 'Ada');
  });

  withStore('takes a document that was read and spread', async (store) => {
    await store.commit([putUser('100', 'Ada')]);
    const user = store.get('users', '100');
    assert.ok(user);
    const value = { ...user, name: 'Grace' };
    await store.commit([{ type: 'put', collection: 'users', value, expect: user.revision }]);
    assert.is(nameOf(store, '100'), 'Grace');
  });

  // biome-ignore format: a table
  const refused: { name: string; changes: Parameters<Store['commit']>[0]; code: FaultCode; says: string }[] = [
    { name: 'a revision that has passed',     changes: [putUser('101', 'x'), putUser('100', 'x', 7)],  code: 'conflict',      says: 'users 100 has changed' },
    { name: 'a document that exists',         changes: [putUser('101', 'x'), putUser('100', 'x', 'absent')], code: 'conflict', says: 'exists already' },
    { name: 'a document that does not exist', changes: [putUser('101', 'x', 1)],                       code: 'conflict',      says: 'does not exist' },
    { name: 'a deletion of another revision', changes: [deleteUser('100', 2)],                         code: 'conflict',      says: 'has changed' },
    { name: 'a deletion of nothing',          changes: [deleteUser('101', 2)],                         code: 'conflict',      says: 'does not exist' },
    { name: 'an earlier change of its own',   changes: [deleteUser('100'), putUser('100', 'x', 1)],    code: 'conflict',      says: 'does not exist' },
    { name: 'what its schema refuses',        changes: [putUser('101', 'x'), putUser('5', 'x')],       code: 'input.invalid', says: 'users 5: extension: extension 5 would' },
    { name: 'a name with a line break',       changes: [putUser('101', 'a\r\nb')],                     code: 'input.invalid', says: 'users 101: name: a name has no control' },
  ];
  for (const { name, changes, code, says } of refused) {
    withStore(`refuses ${name}, and then changes nothing`, async (store) => {
      await store.commit([putUser('100', 'Ada')]);
      await rejects(store.commit(changes), code, says);
      assert.is(store.list('users').length, 1);
      assert.is(nameOf(store, '100'), 'Ada');
    });
  }

  withStore(
    'of two commits on one revision the second loses, though the first is not on disk yet',
    async (store) => {
      await store.commit([putUser('100', 'Ada')]);
      const first = store.commit([putUser('100', 'first', 1)]);
      await rejects(store.commit([putUser('100', 'second', 1)]), 'conflict');
      await first;
      assert.is(nameOf(store, '100'), 'first');
    },
  );

  withStore('no revision comes twice, not even over a deletion', async (store) => {
    await store.commit([putUser('100', 'Ada')]);
    await store.commit([deleteUser('100')]);
    await store.commit([putUser('100', 'Ada')]);
    await rejects(store.commit([putUser('100', 'x', 1)]), 'conflict');
  });

  withStore(
    'tells watchers what changed, once it is readable, and lives with one that throws',
    async (store) => {
      const seen: Changed[][] = [];
      store.watch(() => {
        throw new Error('broken watcher');
      });
      const stop = store.watch((changes) => {
        assert.is(store.get('users', '100'), changes[0]?.after);
        seen.push([...changes]);
      });
      await store.commit([putUser('100', 'Ada'), deleteUser('999')]);
      await store.commit([deleteUser('100')]);
      stop();
      await store.commit([putUser('100', 'Ada')]);
      const after = { extension: '100', name: 'Ada', hotdesk: true, keys: [], revision: 1 };
      assert.equal(seen, [
        [{ collection: 'users', id: '100', after }],
        [{ collection: 'users', id: '100', before: after }],
      ]);
    },
  );

  test('a note is readable at once and on disk a moment later', () =>
    withFolder(async (folder) => {
      const clock = createFakeClock();
      const store = await openQuietly(folder, { clock });
      store.note([putUser('100', 'first')]);
      store.note([putUser('100', 'second')]);
      assert.is(nameOf(store, '100'), 'second');
      assert.is(clock.pending(), 1);
      const onDisk = async () => nameOf(await openQuietly(folder, { readOnly: true }), '100');
      assert.is(await onDisk(), undefined);
      clock.advance(100);
      await store.commit([]);
      await store.commit([putUser('101', 'Grace')]);
      assert.is(await onDisk(), 'second');
      store.note([putUser('100', 'third')]);
      await store.close();
      assert.is(await onDisk(), 'third');
    }));

  // biome-ignore format: a table
  const races: { name: string; commit: 'put' | 'delete'; note: 'put' | 'delete' }[] = [
    { name: 'a put over a put',         commit: 'put',    note: 'put' },
    { name: 'a put over a deletion',    commit: 'delete', note: 'put' },
    { name: 'a deletion over a put',    commit: 'put',    note: 'delete' },
  ];
  for (const { name, commit, note } of races) {
    withStore(`a note outlives a commit that was on its way: ${name}`, async (store, folder) => {
      await store.commit([putUser('100', 'old')]);
      const done = store.commit([commit === 'put' ? putUser('100', 'commit') : deleteUser('100')]);
      store.note([note === 'put' ? putUser('100', 'note') : deleteUser('100')]);
      const expected = note === 'put' ? 'note' : undefined;
      assert.is(nameOf(store, '100'), expected);
      await done;
      assert.is(nameOf(store, '100'), expected);
      await store.commit([putUser('101', 'Grace')]);
      assert.is(nameOf(await openQuietly(folder, { readOnly: true }), '100'), expected);
    });
  }

  test('a full disk: the commits on their way fail, memory is as it was, and it goes on when there is space', () =>
    withFolder(async (folder) => {
      const { fail, openFile } = createBrokenDisk();
      const clock = createFakeClock();
      const store = await openQuietly(folder, { openFile, clock });
      await store.commit([putUser('100', 'Ada')]);
      fail.write = 'ENOSPC';
      const lost = [store.commit([putUser('100', 'lost', 1)]), store.commit([putUser('101', 'lost')])];
      store.note([putUser('102', 'noted')]);
      for (const commit of lost) await rejects(commit, 'store.failed');
      assert.match(store.problem ?? '', /cannot be written/);
      assert.equal(
        [nameOf(store, '100'), nameOf(store, '101'), nameOf(store, '102')],
        ['Ada', undefined, 'noted'],
      );
      fail.write = undefined as never;
      await store.commit([putUser('100', 'saved', 1)]);
      assert.is(store.problem, undefined);
      await store.close();
      const again = await openQuietly(folder, { readOnly: true });
      assert.equal(
        again
          .list('users')
          .map(({ name }) => name)
          .sort(),
        ['noted', 'saved'],
      );
    }));

  test('after a failed fsync nothing is acknowledged, reads go on, and opening again mends it', () =>
    withFolder(async (folder) => {
      const { fail, openFile } = createBrokenDisk();
      const { log, lines } = createLines();
      const store = await openQuietly(folder, { openFile, log });
      await store.commit([putUser('100', 'Ada')]);
      fail.datasync = 'EIO';
      await rejects(store.commit([putUser('100', 'x')]), 'store.failed');
      fail.datasync = undefined as never;
      const fault = await rejects(store.commit([putUser('101', 'x')]), 'store.failed', 'open the store anew');
      assert.is(fault.facts.poisoned, true);
      store.note([putUser('102', 'noted')]);
      assert.equal([nameOf(store, '100'), nameOf(store, '102')], ['Ada', 'noted']);
      await store.close();
      assert.ok(
        lines.some(({ facts }) => facts.notes === 1),
        'tells of the note that is lost',
      );
      const again = await openQuietly(folder);
      await again.commit([putUser('101', 'Grace')]);
      assert.is(nameOf(again, '101'), 'Grace');
      await again.close();
    }));

  for (const call of ['appendFile', 'sync'] as const) {
    test(`a disk that refuses a new generation (${call}) costs nothing`, () =>
      withFolder(async (folder) => {
        const { fail, openFile } = createBrokenDisk();
        const store = await openQuietly(folder, { openFile, compactBytes: 2_000 });
        fail[call] = 'ENOSPC';
        for (let i = 0; i < 60; i++) await store.commit([putUser(String(1000 + i), 'Ada')]);
        fail[call] = undefined as never;
        for (let i = 60; i < 120; i++) await store.commit([putUser(String(1000 + i), 'Ada')]);
        await store.close();
        const again = await openQuietly(folder);
        assert.is(again.list('users').length, 120);
        await again.close();
      }));
  }

  withStore('is closed once, and then refuses', async (store) => {
    const last = store.commit([putUser('100', 'Ada')]);
    await Promise.all([store.close(), store.close()]);
    await last;
    await rejects(store.commit([putUser('100', 'x')]), 'store.failed', 'closed');
    assert.throws(() => store.note([putUser('100', 'x')]), /closed/);
  });

  withStore('bounds what waits for the disk', async (store) => {
    const commits = Array.from({ length: 10_001 }, (_, i) => store.commit([deleteUser(String(i))]));
    const results = await Promise.allSettled(commits);
    assert.is(results.filter(({ status }) => status === 'rejected').length, 1);
    const last = results.at(-1);
    assert.ok(last?.status === 'rejected' && Fault.is(last.reason, 'limit.reached'));
  });

  withStore('opened to be read only it changes nothing', async (store, folder) => {
    await store.commit([putUser('100', 'Ada')]);
    const reader = await openQuietly(folder, { readOnly: true });
    assert.is(nameOf(reader, '100'), 'Ada');
    await rejects(reader.commit([deleteUser('100')]), 'store.failed', 'read only');
    await reader.close();
  });
});

import * as assert from 'uvu/assert';
import type { Store } from '#controller/model/ports.ts';
import { openStore } from '#controller/store/store.ts';
import { Fault, type FaultCode } from '#protocol/fault.ts';
import { withFolder } from '#test/controller/store/folder.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
import { until } from '#test/support/until.ts';
import { createWorld, population, putDevice, putUser, settle } from './world.ts';

async function rejects(promise: Promise<unknown>, code: FaultCode, says: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(Fault.is(error, code), `expected ${code}, got ${error}`);
  assert.ok(error.message.includes(says), error.message);
}

const at = (store: Store, device: string) => store.get('sessions', device)?.extension;
const generation = (store: Store, device: string) => store.get('devices', device)?.generation;

describe('sessions', (test) => {
  test('login: one commit with the session and a new generation', async () => {
    const { sessions, store, clock } = createWorld();
    const commits: string[][] = [];
    store.watch((changes) => commits.push(changes.map(({ collection, id }) => `${collection} ${id}`)));
    const session = await sessions.login('HD0001', '100', 'dial');
    assert.equal(session, { device: 'HD0001', extension: '100', since: clock.wall(), how: 'dial' });
    assert.equal(commits, [['sessions HD0001', 'devices HD0001']]);
    assert.is(generation(store, 'HD0001'), 2);
  });

  test('logout: the same backwards, and undefined when nobody was there', async () => {
    const { sessions, store } = createWorld();
    await sessions.login('HD0001', '100', 'dial');
    assert.is((await sessions.logout('HD0001', 'key'))?.extension, '100');
    assert.equal([at(store, 'HD0001'), generation(store, 'HD0001')], [undefined, 3]);
    assert.is(await sessions.logout('HD0001', 'key'), undefined);
    assert.is(await sessions.logout('HD4444', 'key'), undefined);
    assert.is(generation(store, 'HD0001'), 3);
  });

  test('another user takes the device over, in one commit', async () => {
    const { sessions, store, lines } = createWorld();
    await sessions.login('HD0001', '100', 'dial');
    const seen: unknown[] = [];
    store.watch(() => seen.push(at(store, 'HD0001')));
    await sessions.login('HD0001', '101', 'dial');
    assert.equal(seen, ['101']);
    assert.is(generation(store, 'HD0001'), 3);
    assert.equal(
      lines
        .filter(({ message }) => message.startsWith('logged'))
        .map(({ message, facts }) => [message, facts]),
      [
        ['logged in', { device: 'HD0001', user: '100', how: 'dial' }],
        ['logged out', { device: 'HD0001', user: '100', how: 'takeover' }],
        ['logged in', { device: 'HD0001', user: '101', how: 'dial' }],
      ],
    );
  });

  test('the same user again at the same phone: the session stays, the phone is told once more', async () => {
    const { sessions, store, asked } = createWorld();
    const first = await sessions.login('HD0001', '100', 'api');
    const again = await sessions.login('HD0001', '100', 'api');
    assert.is(again.since, first.since);
    assert.is(generation(store, 'HD0001'), 2);
    assert.equal(asked, ['HD0001', 'HD0001']);
  });

  // biome-ignore format: a table
  const policies: { system?: 'allow' | 'move' | 'refuse'; user?: 'allow' | 'move' | 'refuse'; left: [first: string | undefined, second: string | undefined] }[] = [
    {                                   left: ['100', '100'] },
    { system: 'allow',                  left: ['100', '100'] },
    { system: 'move',                   left: [undefined, '100'] },
    { system: 'refuse',                 left: ['100', undefined] },
    { system: 'refuse', user: 'allow',  left: ['100', '100'] },
    { system: 'allow',  user: 'move',   left: [undefined, '100'] },
    { system: 'move',   user: 'refuse', left: ['100', undefined] },
  ];
  for (const { system, user, left } of policies) {
    test(`a second device: system ${system ?? 'default'}, user ${user ?? 'default'}`, async () => {
      const { sessions, store, asked } = createWorld(
        system === undefined ? {} : { policy: { secondDevice: system } },
      );
      if (user !== undefined) await store.commit([putUser('100', { secondDevice: user })]);
      await sessions.login('HD0001', '100', 'api');
      await sessions.login('HD0003', '101', 'api');
      asked.length = 0;
      const commits: number[] = [];
      store.watch((changes) => commits.push(changes.length));
      const second = sessions.login('HD0002', '100', 'api');
      if (left[1] === undefined) await rejects(second, 'forbidden', '100 is logged in at HD0001');
      else await second;
      assert.equal([at(store, 'HD0001'), at(store, 'HD0002')], left);
      assert.is(at(store, 'HD0003'), '101', 'nobody else is touched');
      const isMove = left[0] === undefined;
      assert.equal(asked, isMove ? ['HD0002', 'HD0001'] : left[1] === undefined ? [] : ['HD0002']);
      assert.equal(commits, isMove ? [4] : left[1] === undefined ? [] : [2]);
      assert.is(generation(store, 'HD0001'), isMove ? 3 : 2);
    });
  }

  // biome-ignore format: a table
  const refused: { name: string; device: string; extension: string; code: FaultCode; says: string }[] = [
    { name: 'a device nobody has',     device: 'HD7777', extension: '100', code: 'not.found', says: 'no device HD7777' },
    { name: 'an extension nobody has', device: 'HD0001', extension: '999', code: 'not.found', says: 'no user 999' },
    { name: 'hot desking off',         device: 'HD0001', extension: '103', code: 'forbidden', says: 'not enabled for hot desking' },
  ];
  for (const { name, device, extension, code, says } of refused) {
    test(`refuses ${name}`, async () => {
      const { sessions, store } = createWorld();
      await rejects(sessions.login(device, extension, 'api'), code, says);
      assert.equal(store.list('sessions'), []);
    });
  }

  // biome-ignore format: a table
  const ends: { name: string; changes: Parameters<Store['commit']>[0] }[] = [
    { name: 'the user is deleted',            changes: [{ type: 'delete', collection: 'users', id: '100' }] },
    { name: 'hot desking is turned off',      changes: [putUser('100', { hotdesk: false })] },
    { name: 'the device is deleted',          changes: [{ type: 'delete', collection: 'devices', id: 'HD0001' }] },
  ];
  for (const { name, changes } of ends) {
    test(`a session ends when ${name}`, async () => {
      const { sessions, store } = createWorld();
      await sessions.login('HD0001', '100', 'dial');
      await sessions.login('HD0002', '101', 'dial');
      await store.commit(changes);
      await settle();
      assert.is(store.get('sessions', 'HD0001'), undefined);
      assert.is(at(store, 'HD0002'), '101');
      const device = store.get('devices', 'HD0001');
      if (device !== undefined) assert.is(device.generation, 3);
    });

    test(`… also when the login was on its way when ${name}`, async () => {
      const { sessions, store } = createWorld();
      const login = sessions.login('HD0001', '100', 'dial').catch(() => undefined);
      await store.commit(changes);
      await login;
      await settle();
      assert.is(store.get('sessions', 'HD0001'), undefined);
    });

    test(`… also when it happened while nobody ran: ${name}`, async () => {
      const { sessions, store, clock } = createWorld();
      await sessions.login('HD0001', '100', 'dial');
      await sessions.close();
      await store.commit(changes);
      createWorld({ store, clock });
      await settle();
      assert.is(store.get('sessions', 'HD0001'), undefined);
    });
  }

  test('other edits of a user or device end nothing', async () => {
    const { sessions, store } = createWorld();
    await sessions.login('HD0001', '100', 'dial');
    const device = store.get('devices', 'HD0001');
    await store.commit([
      putUser('100', { name: 'new name' }),
      putDevice('HD0001', { ...device, model: 'T48S' }),
    ]);
    await settle();
    assert.is(at(store, 'HD0001'), '100');
  });

  test('a login that meets an edit of its device is drafted anew, and keeps the edit', async () => {
    const { sessions, store } = createWorld();
    const login = sessions.login('HD0001', '100', 'api');
    await store.commit([putDevice('HD0001', { model: 'T48S' })]);
    await login;
    assert.equal([at(store, 'HD0001'), store.get('devices', 'HD0001')?.model], ['100', 'T48S']);
  });

  test('when the disk refuses, nobody is logged in and nothing is told', async () => {
    const world = createWorld();
    const store = world.store as ReturnType<typeof import('#test/support/memory-store.ts').createMemoryStore>;
    store.failWith = new Fault('store.failed', 'disk full');
    await rejects(world.sessions.login('HD0001', '100', 'api'), 'store.failed', 'disk full');
    assert.equal([world.asked, at(store, 'HD0001')], [[], undefined]);
    store.failWith = undefined;
    await world.sessions.login('HD0001', '100', 'api');
  });

  test('an orphan that could not be ended is tried again', async () => {
    const { sessions, store: kept, clock } = createWorld();
    const store = kept as ReturnType<typeof import('#test/support/memory-store.ts').createMemoryStore>;
    await sessions.login('HD0001', '100', 'dial');
    const deleted = store.commit([{ type: 'delete', collection: 'users', id: '100' }]);
    await deleted.then(() => {
      store.failWith = new Fault('store.failed', 'disk full');
    });
    await settle();
    store.failWith = undefined;
    clock.advance(5_000);
    await settle();
    assert.is(at(store, 'HD0001'), undefined);
  });

  test('weak PINs are refused with the field, and no PIN is kept or logged in clear', async () => {
    const { sessions, store, lines } = createWorld();
    await rejects(sessions.setPin('100', '1234'), 'input.invalid', 'pin: a run of digits');
    await rejects(sessions.setPin('999', '739216'), 'not.found', 'no user 999');
    await sessions.setPin('100', '739216');
    await sessions.checkPin('HD0001', '100', '739216');
    await sessions.checkPin('HD0001', '100', '739217');
    // Typed where the extension was asked for, until that is locked and the log says so.
    for (let tries = 0; tries < 5; tries++) await sessions.checkPin('HD0001', '739216', '100');
    await sessions.login('HD0001', '100', 'dial');
    const everything = JSON.stringify([store.list('users'), store.list('pinLocks'), lines]);
    assert.not.match(everything, /73921[67]/);
    assert.match(store.get('users', '100')?.pinHash ?? '', /^scrypt:16384:/);
  });

  test(
    'two logins at one device at once, 500 times, on the real store: one session, and what was told is true',
    () =>
      withFolder(async (folder) => {
        const log = { info() {}, warn() {}, error() {} };
        const store = await openStore({ folder, log });
        await store.commit(population);
        const { sessions } = createWorld({ store });
        for (let round = 0; round < 500; round++) {
          const [first, second] = await Promise.all([
            sessions.login('HD0001', '100', 'dial'),
            sessions.login('HD0001', '101', 'dial'),
          ]);
          assert.equal([first.extension, second.extension], ['100', '101']);
          assert.is(store.list('sessions').length, 1);
          assert.is(at(store, 'HD0001'), '101', 'the later one has it');
          assert.is(generation(store, 'HD0001'), 1 + 2 * (round + 1));
        }
        await sessions.close();
        await store.close();
        const again = await openStore({ folder, log });
        assert.is(at(again, 'HD0001'), '101');
        await again.close();
      }),
    20_000,
  );

  test('one user at two devices at once, moved: never at both', async () => {
    const { sessions, store } = createWorld({ policy: { secondDevice: 'move' } });
    let most = 0;
    store.watch(() => {
      most = Math.max(most, store.list('sessions').length);
    });
    for (let round = 0; round < 50; round++) {
      await Promise.all(['HD0001', 'HD0002', 'HD0003'].map((id) => sessions.login(id, '100', 'dial')));
    }
    assert.is(most, 1);
  });
});

describe('change-overs', (test) => {
  test('from the commit to the proof, with its time; the generation is confirmed', async () => {
    const { sessions, store, clock, asked } = createWorld();
    await sessions.login('HD0001', '100', 'dial');
    assert.equal(sessions.of('HD0001'), { state: 'pending', reason: 'waits for the call to end', ms: 0 });
    clock.advance(3_000);
    assert.equal(asked, []);
    sessions.callEnded('HD0001');
    await settle();
    assert.equal(asked, ['HD0001']);
    assert.is(sessions.of('HD0001').state, 'sent');
    clock.advance(500);
    sessions.fetched('HD0001', '"HD0001 1"');
    assert.is(sessions.of('HD0001').state, 'sent', 'an old config proves nothing');
    sessions.fetched('HD0001', '"HD0001 2"');
    assert.is(sessions.of('HD0001').state, 'fetched');
    clock.advance(500);
    sessions.registered('HD0001', '100', 1);
    sessions.registered('HD0001', 'HD0001', 2);
    assert.is(sessions.of('HD0001').state, 'fetched', 'nor does the old secret, nor the old name');
    sessions.registered('HD0001', '100', 2);
    assert.equal(sessions.of('HD0001'), { state: 'active', ms: 4_000 });
    clock.advance(60_000);
    assert.equal(sessions.of('HD0001'), { state: 'active', ms: 4_000 });
    assert.is(store.get('devices', 'HD0001')?.confirmedGeneration, 2);
    assert.is(clock.pending(), 0);
  });

  test('stuck after 40 s with a reason, and there when the phone comes back', async () => {
    const { sessions, clock, phones, lines, asked } = createWorld();
    phones.set('HD0001', 'unregistered');
    await sessions.login('HD0001', '100', 'api');
    for (let second = 0; second < 40; second++) {
      await settle();
      clock.advance(1_000);
    }
    assert.equal(sessions.of('HD0001'), {
      state: 'stuck',
      reason:
        'the phone is not registered, and has not asked for its config for 40 s: is it on and connected?',
      ms: 40_000,
    });
    assert.ok(
      lines.some(({ message, facts }) => message === 'change-over stuck' && facts.device === 'HD0001'),
    );
    const before = asked.length;
    phones.set('HD0001', 'answered');
    await settle();
    sessions.registered('HD0001', 'HD0001', 1);
    await settle();
    assert.is(asked.length, before + 1);
    sessions.fetched('HD0001', '"HD0001 2"');
    sessions.registered('HD0001', '100', 2);
    assert.is(sessions.of('HD0001').state, 'active');
  });

  test('what they took is kept by model; those from before the start are not', async () => {
    const { sessions, clock, store } = createWorld({
      store: createMemoryStore([...population, putDevice('HD0005', { model: 'D785', generation: 3 })]),
    });
    sessions.registered('HD0005', 'HD0005', 3);
    for (const [index, ms] of [3_000, 1_000, 45_000, 2_000].entries()) {
      const device = `HD000${index + 1}`;
      await sessions.login(device, '100', 'api');
      clock.advance(ms);
      sessions.registered(device, '100', store.get('devices', device)?.generation ?? 0);
    }
    assert.equal(sessions.times(), [
      { vendor: 'Yealink', model: 'T46S', count: 4, stuck: 1, minMs: 1_000, medianMs: 2_500, maxMs: 45_000 },
    ]);
  });

  test('a new session replaces the change-over before: its late answers say nothing', async () => {
    const waiting: ((answer: 'answered') => void)[] = [];
    const { sessions } = createWorld({ resync: () => new Promise((answer) => waiting.push(answer)) });
    await sessions.login('HD0001', '100', 'api');
    await sessions.logout('HD0001', 'api');
    waiting[0]?.('answered');
    await settle();
    assert.is(sessions.of('HD0001').state, 'pending');
    waiting[1]?.('answered');
    await until('sent', () => sessions.of('HD0001').state === 'sent');
    await sessions.close();
  });

  test('after a restart they go on', async () => {
    const { sessions, store, clock } = createWorld();
    await sessions.login('HD0001', '100', 'dial');
    await sessions.close();
    assert.is(clock.pending(), 0);
    const later = createWorld({ store, clock });
    assert.equal(later.asked, ['HD0001']);
    later.sessions.registered('HD0001', '100', 2);
    assert.is(later.sessions.of('HD0001').state, 'active');
    assert.equal(createWorld({ store, clock }).asked, []);
  });

  test('a phone that was never set up is waited for in peace', async () => {
    const { sessions, store, asked } = createWorld();
    await store.commit([putDevice('HD0005', { confirmedGeneration: 0 })]);
    assert.equal(sessions.of('HD0005'), {
      state: 'pending',
      reason: 'the phone has not been set up yet',
      ms: 0,
    });
    sessions.registered('HD0005', 'HD0005', 1);
    assert.equal(sessions.of('HD0005'), { state: 'active', ms: 0 });
    assert.equal(asked, []);
  });

  test('a proof that meets the next login on its way to the disk does not undo it', () =>
    withFolder(async (folder) => {
      const store = await openStore({ folder, log: { info() {}, warn() {}, error() {} } });
      await store.commit(population);
      await store.commit([putDevice('HD0001', { generation: 2, confirmedGeneration: 1 })]);
      const { sessions } = createWorld({ store });
      const login = sessions.login('HD0001', '100', 'dial');
      await Promise.resolve();
      await Promise.resolve();
      sessions.registered('HD0001', 'HD0001', 2);
      await login;
      assert.is(generation(store, 'HD0001'), 3);
      await sessions.close();
      await store.close();
    }));

  test('a deleted device is forgotten, and asked of no more', async () => {
    const { sessions, store, clock } = createWorld();
    await sessions.login('HD0001', '100', 'api');
    await store.commit([{ type: 'delete', collection: 'devices', id: 'HD0001' }]);
    await settle();
    assert.is(clock.pending(), 0);
    assert.throws(() => sessions.of('HD0001'), /no device HD0001/);
  });
});

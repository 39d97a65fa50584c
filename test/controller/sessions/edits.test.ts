/** What an edit does at phones where somebody sits: told once, soon, not all at once, and nothing more. */

import * as assert from 'uvu/assert';
import { site } from '#controller/model/model.ts';
import type { Change, ConfigEtag } from '#controller/model/ports.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
import { createWorld, population, putDevice, putUser, settle } from './world.ts';

const putSite = (more: object): Change => ({
  type: 'put',
  collection: 'sites',
  value: site.parse({ id: 'berlin', ...more }),
});

/** Anna at HD0001, whose phone shows it, and a config of her name, the model and the language. */
async function seated(more: Change[] = []) {
  const store = createMemoryStore([...population, ...more]);
  const configEtag: ConfigEtag = (id, before = {}) => {
    const device = before.device ?? store.get('devices', id);
    const extension = store.get('sessions', id)?.extension;
    const user = extension === undefined ? undefined : (before.user ?? store.get('users', extension));
    const { language } = before.site ?? store.get('sites', device?.site ?? '') ?? {};
    return `"${[id, device?.generation, device?.model, device?.expansions, user?.name, language].join()}"`;
  };
  const told: string[] = [];
  const world = createWorld({
    ...{ store, configEtag },
    tell: (happening) => {
      if (happening.type === 'changeOver')
        told.push(`${happening.device} ${happening.changeOver.state}${happening.isEdit ? ' edit' : ''}`);
    },
  });
  const { sessions, asked, clock } = world;
  const fetches = (device: string) => sessions.fetched(device, configEtag(device) ?? '');
  const pass = async (ms: number) => {
    clock.advance(ms);
    await settle();
  };
  await sessions.login('HD0001', '100', 'api');
  sessions.registered('HD0001', '100', 2);
  await pass(1_000);
  asked.length = told.length = 0;
  const edit = async (...changes: Change[]) => {
    await store.commit(changes);
    await settle();
  };
  return { ...world, configEtag, told, fetches, pass, edit, kept: () => store.get('devices', 'HD0001') };
}

/** The same store and phones with a program that knows nothing of before. */
function again({ store, configEtag, phones }: Awaited<ReturnType<typeof seated>>, agent = { isUp: true }) {
  const etagOf: ConfigEtag = (id, before) => (agent.isUp ? configEtag(id, before) : undefined);
  const world = createWorld({ store, configEtag: etagOf });
  for (const [device, answer] of phones) world.phones.set(device, answer);
  const pass = async (ms: number) => {
    world.clock.advance(ms);
    await settle();
  };
  return { ...world, pass, agent, fetches: (id: string) => world.sessions.fetched(id, etagOf(id) ?? '') };
}

describe('edits', (test) => {
  test('many of a user: his phone is asked once, a second later; session, secret and times stay', async () => {
    const { sessions, store, asked, told, fetches, pass, edit, kept, clock } = await seated();
    const before = [store.get('sessions', 'HD0001'), kept(), sessions.times()];
    for (const name of ['Anna', 'Anna B', 'Anna Berger']) await edit(putUser('100', { name }));
    await edit(putUser('101', { name: 'Ben' }));
    await pass(999);
    assert.equal(asked, []);
    await pass(1);
    assert.equal(asked, ['HD0001']);
    assert.is(sessions.of('HD0001').state, 'sent');
    await pass(500);
    fetches('HD0001');
    assert.equal(sessions.of('HD0001'), { state: 'active', ms: 500 });
    assert.equal(told, ['HD0001 pending edit', 'HD0001 sent edit', 'HD0001 active edit']);
    assert.equal([store.get('sessions', 'HD0001'), kept(), sessions.times()], before);
    await pass(120_000);
    assert.equal([asked, clock.pending()], [['HD0001'], 0]);
  });

  // biome-ignore format: a table
  const edits: { name: string; changes: Change[][]; asked: string[] }[] = [
    { name: 'a model',                    changes: [[putDevice('HD0002', { model: 'T48S' })]], asked: ['HD0002'] },
    { name: 'expansions, of an idle one', changes: [[putDevice('HD0003', { expansions: 2 })]], asked: ['HD0003'] },
    { name: 'a language: its site',       changes: [[putSite({ language: 'de' })]],            asked: ['HD0001', 'HD0002', 'HD0003', 'HD0004'] },
    { name: 'what no phone shows',        changes: [[putUser('100', { pinHash: 'scrypt:1:a:b' }), putSite({ ringSeconds: 20 })]], asked: [] },
    { name: 'back again',                 changes: [[putSite({ language: 'de' })], [putSite({ language: 'en' })]],            asked: [] },
    { name: 'another phone',              changes: [[putDevice('HD0002', { mac: '0000000000ff' })]], asked: [] },
    { name: 'another place',              changes: [[putDevice('HD0002', { site: 'paris' })]],       asked: [] },
    { name: 'a phone never set up',       changes: [[putDevice('HD0007', { confirmedGeneration: 0 })], [putDevice('HD0007', { confirmedGeneration: 0, model: 'T48S' })]], asked: [] },
  ];
  for (const { name, changes, asked: expected } of edits) {
    test(`of ${name}: asks ${expected.join(', ') || 'nobody'}`, async () => {
      const { asked, edit, pass } = await seated();
      for (const each of changes) await edit(...each);
      await pass(2_000);
      assert.equal(asked, expected);
    });
  }

  test('of a site with 200 phones: no more than 20 a second, each once', async () => {
    const more = Array.from({ length: 196 }, (_, i) => putDevice(`HD${1_000 + i}`));
    const { asked, edit, pass, fetches } = await seated(more);
    await edit(putSite({ language: 'de' }));
    const seen: number[] = [];
    for (let second = 0; second < 12; second++) {
      const from = asked.length;
      for (let step = 0; step < 20; step++) {
        await pass(50);
        for (const device of asked.slice(from)) fetches(device);
      }
      seen.push(asked.length - from);
    }
    assert.ok(Math.max(...seen) <= 20, seen.join());
    assert.equal([asked.length, new Set(asked).size], [200, 200]);
  });

  test('while a call lasts the phone keeps what it shows, and is not stuck', async () => {
    const { sessions, asked, phones, edit, pass, fetches } = await seated();
    phones.set('HD0001', 'busy');
    await edit(putUser('100', { name: 'Anna' }));
    for (let second = 0; second < 300; second++) await pass(1_000);
    const { state, reason } = sessions.of('HD0001');
    assert.equal([state, reason], ['pending', 'the phone is in a call']);
    phones.set('HD0001', 'answered');
    const before = asked.length;
    sessions.callEnded('HD0001');
    await settle();
    assert.is(asked.length, before + 1);
    fetches('HD0001');
    assert.is(sessions.of('HD0001').state, 'active');
  });

  test('a phone that is off is no news; when it is back it is told, unless it has fetched', async () => {
    for (const isFetched of [true, false]) {
      const { sessions, asked, told, phones, edit, pass, fetches } = await seated();
      phones.set('HD0001', 'unregistered');
      await edit(putUser('100', { name: 'Anna' }));
      await pass(120_000);
      assert.equal([asked.length, sessions.of('HD0001').state], [1, 'active']);
      assert.not(told.includes('HD0001 stuck edit'));
      phones.set('HD0001', 'answered');
      if (isFetched) fetches('HD0001');
      sessions.registered('HD0001', '100', 2);
      await pass(1_000);
      assert.is(asked.length, isFetched ? 1 : 2);
    }
  });

  test('a phone that fetches meanwhile is left alone', async () => {
    const { asked, edit, pass, fetches, clock } = await seated();
    await edit(putUser('100', { name: 'Anna' }));
    await pass(500);
    fetches('HD0001');
    assert.is(clock.pending(), 0);
    await pass(10_000);
    assert.equal(asked, []);
  });

  test('a login that fetched before the edit is asked again when it is active; its time is its own', async () => {
    const { sessions, asked, edit, pass, fetches } = await seated();
    await sessions.login('HD0002', '101', 'api');
    await settle();
    fetches('HD0002');
    await edit(putUser('101', { name: 'Ben' }));
    await pass(3_000);
    sessions.registered('HD0002', '101', 2);
    assert.equal([asked, sessions.of('HD0002').ms], [['HD0002'], 3_000]);
    await pass(1_000);
    assert.equal(asked, ['HD0002', 'HD0002']);
    fetches('HD0002');
    assert.equal(
      sessions.times().map(({ count, maxMs }) => [count, maxMs]),
      [[2, 3_000]],
    );
  });

  // biome-ignore format: a table
  const restarts: { name: string; delivered?: string; isEdited: boolean; asked: string[] }[] = [
    { name: 'has what it would get',           isEdited: false, asked: [] },
    { name: 'has what it had before the edit', isEdited: true,  asked: ['HD0001'] },
    { name: 'is not known to have any',        delivered: '',   isEdited: true, asked: [] },
  ];
  for (const { name, delivered, isEdited, asked: expected } of restarts) {
    for (const by of ['its agent', 'a registration'] as const) {
      test(`after a restart, by ${by}, a phone that ${name}: ${expected.length} asked, and once`, async () => {
        const before = await seated();
        if (delivered === undefined) before.fetches('HD0001');
        await before.sessions.close();
        if (isEdited) await before.store.commit([putUser('100', { name: 'Anna' })]);
        const { sessions, asked, fetches, pass } = again(before);
        const come = () => {
          if (by === 'its agent') sessions.reached('berlin');
          else sessions.registered('HD0001', '100', 2);
        };
        sessions.reached('paris');
        await pass(5_000);
        assert.equal(asked, [], 'nothing to ask it by');
        come();
        await pass(1_000);
        assert.equal(asked, expected);
        fetches('HD0001');
        come();
        await pass(60_000);
        assert.equal(asked, expected);
      });
    }
  }

  test('after a restart nobody is asked before a config can be made, and then by the next registration', async () => {
    const before = await seated();
    before.fetches('HD0001');
    await before.sessions.close();
    await before.store.commit([putUser('100', { name: 'Anna' })]);
    const { sessions, asked, pass, agent } = again(before, { isUp: false });
    sessions.reached('berlin');
    await pass(10_000);
    assert.equal(asked, []);
    agent.isUp = true;
    sessions.registered('HD0001', '100', 2);
    await pass(1_000);
    assert.equal(asked, ['HD0001']);
  });

  test('what a phone has had goes with its device; a disk that takes no note keeps no phone from its config', async () => {
    const { store, sessions, fetches } = await seated();
    fetches('HD0001');
    assert.ok(store.get('deliveries', 'HD0001'));
    await store.commit([{ type: 'delete', collection: 'devices', id: 'HD0001' }]);
    assert.is(store.get('deliveries', 'HD0001'), undefined);
    const { note } = store;
    Object.assign(store, {
      note: () => {
        throw new Fault('store.failed', 'the disk is full');
      },
    });
    sessions.fetched('HD0002', '"x"');
    Object.assign(store, { note });
  });

  test('a login takes the edit along, and closing forgets it', async () => {
    const { sessions, asked, edit, pass, clock } = await seated();
    await edit(putDevice('HD0002', { model: 'T48S' }));
    await sessions.login('HD0002', '101', 'api');
    await pass(2_000);
    assert.equal(asked, ['HD0002']);
    await edit(putUser('100', { name: 'Anna' }));
    await sessions.close();
    assert.is(clock.pending(), 0);
  });
});

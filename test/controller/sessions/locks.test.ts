import * as assert from 'uvu/assert';
import { addFailure, defaultLimits } from '#controller/sessions/locks.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
import { createWorld, population, settle } from './world.ts';

const minute = 60_000;
const right = '739216';
const wrong = '000000';

async function createLockWorld() {
  const world = createWorld();
  for (const extension of ['100', '101', '102', '103']) await world.sessions.setPin(extension, right);
  const tries = async (device: string, extension: string, count: number, pin = wrong) => {
    const answers: string[] = [];
    for (let i = 0; i < count; i++) answers.push(await world.sessions.checkPin(device, extension, pin));
    return answers;
  };
  return { ...world, tries };
}

describe('PIN locks', (test) => {
  test('five wrong PINs at a device lock the extension there, and the right one is wrong then', async () => {
    const { tries, sessions, clock } = await createLockWorld();
    await tries('HD0001', '100', 4);
    assert.is(await sessions.checkPin('HD0001', '100', right), 'right');
    await tries('HD0001', '100', 5);
    assert.is(await sessions.checkPin('HD0001', '100', right), 'wrong');
    assert.is(await sessions.checkPin('HD0002', '100', right), 'right', 'its owner logs in elsewhere');
    clock.advance(15 * minute - 1);
    assert.is(await sessions.checkPin('HD0001', '100', right), 'wrong');
    clock.advance(1);
    assert.is(await sessions.checkPin('HD0001', '100', right), 'right');
  });

  test('each lock of one who insists is twice as long, up to eight hours', () => {
    let lock = { id: 'x', failures: 0, lastFailureAt: 0, lockedUntil: 0 };
    const minutes: number[] = [];
    for (let now = 1e9, i = 0; i < 12; i++) {
      lock = addFailure(lock, defaultLimits.pair, now);
      minutes.push(Math.max(0, lock.lockedUntil - now) / minute);
      now = Math.max(now, lock.lockedUntil);
    }
    assert.equal(minutes, [0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 480, 480]);
  });

  test('failures leak away, also the ones a lock came from', () => {
    const { pair } = defaultLimits;
    let lock = { id: 'x', failures: 4, lastFailureAt: 0, lockedUntil: 0 };
    lock = addFailure(lock, pair, 6 * minute);
    assert.equal(lock, { id: 'x', failures: 3, lastFailureAt: 6 * minute, lockedUntil: 0 });
    lock = addFailure({ ...lock, failures: 6, lockedUntil: 60 * minute }, pair, 69 * minute);
    assert.equal([lock.failures, lock.lockedUntil], [4, 60 * minute]);
  });

  test('ten wrong PINs over all extensions lock the device, not the one beside it', async () => {
    const { tries, sessions } = await createLockWorld();
    for (const extension of ['100', '101', '888', '889']) await tries('HD0001', extension, 3);
    assert.is(await sessions.checkPin('HD0001', '102', right), 'wrong');
    assert.is(await sessions.checkPin('HD0002', '102', right), 'right');
  });

  test('twenty wrong PINs over all devices lock the site, not another one', async () => {
    const { tries, sessions, clock, lines } = await createLockWorld();
    for (const device of ['HD0001', 'HD0002', 'HD0003']) {
      for (const extension of ['888', '889']) await tries(device, extension, 4);
    }
    assert.is(await sessions.checkPin('HD0004', '100', right), 'wrong');
    assert.is(await sessions.checkPin('HD0009', '100', right), 'right');
    assert.ok(lines.some(({ facts }) => facts.lock === 'berlin'));
    clock.advance(15 * minute);
    assert.is(await sessions.checkPin('HD0004', '100', right), 'right');
  });

  test('an attacker cannot buy tries with a PIN of his own', async () => {
    const { tries } = await createLockWorld();
    let judged = 0;
    for (let round = 0; round < 50; round++) {
      judged += (await tries('HD0001', '101', 1, right)).filter((answer) => answer === 'right').length;
      await tries('HD0001', String(200 + round), 1);
    }
    assert.ok(judged <= 10, `${judged} rounds`);
  });

  test('tries at the same time are counted as if one came after the other', async () => {
    const { sessions, calls } = await createLockWorld();
    calls.count = 0;
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => sessions.checkPin('HD0001', '100', i < 5 ? wrong : right)),
    );
    assert.is(answers.filter((answer) => answer === 'right').length, 0);
    assert.is(calls.count, 40);
  });

  test('locks are kept by the store: a restart forgives nothing', async () => {
    const { tries, store, clock } = await createLockWorld();
    await tries('HD0001', '100', 5);
    const later = createWorld({ store, clock });
    assert.is(await later.sessions.checkPin('HD0001', '100', right), 'wrong');
  });

  test('an admin forgives an extension, by word or by a new PIN', async () => {
    const { tries, sessions } = await createLockWorld();
    await tries('HD0001', '100', 5);
    await sessions.unlock('100');
    assert.is(await sessions.checkPin('HD0001', '100', right), 'right');
    await tries('HD0002', '100', 4);
    await tries('HD0002', '100', 1);
    await sessions.setPin('100', '839216');
    assert.is(await sessions.checkPin('HD0002', '100', '839216'), 'right');
  });

  test("what is kept stays small, and is nobody's text, whatever is typed", async () => {
    const { sessions, store, clock } = await createLockWorld();
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 30; i++) {
        await sessions.checkPin(`HD${1000 + i}`, `9${round}${i}`, wrong);
        await sessions.checkPin('HD0001', `x${'y'.repeat(500)}${i}`, wrong);
        await sessions.checkPin('HD0002', `8${round}${i}`, wrong);
      }
      clock.advance(16 * minute);
    }
    await settle();
    const kept = store.list('pinLocks');
    assert.ok(kept.length < 200, `${kept.length} locks`);
    assert.ok(kept.every(({ id }) => id.length < 40));
    assert.ok(kept.some(({ id }) => id === '?@HD0001'));
  });
});

describe('refusals', (test) => {
  /** Everything that is told apart by nobody but us. */
  // biome-ignore format: a table
  const refusals: { name: string; device: string; extension: string; pin: string }[] = [
    { name: 'an extension nobody has',     device: 'HD0001', extension: '999', pin: right },
    { name: 'an extension without a PIN',  device: 'HD0001', extension: '104', pin: right },
    { name: 'hot desking off',             device: 'HD0001', extension: '103', pin: right },
    { name: 'a wrong PIN',                 device: 'HD0001', extension: '100', pin: wrong },
    { name: 'an empty PIN',                device: 'HD0001', extension: '100', pin: '' },
    { name: 'locked',                      device: 'HD0002', extension: '101', pin: right },
    { name: 'a device nobody has',         device: 'HD7777', extension: '100', pin: right },
  ];
  for (const { name, device, extension, pin } of refusals) {
    test(`${name}: the same answer for the same work`, async () => {
      const inner = createMemoryStore(population);
      const trail: string[] = [];
      const store = {
        ...inner,
        commit: (changes: Parameters<typeof inner.commit>[0]) => {
          trail.push('commit');
          return inner.commit(changes);
        },
      };
      const { sessions, calls } = createWorld({ store, clock: createFakeClock(1_700_000_000_000) });
      for (const known of ['100', '101', '103']) await sessions.setPin(known, right);
      for (let i = 0; i < 5; i++) await sessions.checkPin('HD0002', '101', wrong);
      trail.length = 0;
      calls.count = 0;
      assert.is(await sessions.checkPin(device, extension, pin), 'wrong');
      assert.is(calls.count, 1, 'one scrypt');
      assert.equal(trail, [], 'no wait for a disk');
    });
  }
});

/** Sessions that end by themselves: when, when not, and in whose time zone. */

import * as assert from 'uvu/assert';
import type { Policy } from '#controller/model/policy.ts';
import type { Change } from '#controller/model/ports.ts';
import { nextTimeOfDay } from '#controller/sessions/time-of-day.ts';
import { effectivePolicy, limitsOf } from '#controller/sessions/timed-ends.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
import { createWorld, population, putUser, settle } from './world.ts';

// biome-ignore format: a table
const times: [name: string, after: string, time: string, zone: string, at: string][] = [
  ['later today',                        '2026-11-23T10:00:00Z', '20:00', 'Europe/Berlin',    '2026-11-23T19:00:00Z'],
  ['tomorrow, when it has been',         '2026-11-23T19:00:00Z', '20:00', 'Europe/Berlin',    '2026-11-24T19:00:00Z'],
  ['a moment before',                    '2026-11-23T18:59:59Z', '20:00', 'Europe/Berlin',    '2026-11-23T19:00:00Z'],
  ['where it is another day',            '2026-11-23T22:30:00Z', '00:15', 'Europe/Berlin',    '2026-11-23T23:15:00Z'],
  ['west of everything',                 '2026-11-23T23:00:00Z', '00:00', 'Pacific/Pago_Pago','2026-11-24T11:00:00Z'],
  ['half an hour off',                   '2026-11-23T00:00:00Z', '08:00', 'Asia/Kolkata',     '2026-11-23T02:30:00Z'],
  ['over the end of summer time',        '2026-10-24T20:00:00Z', '20:00', 'Europe/Berlin',    '2026-10-25T19:00:00Z'],
  ['over its beginning',                 '2026-03-28T20:00:00Z', '20:00', 'Europe/Berlin',    '2026-03-29T18:00:00Z'],
  ['a time that comes twice: the first', '2026-10-24T20:00:00Z', '02:30', 'Europe/Berlin',    '2026-10-25T00:30:00Z'],
  ['and then the next day',              '2026-10-25T00:30:00Z', '02:30', 'Europe/Berlin',    '2026-10-26T01:30:00Z'],
  ['a time that is skipped',             '2026-03-28T20:00:00Z', '02:30', 'Europe/Berlin',    '2026-03-29T01:30:00Z'],
  ['New York’s own day of it',           '2026-03-08T04:00:00Z', '18:00', 'America/New_York', '2026-03-08T22:00:00Z'],
  ['a leap day',                         '2028-02-28T23:30:00Z', '12:00', 'UTC',              '2028-02-29T12:00:00Z'],
];

describe('time of day', (test) => {
  for (const [name, after, time, zone, at] of times) {
    test(name, () => {
      const found = nextTimeOfDay(Date.parse(after), time, zone);
      assert.is(new Date(found).toISOString(), new Date(at).toISOString());
    });
  }
});

// biome-ignore format: a table
const merges: [name: string, policies: (Policy | undefined)[], limits: object | undefined][] = [
  ['nobody says anything',          [undefined, undefined, undefined],                                  undefined],
  ['the system does',               [undefined, undefined, { endsAt: '20:00' }],                        { endsAt: '20:00' }],
  ['the site comes first',          [undefined, { endsAt: '19:00' }, { endsAt: '20:00' }],              { endsAt: '19:00' }],
  ['the user before both',          [{ endsAt: '18:00' }, { endsAt: '19:00' }, { endsAt: '20:00' }],    { endsAt: '18:00' }],
  ['field by field',                [{ idleMinutes: 5 }, { longestMinutes: 9 }, { endsAt: '20:00' }],   { idleMinutes: 5, longestMinutes: 9, endsAt: '20:00' }],
  ['none takes a limit away',       [{ endsAt: 'none' }, undefined, { endsAt: '20:00' }],               undefined],
];

describe('policies', (test) => {
  for (const [name, policies, limits] of merges) {
    test(name, () => assert.equal(limitsOf(effectivePolicy(...policies)), limits));
  }
});

const minute = 60_000;

function world(policy: Policy, more: Change[] = []) {
  const busy = new Set<string>();
  const told: string[] = [];
  const store = createMemoryStore([
    ...population,
    { type: 'put', collection: 'policies', value: { id: 'system', ...policy } },
    ...more,
  ]);
  // 10:00 in Berlin.
  const clock = createFakeClock(Date.parse('2026-11-23T09:00:00Z'));
  const made = createWorld({
    store,
    clock,
    isInCall: (device) => busy.has(device),
    tell(happening) {
      if (happening.type === 'logout')
        told.push(`${happening.device} ${happening.how} ${happening.reason ?? ''}`);
    },
  });
  /** So much time passes, and what is due is done. */
  async function pass(ms: number): Promise<void> {
    clock.advance(ms);
    await settle();
  }
  return { ...made, busy, told, pass };
}

describe('timed ends', (test) => {
  test('after the longest time', async () => {
    const { sessions, pass, told } = world({ longestMinutes: 60 });
    await sessions.login('HD0001', '100', 'dial');
    await pass(59 * minute);
    assert.equal(told, []);
    await pass(minute);
    assert.equal(told, ['HD0001 limit longest']);
  });

  test('a call in progress defers it, and its end does not', async () => {
    const { sessions, pass, told, busy } = world({ longestMinutes: 60 });
    await sessions.login('HD0001', '100', 'dial');
    busy.add('HD0001');
    await pass(90 * minute);
    assert.equal(told, []);
    busy.delete('HD0001');
    sessions.callEnded('HD0001');
    await pass(5_000);
    assert.equal(told, ['HD0001 limit longest']);
  });

  test('after a time without a call, counted anew from each', async () => {
    const { sessions, pass, told } = world({ idleMinutes: 30 });
    await sessions.login('HD0001', '100', 'dial');
    await pass(29 * minute);
    sessions.callEnded('HD0001');
    await pass(29 * minute);
    assert.equal(told, []);
    await pass(minute);
    assert.equal(told, ['HD0001 limit idle']);
  });

  test('at a time of day of the site where the device is', async () => {
    const paris: Change = {
      type: 'put',
      collection: 'sites',
      value: { ...siteOf('paris'), timeZone: 'America/New_York' },
    };
    const { sessions, pass, told } = world({ endsAt: '11:00' }, [paris]);
    await sessions.login('HD0001', '100', 'dial');
    await sessions.login('HD0009', '101', 'dial');
    await pass(60 * minute);
    assert.equal(told, ['HD0001 limit timeOfDay']);
    await pass(6 * 60 * minute);
    assert.equal(told.at(-1), 'HD0009 limit timeOfDay');
  });

  test('a change of policy ends nobody’s session', async () => {
    const { sessions, store, pass, told } = world({});
    await sessions.login('HD0001', '100', 'dial');
    await store.commit([{ type: 'put', collection: 'policies', value: { id: 'system', longestMinutes: 1 } }]);
    await sessions.login('HD0002', '101', 'dial');
    await pass(60 * minute);
    assert.equal(told, ['HD0002 limit longest']);
  });

  test('who logged in meanwhile has a time of his own', async () => {
    const { sessions, pass, store } = world({ longestMinutes: 60 }, [
      putUser('101', { policy: { longestMinutes: 'none' } }),
    ]);
    await sessions.login('HD0001', '100', 'dial');
    await pass(30 * minute);
    await sessions.login('HD0001', '101', 'dial');
    await pass(24 * 60 * minute);
    assert.is(store.get('sessions', 'HD0001')?.extension, '101');
  });

  test('a restart counts as a call, and the longest time goes on', async () => {
    const { sessions, store, clock, told } = world({ idleMinutes: 30, longestMinutes: 60 });
    await sessions.login('HD0001', '100', 'dial');
    clock.advance(20 * minute);
    await sessions.close();
    const again = createWorld({
      store,
      clock,
      tell: (h) => void (h.type === 'logout' && told.push(String(h.reason))),
    });
    clock.advance(29 * minute);
    await settle();
    assert.equal(told, []);
    clock.advance(minute);
    await settle();
    assert.equal(told, ['idle']);
    await again.sessions.close();
  });

  test('what a second device means is the site’s to say, unless the user does', async () => {
    const refusing: Change = {
      type: 'put',
      collection: 'sites',
      value: { ...siteOf('berlin'), policy: { secondDevice: 'refuse' } },
    };
    const { sessions, store } = world({ secondDevice: 'allow' }, [
      refusing,
      putUser('102', { secondDevice: 'move' }),
    ]);
    for (const extension of ['100', '102']) await sessions.login('HD0001', extension, 'dial');
    await sessions.login('HD0003', '100', 'dial');
    await sessions.login('HD0002', '102', 'dial');
    assert.is(store.get('sessions', 'HD0001'), undefined);
    try {
      await sessions.login('HD0004', '100', 'dial');
      assert.unreachable();
    } catch (error) {
      assert.match(String(error), /logged in at HD0003/);
    }
  });
});

function siteOf(id: string) {
  const found = population.find(
    (change) => change.type === 'put' && change.collection === 'sites' && change.value.id === id,
  );
  assert.ok(found?.type === 'put' && found.collection === 'sites');
  return (found as Extract<Change, { type: 'put'; collection: 'sites' }>).value;
}

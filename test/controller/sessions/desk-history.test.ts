/** What is written down of a desk, what is not, and for how long. */

import * as assert from 'uvu/assert';
import { createHappenings } from '#controller/happenings.ts';
import { maxDeskEvents } from '#controller/model/desk-events.ts';
import type { Binding } from '#controller/model/model.ts';
import { createDeskHistory } from '#controller/sessions/desk-history.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
import { createWorld, population } from './world.ts';

function world() {
  const store = createMemoryStore(population);
  const clock = createFakeClock();
  const log = { warn: () => undefined, error: () => undefined };
  const happenings = createHappenings(log);
  createDeskHistory({ store, happenings, clock, log });
  const { sessions } = createWorld({ store, clock, tell: happenings.tell });
  const at = (device: string) =>
    (store.get('deskEvents', device)?.events ?? []).map(({ at: _, ms: __, ...event }) => event);
  return { store, clock, sessions, happenings, at };
}

const binding = (aor: string, port: number): Binding => ({
  device: 'HD0001',
  aor,
  contact: 'sip:HD0001@192.0.2.9',
  flow: {
    agent: '0123456789abcdef',
    site: 'berlin',
    transport: 'udp',
    local: { address: '192.0.2.1', port: 5060 },
    remote: { address: '192.0.2.9', port },
  },
  expiresAt: 1,
  callId: 'c',
  cseq: 1,
  userAgent: 'test',
});

describe('desk history', (test) => {
  test('who came and went, and why', async () => {
    const { sessions, at } = world();
    await sessions.login('HD0001', '100', 'dial');
    await sessions.login('HD0001', '101', 'key');
    await sessions.logout('HD0001', 'admin');
    const kept = at('HD0001').filter(({ type }) => type === 'login' || type === 'logout');
    assert.equal(kept, [
      { type: 'login', extension: '100', how: 'dial' },
      { type: 'logout', extension: '100', how: 'takeover' },
      { type: 'login', extension: '101', how: 'key' },
      { type: 'logout', extension: '101', how: 'admin' },
    ]);
  });

  test('when the phone came, as whom, and went; not each refresh', () => {
    const { store, at } = world();
    store.note([{ type: 'put', collection: 'bindings', value: binding('HD0001', 5060) }]);
    store.note([{ type: 'put', collection: 'bindings', value: binding('HD0001', 5062) }]);
    store.note([{ type: 'put', collection: 'bindings', value: binding('100', 5062) }]);
    store.note([{ type: 'delete', collection: 'bindings', id: 'HD0001' }]);
    assert.equal(at('HD0001'), [
      { type: 'registered', aor: 'HD0001', address: '192.0.2.9:5060' },
      { type: 'registered', aor: '100', address: '192.0.2.9:5062' },
      { type: 'unregistered', aor: '100' },
    ]);
  });

  test('that a phone does not show it, and what is wrong', () => {
    const { happenings, at } = world();
    const changeOver = { state: 'stuck', reason: 'it never fetched', ms: 9 } as const;
    happenings.tell({ type: 'changeOver', device: 'HD0001', changeOver: { state: 'sent', ms: 3 } });
    happenings.tell({ type: 'changeOver', device: 'HD0001', changeOver });
    assert.equal(at('HD0001'), [{ type: 'stuck', reason: 'it never fetched' }]);
  });

  test('only the last; of a device that is gone nothing', async () => {
    const { happenings, store, at } = world();
    for (let n = 0; n < maxDeskEvents + 5; n++) {
      happenings.tell({ type: 'login', device: 'HD0001', extension: String(1_000 + n), how: 'dial' });
    }
    assert.is(at('HD0001').length, maxDeskEvents);
    assert.is(at('HD0001').at(-1)?.extension, String(1_000 + maxDeskEvents + 4));
    await store.commit([{ type: 'delete', collection: 'devices', id: 'HD0001' }]);
    happenings.tell({ type: 'logout', device: 'HD0001', extension: '100', how: 'removed' });
    assert.is(store.get('deskEvents', 'HD0001'), undefined);
  });
});

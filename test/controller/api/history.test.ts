/** /devices/:id/events and /sessions/history: what is told of what a desk keeps. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { createApiWorld } from './world.ts';

async function world() {
  const made = createApiWorld();
  const at = (minute: number) => Date.parse('2026-11-23T08:00:00Z') + minute * 60_000;
  await made.store.commit([
    {
      type: 'put',
      collection: 'deskEvents',
      value: {
        device: 'HD0001',
        events: [
          { at: at(0), type: 'logout', extension: '99', how: 'key' },
          { at: at(1), type: 'login', extension: '100', how: 'dial' },
          { at: at(2), type: 'stuck', reason: 'no answer', ms: 60_000 },
          { at: at(3), type: 'logout', extension: '100', how: 'limit', reason: 'idle' },
          { at: at(4), type: 'login', extension: '101', how: 'dial' },
        ],
      },
    },
  ]);
  return made;
}

describe('API: history', (test) => {
  test('the events of a device, the latest first, by pages and type', async () => {
    const { ask } = await world();
    const first = (await ask('GET', '/devices/HD0001/events?limit=3')).json;
    const items = first.items as { type: string; at: string }[];
    assert.equal(
      items.map(({ type }) => type),
      ['login', 'logout', 'stuck'],
    );
    assert.is(items[0]?.at, '2026-11-23T08:04:00.000Z');
    const rest = (await ask('GET', `/devices/HD0001/events?limit=3&cursor=${first.next}`)).json;
    assert.is((rest.items as unknown[]).length, 2);
    assert.is(rest.next, undefined);
    const stuck = (await ask('GET', '/devices/HD0001/events?type=stuck')).json.items as unknown[];
    assert.is(stuck.length, 1);
    assert.is((await ask('GET', '/devices/HD0009/events')).status, 404);
  });

  test('who sat where, from when to when', async () => {
    const { ask } = await world();
    const day = '2026-11-23T08';
    const desk = { device: 'HD0001', site: 'berlin' };
    assert.equal((await ask('GET', '/sessions/history')).json.items, [
      { ...desk, extension: '101', since: `${day}:04:00.000Z`, how: 'dial' },
      {
        ...{ ...desk, extension: '100', since: `${day}:01:00.000Z`, how: 'dial' },
        ...{ until: `${day}:03:00.000Z`, ended: 'limit', reason: 'idle' },
      },
      { ...desk, extension: '99', until: `${day}:00:00.000Z`, ended: 'key' },
    ]);
    assert.is(((await ask('GET', '/sessions/history?extension=100')).json.items as unknown[]).length, 1);
  });
});

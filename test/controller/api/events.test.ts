/** /events: what is told, to whom, and what becomes of who was away, is too slow, or is one too many. */

import * as assert from 'uvu/assert';
import { localWho, type Who } from '#controller/api/access/who.ts';
import { concerns, type LoggedEvent } from '#controller/api/event-log.ts';
import { describe } from '#test/support/describe.ts';
import { type ApiWorld, createApiWorld } from './world.ts';

type Seen = { id: number; event: string; data: Record<string, unknown> };

/** A listener that reads as fast as it is told to. */
function listen({ events }: ApiWorld, lastId?: number, who: Who = localWho) {
  const reader = events.open(who, lastId === undefined ? undefined : String(lastId)).getReader();
  return {
    reader,
    /** The next event; comments are passed over. Undefined: the end. */
    async next(): Promise<Seen | undefined> {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return undefined;
        const text = Buffer.from(value).toString();
        if (text.startsWith(':')) continue;
        const [, id, event, data] = /^id: (\d+)\nevent: (\w+)\ndata: (.*)\n\n$/.exec(text) ?? [];
        return { id: Number(id), event: event ?? text, data: JSON.parse(data ?? '{}') };
      }
    },
  };
}

const rename = ({ ask }: ApiWorld, name: string) => ask('PATCH', '/users/100', { name });

describe('API: events', (test) => {
  test('a change is told by what to ask for again', async () => {
    const world = createApiWorld();
    const line = listen(world);
    assert.is((await line.next())?.event, 'hello');
    await rename(world, 'Anne');
    const seen = await line.next();
    assert.equal([seen?.event, seen?.data], ['change', { collection: 'users', id: '100' }]);
  });

  test('so is what is kept nowhere: a change-over, an agent, a call', async () => {
    const world = createApiWorld();
    const line = listen(world);
    await line.next();
    world.happenings.tell({ type: 'changeOver', device: 'HD0001', changeOver: { state: 'sent', ms: 1 } });
    world.happenings.tell({ type: 'agent', agent: 'a1', site: 'berlin', isUp: false });
    world.happenings.tell({ type: 'call', id: 'c1', sites: ['berlin'] });
    const told = [];
    for (let at = 0; at < 4; at++) told.push((await line.next())?.data);
    assert.equal(told, [
      { collection: 'devices', id: 'HD0001' },
      { collection: 'agents', id: 'a1' },
      { collection: 'sites', id: 'berlin' },
      { collection: 'calls', id: 'c1' },
    ]);
  });

  test('who was away is told what he missed, and that too much is gone', async () => {
    const world = createApiWorld();
    const first = (await listen(world).next())?.id ?? 0;
    await rename(world, 'B');
    await rename(world, 'C');
    const again = listen(world, first + 1);
    assert.is((await again.next())?.id, first + 2);
    for (const name of ['D', 'E', 'F', 'G', 'H']) await rename(world, name);
    world.events.close();
    for (const id of [first, first + 1, 7, first + 100]) {
      assert.is((await listen(world, id).next())?.event, 'reset', String(id));
      world.events.close();
    }
    assert.is((await listen(world, first + 2).next())?.id, first + 3);
  });

  test('there are only so many listeners; who goes makes room', async () => {
    const world = createApiWorld();
    const one = listen(world);
    listen(world);
    assert.throws(() => listen(world), /2 listeners already/);
    await one.reader.cancel();
    listen(world);
    assert.equal(world.events.counters, { clients: 2, refused: 1, letGo: 0 });
  });

  test('who does not read is let go, and nobody waits for him', async () => {
    const world = createApiWorld();
    const line = listen(world);
    for (let at = 0; at < 300; at++) world.happenings.tell({ type: 'call', id: `c${at}`, sites: [] });
    let seen = 0;
    while ((await line.next()) !== undefined) seen++;
    assert.ok(seen > 200 && seen < 300, `${seen} were told`);
    assert.equal(world.events.counters, { clients: 0, refused: 0, letGo: 1 });
  });

  test('a line that is quiet shows that it is alive, and ends after ten minutes', async () => {
    const world = createApiWorld();
    const { reader } = listen(world);
    await reader.read(); // hello
    await reader.read(); // alive
    world.clock.advance(15_000);
    assert.is(Buffer.from((await reader.read()).value ?? []).toString(), ': alive\n\n');
    world.clock.advance(600_000);
    assert.is(world.events.counters.clients, 0);
  });

  const event: LoggedEvent = {
    number: 1,
    collection: 'devices',
    id: 'HD0001',
    least: 'readOnly',
    sites: ['berlin'],
  };
  const who = (role: Who['role'], rest: Partial<Who> = {}): Who => ({
    name: role,
    how: 'api',
    role,
    ...rest,
  });
  // biome-ignore format: a table
  const rows: [name: string, event: LoggedEvent, who: Who, is: boolean][] = [
    ['read-only sees devices',          event,                                      who('readOnly'),                            true],
    ['a site admin sees his site',      event,                                      who('siteAdmin', { sites: ['berlin'] }),    true],
    ['and no other',                    event,                                      who('siteAdmin', { sites: ['paris'] }),     false],
    ['a user sees no devices',          event,                                      who('user', { extension: '100' }),          false],
    ['he sees himself',                 { ...event, extension: '100' },             who('user', { extension: '100' }),          true],
    ['read-only sees no tokens',        { ...event, least: 'admin', sites: [] },    who('readOnly'),                            false],
    ['an admin does',                   { ...event, least: 'admin', sites: [] },    who('admin'),                               true],
  ];
  for (const [name, about, asking, is] of rows) test(name, () => assert.is(concerns(about, asking), is));
});

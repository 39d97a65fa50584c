/** Pages of a list: each item once, whatever is made and removed meanwhile. */

import * as assert from 'uvu/assert';
import type { Change } from '#controller/model/ports.ts';
import { describe } from '#test/support/describe.ts';
import { createRandom } from '#test/support/random.ts';
import { type ApiWorld, createApiWorld } from './world.ts';

const putUser = (number: number, name: string): Change => ({
  type: 'put',
  collection: 'users',
  value: { extension: String(number), name, hotdesk: number % 2 === 0, keys: [] },
});

type Page = { items: { extension: string; name: string }[]; next?: string };

async function page({ ask }: ApiWorld, query: string): Promise<Page> {
  const answer = await ask('GET', `/users?${query}`);
  assert.is(answer.status, 200, answer.text);
  return answer.json as Page;
}

/** All pages, by following `next`. */
async function all(world: ApiWorld, query: string, between = async () => {}): Promise<string[]> {
  const found: string[] = [];
  for (let cursor = ''; ; ) {
    const { items, next } = await page(world, `${query}${cursor}`);
    found.push(...items.map(({ extension }) => extension));
    if (next === undefined) return found;
    cursor = `&cursor=${next}`;
    await between();
  }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

async function crowd(count: number): Promise<ApiWorld> {
  const world = createApiWorld();
  await world.store.commit([
    { type: 'delete', collection: 'users', id: '100' },
    ...numbers(1_000, 1_000 + count).map((n) => putUser(n, `User ${n % 7}`)),
  ]);
  return world;
}

describe('lists', (test) => {
  for (const sort of [
    '',
    '&sort=name',
    '&sort=-name',
    '&sort=-extension',
    '&sort=secondDevice',
    '&sort=hotdesk',
  ]) {
    test(`every item once, in one order${sort}`, async () => {
      const world = await crowd(53);
      const whole = (await page(world, `limit=1000${sort}`)).items.map(({ extension }) => extension);
      assert.equal(await all(world, `limit=7${sort}`), whole);
      assert.is(new Set(whole).size, 53);
    });
  }

  test('what comes and goes meanwhile neither repeats an item nor hides one', async () => {
    const world = await crowd(40);
    const random = createRandom(7);
    let fresh = 5_000;
    const found = await all(world, 'limit=5&sort=name', async () => {
      const gone = String(1_000 + random.below(20));
      const isThere = world.store.get('users', gone) !== undefined;
      await world.store.commit([
        putUser(fresh++, 'User 3'),
        ...(isThere ? [{ type: 'delete', collection: 'users', id: gone } satisfies Change] : []),
      ]);
    });
    assert.is(new Set(found).size, found.length);
    for (const n of numbers(1_020, 1_040)) assert.ok(found.includes(String(n)), String(n));
  });

  test('who does not ask for less gets a thousand, and is told that there is more', async () => {
    const world = await crowd(1_003);
    const { items, next } = await page(world, '');
    assert.is(items.length, 1_000);
    assert.is((await page(world, `cursor=${next}`)).items.length, 3);
  });

  test('filters and the search', async () => {
    const world = await crowd(20);
    assert.is((await page(world, 'hotdesk=true')).items.length, 10);
    assert.is((await page(world, 'hotdesk=true&name=User 0')).items.length, 1);
    assert.is((await page(world, 'q=uSER 0')).items.length, 3);
    assert.is((await page(world, 'q=1019')).items.length, 1);
    assert.equal((await page(world, 'q=nobody')).items, []);
  });
});

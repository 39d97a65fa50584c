import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { type LayoutInput, layoutKeys } from '#controller/layout/layout.ts';
import type { Key } from '#controller/model/model.ts';
import { describe } from '#test/support/describe.ts';

const dialCodes = { login: '*77*', logout: '*77*5*' };
const blf = (value: string): Key => ({ type: 'blf', value, label: value });
const none: Key = { type: 'none', value: '', label: '' };

/** Keys as text, one a position: `label=value`, `-` for an empty one. */
function shown(input: Partial<LayoutInput> & Pick<LayoutInput, 'count' | 'state'>): string {
  return layoutKeys({ dialCodes, language: 'en', ...input })
    .keys.map(({ position, type, value, label }) => (type === 'none' ? '-' : `${position} ${label}=${value}`))
    .join(', ');
}

// biome-ignore format: a table
const layouts: { name: string; input: Partial<LayoutInput> & Pick<LayoutInput, 'count' | 'state'>; keys: string; cut?: string[] }[] = [
  { name: 'idle',                        input: { count: 3, state: 'idle' },                                               keys: '1 Login=*77*, -, -' },
  { name: 'idle, with a user\'s keys',   input: { count: 2, state: 'idle', userKeys: [blf('101')] },                       keys: '1 Login=*77*, -' },
  { name: 'idle, in German',             input: { count: 1, state: 'idle', language: 'de' },                               keys: '1 Anmelden=*77*' },
  { name: 'logged in, no keys of one\'s own', input: { count: 2, state: 'loggedIn' },                                      keys: '1 Logout=*77*5*, -' },
  { name: 'logged in, all one down',     input: { count: 4, state: 'loggedIn', userKeys: [blf('101'), blf('102')] },       keys: '1 Logout=*77*5*, 2 101=101, 3 102=102, -' },
  { name: 'empty positions removed',     input: { count: 3, state: 'loggedIn', userKeys: [none, blf('101'), none, blf('102')] }, keys: '1 Logout=*77*5*, 2 101=101, 3 102=102' },
  { name: 'what does not fit is cut',    input: { count: 2, state: 'loggedIn', userKeys: [blf('101'), none, blf('102'), blf('103')] }, keys: '1 Logout=*77*5*, 2 101=101', cut: ['102', '103'] },
  { name: 'one key only',                input: { count: 1, state: 'loggedIn', userKeys: [blf('101')] },                   keys: '1 Logout=*77*5*', cut: ['101'] },
  { name: 'a phone without keys',        input: { count: 0, state: 'loggedIn', userKeys: [blf('101')] },                   keys: '', cut: ['101'] },
  { name: 'in German',                   input: { count: 1, state: 'loggedIn', language: 'de' },                           keys: '1 Abmelden=*77*5*' },
  { name: 'codes of the site\'s own',    input: { count: 1, state: 'idle', dialCodes: { login: '*88*', logout: '*88#' } }, keys: '1 Login=*88*' },
];

describe('layout', (test) => {
  for (const { name, input, keys, cut = [] } of layouts) {
    test(name, () => {
      assert.is(shown(input), keys);
      assert.equal(
        layoutKeys({ dialCodes, language: 'en', ...input }).cut.map(({ value }) => value),
        cut,
      );
    });
  }

  test('any keys, on a phone of any size', () => {
    const types = ['none', 'blf', 'speeddial', 'line', 'park'] as const;
    const keys = fc.array(
      fc.record(
        {
          type: fc.constantFrom(...types),
          value: fc.stringMatching(/^[0-9]{1,4}$/),
          label: fc.string(),
        },
        { noNullPrototype: true },
      ),
      { maxLength: 80 },
    );
    for (let count = 0; count <= 60; count++) {
      fc.assert(
        fc.property(keys, fc.constantFrom('idle', 'loggedIn'), (userKeys, state) => {
          const { keys: laid, cut } = layoutKeys({ count, userKeys, state, dialCodes, language: 'en' });
          const wanted = state === 'idle' ? [] : userKeys.filter(({ type }) => type !== 'none');
          assert.equal(
            laid.map(({ position }) => position),
            Array.from({ length: count }, (_, at) => at + 1),
          );
          const [first, ...rest] = laid.map(({ position: _, ...key }) => key);
          if (first !== undefined) assert.is(first.value, state === 'idle' ? '*77*' : '*77*5*');
          const used = rest.slice(0, wanted.length);
          assert.equal([...used, ...cut], wanted); // all of them, in order, the last ones cut
          assert.ok(rest.slice(used.length).every(({ type, value }) => type === 'none' && value === ''));
          assert.is(cut.length, Math.max(0, wanted.length - Math.max(0, count - 1)));
        }),
        { numRuns: 20, seed: count },
      );
    }
  });
});

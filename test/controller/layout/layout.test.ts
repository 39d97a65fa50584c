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
});

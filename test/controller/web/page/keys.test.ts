/** Keys as they are edited: moved, and carried as a file. */

import * as assert from 'uvu/assert';
import { formatKeys, maxKeys, moved, readKeys } from '#controller/web/page/keys.ts';
import type { Key } from '#controller/web/page/shapes.ts';
import { describe } from '#test/support/describe.ts';

const key: Key = { type: 'blf', value: '101', label: 'Bén ‮ <img>' };

// biome-ignore format: a table
const moves: [from: number, to: number, becomes: string][] = [
  [0, 2, 'bca'], [2, 0, 'cab'], [0, 1, 'bac'], [1, 1, 'abc'], [0, 9, 'bca'], [2, -1, 'cab'], [7, 0, 'abc'],
];

// biome-ignore format: a table
const files: [name: string, text: string, keys: number | undefined][] = [
  ['what was exported', formatKeys([key, key]), 2],
  ['a bare list', JSON.stringify([{ type: 'park' }]), 1],
  ['no keys at all', '{"keys":[]}', 0],
  ['as many as a user may have', JSON.stringify(Array(maxKeys).fill(key)), maxKeys],
  ['more than that', JSON.stringify(Array(maxKeys + 1).fill(key)), undefined],
  ['something else', '{"items":[]}', undefined],
  ['a type nobody knows', '[{"type":"forward","value":"1"}]', undefined],
  ['a value that is no text', '[{"type":"blf","value":1}]', undefined],
  ['null', 'null', undefined],
  ['a list of null', '[null]', undefined],
  ['no JSON', '<img>', undefined],
  ['nothing', '', undefined],
];

describe('keys', (test) => {
  for (const [from, to, becomes] of moves) {
    test(`moved from ${from} to ${to} are ${becomes}`, () => {
      assert.is(moved([...'abc'], from, to).join(''), becomes);
    });
  }

  for (const [name, text, count] of files) {
    test(`in a file: ${name}`, () => assert.is(readKeys(text)?.length, count));
  }

  test('come back as they went', () => assert.equal(readKeys(formatKeys([key])), [key]));
});

import * as assert from 'uvu/assert';
import { allNear, nearest } from '#protocol/nearest.ts';
import { describe } from '#test/support/describe.ts';

const words = ['enrol', 'run', 'phone', '--listen', '--sip-port', '--http-port'];

describe('nearest', (test) => {
  // biome-ignore format: a table
  const rows: [string, string | undefined][] = [
    ['enroll',      'enrol'],
    ['enrol',       'enrol'],
    ['PHONE',       'phone'],
    ['rum',         'run'],
    ['rnu',         'run'],
    ['--sipport',   '--sip-port'],
    ['--http-prot', '--http-port'],
    ['fly',         undefined],
    ['',            undefined],
    ['x'.repeat(9_000), undefined],
  ];
  for (const [word, answer] of rows) {
    test(`${word.slice(0, 20)} → ${answer}`, () => assert.is(nearest(word, words), answer));
  }
  test('all that are near, the nearest first', () => {
    assert.equal(allNear('--http-sport', words), ['--http-port', '--sip-port']);
    assert.equal(allNear('fly', words), []);
  });
  test('of two as near, the first', () => assert.is(nearest('cat', ['car', 'can']), 'car'));
});

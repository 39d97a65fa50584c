import * as assert from 'uvu/assert';
import { readArgv, unknownWord } from '#protocol/argv.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

const shapes = [
  { name: 'site', takesValue: true },
  { name: 'json', takesValue: false },
];

// biome-ignore format: a table
const lines: { line: string; words: string; flags: Record<string, string[]> }[] = [
  { line: '0042 001122334455',      words: '0042 001122334455', flags: {} },
  { line: 'a --site berlin b',      words: 'a b',               flags: { site: ['berlin'] } },
  { line: '--site=berlin --json a', words: 'a',                 flags: { site: ['berlin'], json: ['true'] } },
  { line: '--site a --site b',      words: '',                  flags: { site: ['a', 'b'] } },
  { line: '--site= x',              words: 'x',                 flags: { site: [''] } },
  { line: '--site --x-y',           words: '',                  flags: { site: ['--x-y'] } },
  { line: '--site=a=b',             words: '',                  flags: { site: ['a=b'] } },
  { line: '--json -- --site - ',    words: '--site - ',         flags: { json: ['true'] } },
  { line: '-',                      words: '-',                 flags: {} },
];

// biome-ignore format: a table
const refused: { line: string; says: string }[] = [
  { line: '--sit berlin',  says: 'unknown flag "--sit"; did you mean "--site"?' },
  { line: '-x',            says: 'unknown flag "-x"' },
  { line: '--fly=1',       says: 'unknown flag "--fly"' },
  { line: '--site',        says: '--site wants a value' },
  { line: '--site --json', says: '--site wants a value' },
  { line: '--json=yes',    says: '--json takes no value' },
];

describe('argv', (test) => {
  for (const { line, words, flags } of lines) {
    test(line, () => {
      const argv = readArgv(line.split(' '), shapes);
      assert.is(argv.words.join(' '), words);
      assert.equal(Object.fromEntries(argv.flags), flags);
    });
  }
  for (const { line, says } of refused) {
    test(`${line}: refused`, () => {
      try {
        readArgv(line.split(' '), shapes);
        assert.unreachable();
      } catch (error) {
        assert.ok(Fault.is(error, 'input.invalid'));
        assert.ok(error.message.startsWith(says), error.message);
      }
    });
  }
  test('an unknown word tells the nearest', () => {
    assert.is(
      unknownWord('verb', 'lst', ['list', 'show']).message,
      'unknown verb "lst"; did you mean "list"?',
    );
  });
});

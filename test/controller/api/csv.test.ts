/** The reader and writer of CSV: what spreadsheets write is read, what is broken names its line. */

import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { csvBounds, formatCsv, parseCsv } from '#controller/api/csv.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

// biome-ignore format: a table
const read: [name: string, text: string, rows: [line: number, ...cells: string[]][]][] = [
  ['CRLF', 'a,b\r\n1,2\r\n', [[1, 'a', 'b'], [2, '1', '2']]],
  ['LF, and no end of the last line', 'a,b\n1,2', [[1, 'a', 'b'], [2, '1', '2']]],
  ['a byte order mark', '\ufeffa\n1', [[1, 'a'], [2, '1']]],
  ['semicolons by the header line', 'a;b\n1,5;2', [[1, 'a', 'b'], [2, '1,5', '2']]],
  ['tabs by the header line', 'a\tb\n1,5\t2;3', [[1, 'a', 'b'], [2, '1,5', '2;3']]],
  ['a comma before a tab', 'a,b\n1\t,2', [[1, 'a', 'b'], [2, '1\t', '2']]],
  ['semicolons that are no separators', 'a,b\n1;5,2', [[1, 'a', 'b'], [2, '1;5', '2']]],
  ['quotes', 'a,b\n"1,""x""",""', [[1, 'a', 'b'], [2, '1,"x"', '']]],
  ['a line end in a cell', 'a\n"1\r\n2"\n3', [[1, 'a'], [2, '1\r\n2'], [4, '3']]],
  ['empty lines', '\na\n\n,\n1\n', [[2, 'a'], [5, '1']]],
  ['an empty last cell', 'a,b\n1,', [[1, 'a', 'b'], [2, '1', '']]],
  ['what was kept from being a formula', `a\n'=1+1\n"'@x"\n''-1\n'x`, [[1, 'a'], [2, '=1+1'], [3, '@x'], [4, `'-1`], [5, `'x`]]],
  ['nothing', '', []],
];

// biome-ignore format: a table
const refused: [name: string, text: string, why: RegExp][] = [
  ['a quote that never ends', 'a\n1\n"2\n3\n', /^line 3: .*never ends/],
  ['text behind a quote', 'a\n"1"2', /^line 2: something follows/],
  ['a quote in a cell', 'a\n1"2', /^line 2: a quote in the middle/],
  ['a carriage return alone', 'a\r1', /^line 1: .*carriage return/],
  ['a long cell', `a\n${'x'.repeat(csvBounds.cellLength + 1)}`, /^line 2: a cell has more than/],
  ['a long line', ','.repeat(csvBounds.cells), /^line 1: has more than/],
  ['many rows', 'x\n'.repeat(csvBounds.rows + 2), new RegExp(`^line ${csvBounds.rows + 2}: more than`)],
];

describe('CSV', (test) => {
  for (const [name, text, rows] of read) {
    test(`${name}: read`, () => {
      assert.equal(
        parseCsv(text).map(({ line, cells }) => [line, ...cells]),
        rows,
      );
    });
  }

  for (const [name, text, why] of refused) {
    test(`${name}: refused`, () => {
      assert.throws(
        () => parseCsv(text),
        (error: unknown) => Fault.is(error, 'input.invalid') && why.test(error.message),
      );
    });
  }

  test('no cell that is written begins as a formula', () => {
    assert.is(formatCsv([['=1', '+1', '-1', '@x', 'a=1', `'=`]]), `'=1,'+1,'-1,'@x,a=1,''=\r\n`);
  });

  test('what is written is read as it was', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^['"=+\-@;,\r\n]{0,6}$/));
    const table = fc.array(fc.tuple(text, text), { maxLength: 8 });
    fc.assert(
      fc.property(table, (cells) => {
        const rows = parseCsv(formatCsv([['a', 'b'], ...cells])).slice(1);
        assert.equal(
          rows.map((row) => row.cells),
          cells.filter((row) => row.some((cell) => cell !== '')),
        );
      }),
      { numRuns: 1_000, seed: 1 },
    );
  });
});

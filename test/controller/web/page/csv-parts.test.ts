/** A table in parts that are tables themselves, read by what the server reads tables with. */

import * as assert from 'uvu/assert';
import { parseCsv } from '#controller/api/csv.ts';
import { hasPins, partsOf } from '#controller/web/page/csv-parts.ts';
import { describe } from '#test/support/describe.ts';

// biome-ignore format: a table
const tables: { name: string; text: string }[] = [
  { name: 'plain',                    text: 'a,b\n1,2\n3,4\n5,6\n' },
  { name: 'CRLF, no end of line',     text: 'a,b\r\n1,2\r\n3,4\r\n5,6' },
  { name: 'lines within cells',       text: 'a,b\n"1\n1",2\n"3 ""x""\r\n","4\n\n"\n5,6\n' },
  { name: 'a header of two lines',    text: '"a\na",b\n1,2\n3,4\n' },
  { name: 'empty lines, semicolons',  text: '\ufeffa;b\n\n1;2\n\n\n3;4\n' },
  { name: 'nothing but a header',     text: 'a,b' },
];

describe('parts of a table', (test) => {
  for (const { name, text } of tables) {
    test(`${name}: the same rows with the same lines, in parts of each length`, () => {
      const [header, ...rows] = parseCsv(text);
      for (const most of [1, 2, 3, 100]) {
        const parts = partsOf(text, most).map(parseCsv);
        for (const [first] of parts) assert.equal(first, header);
        assert.equal(
          parts.flatMap((part) => part.slice(1)),
          rows,
        );
      }
    });
  }

  // biome-ignore format: a table
  const headers: [text: string, has: boolean][] = [
    ['extension,name,pin\n1,2,3', true],
    ['pin;extension\n1;2',        true],
    ['extension, "PIN" \r\n1,2',  true],
    ['extension,pinned\n1,pin',   false],
    ['extension,name\n1,pin\n',   false],
  ];
  for (const [text, has] of headers) {
    test(`${JSON.stringify(text)} has ${has ? '' : 'no '}PINs`, () => assert.is(hasPins(text), has));
  }
});

import * as assert from 'uvu/assert';
import { readInfoDigit } from '#controller/ivr/info-digit.ts';
import { describe } from '#test/support/describe.ts';

const relay = 'application/dtmf-relay';
const plain = 'application/dtmf';

// biome-ignore format: a table
const rows: [type: string | undefined, body: string, digit: string | undefined][] = [
  [relay,                      'Signal=5\r\nDuration=160\r\n',    '5'],
  [relay,                      'Signal= 5\r\nDuration= 160\r\n',  '5'],
  [relay,                      'Duration=160\r\nsignal = #',      '#'],
  [relay,                      'Signal=*\nDuration=250',          '*'],
  [relay,                      'Signal=10\r\n',                   '*'],
  [relay,                      'Signal=11\r\n',                   '#'],
  [relay,                      'Signal=d\r\n',                    'D'],
  ['Application/DTMF-Relay; charset=utf-8', 'Signal=0',           '0'],
  [plain,                      '7',                               '7'],
  [plain,                      ' 7\r\n',                          '7'],
  [plain,                      '11',                              '#'],
  [relay,                      '5',                               undefined],
  [relay,                      'Signal=',                         undefined],
  [relay,                      'Signal=12',                       undefined],
  [relay,                      'Signal=55',                       undefined],
  [relay,                      'NoSignal=5',                      undefined],
  [plain,                      'Signal=5',                        undefined],
  [plain,                      '',                                undefined],
  [plain,                      `${' '.repeat(300)}5`,             undefined],
  ['text/plain',               '5',                               undefined],
  [undefined,                  '5',                               undefined],
];

describe('digit of an INFO', (test) => {
  for (const [type, body, digit] of rows) {
    test(`${type}: ${JSON.stringify(body.slice(0, 40))}`, () => assert.is(readInfoDigit(type, body), digit));
  }
});

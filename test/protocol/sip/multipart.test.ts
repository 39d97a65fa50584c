import * as assert from 'uvu/assert';
import { createRequest } from '#protocol/sip/message.ts';
import { findParts, typeOfPart } from '#protocol/sip/multipart.ts';
import { describe } from '#test/support/describe.ts';

function read(body: string, type: string): string[] | undefined {
  const headers = type === '' ? [] : [['Content-Type', type] as const];
  const message = createRequest({
    method: 'INVITE',
    uri: 'sip:a@b',
    headers,
    body: Buffer.from(body, 'latin1'),
  });
  return findParts(message)?.map((part) => {
    const text = Buffer.from(message.body.subarray(part.start, part.end)).toString('latin1');
    return `${typeOfPart(part)}=${text}`;
  });
}

describe('multipart bodies', (test) => {
  const one = '--b\r\nContent-Type: a/one\r\n\r\n1\r\n--b--\r\n';
  const type = 'multipart/mixed;boundary=b';
  // biome-ignore format: a table
  const rows: [what: string, body: string, type: string, parts: string[] | undefined][] = [
    ['one part',                     one,                                              type,                                 ['a/one=1']],
    ['two parts',                    `--b\r\ncontent-type : A/One;q=1\r\nX: y\r\n\r\n1\r\n${one}`, type,                      ['a/one=1', 'a/one=1']],
    ['a quoted boundary',            one.replaceAll('--b', '--b c'),                   'Multipart/Related; boundary="b c";x', ['a/one=1']],
    ['before and after it',          `hello\r\n${one}bye`,                             type,                                 ['a/one=1']],
    ['blanks after delimiters',      one.replaceAll('b\r\n', 'b \t\r\n'),              type,                                 ['a/one=1']],
    ['no line end at its end',       one.slice(0, -2),                                 type,                                 ['a/one=1']],
    ['a part without headers',       '--b\r\n\r\n1\r\n--b--',                          type,                                 ['=1']],
    ['an empty part',                '--b\r\nX: y\r\n\r\n\r\n--b--',                    type,                                 ['=']],
    ['nothing but headers',          '--b\r\nX: y\r\n\r\n--b--',                       type,                                 ['=']],
    ['bytes and line ends in it',    one.replace('1', '\r\n\xff\0--b\r\n\r\n'),         type,                                 ['a/one=\r\n\xff\0--b\r\n\r\n']],
    ['no part',                      '--b--',                                          type,                                 []],
    ['16 parts',                     `${'--b\r\n\r\n1\r\n'.repeat(16)}--b--`,          type,                                 Array<string>(16).fill('=1')],
    ['17 parts',                     `${'--b\r\n\r\n1\r\n'.repeat(17)}--b--`,          type,                                 undefined],
    ['another type',                 one,                                              'text/plain;boundary=b',              undefined],
    ['no type',                      one,                                              '',                                   undefined],
    ['no boundary',                  one,                                              'multipart/mixed',                    undefined],
    ['another boundary',             one,                                              'multipart/mixed;boundary=c',         undefined],
    ['a longer boundary',            one.replaceAll('--b', '--bb'),                    type,                                 undefined],
    ['no end',                       one.slice(0, -6),                                 type,                                 undefined],
    ['a part without an empty line', '--b\r\nX: y\r\n--b--',                           type,                                 undefined],
    ['nothing',                      '',                                               type,                                 undefined],
  ];
  for (const [what, body, contentType, parts] of rows) {
    test(what, () => assert.equal(read(body, contentType), parts));
  }
});

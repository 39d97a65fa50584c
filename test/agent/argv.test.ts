import * as assert from 'uvu/assert';
import { readArgv } from '#agent/argv.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

const shapes = [
  { name: 'listen', takesValue: true },
  { name: 'sip-port', takesValue: true },
  { name: 'json-ready', takesValue: false },
];

describe('flags', (test) => {
  // biome-ignore format: a table
  const rows: [line: string, flags: Record<string, string[]>, words?: string[]][] = [
    ['',                              {}],
    ['--sip-port 0042',               { 'sip-port': ['0042'] }],
    ['--sip-port=0042',               { 'sip-port': ['0042'] }],
    ['--sip-port=',                   { 'sip-port': [''] }],
    ['--sip-port=a=b',                { 'sip-port': ['a=b'] }],
    ['--sip-port --odd-token',        { 'sip-port': ['--odd-token'] }],
    ['--sip-port -1',                 { 'sip-port': ['-1'] }],
    ['--listen 192.0.2.1 --listen ::1', { listen: ['192.0.2.1', '::1'] }],
    ['--json-ready HD0001',           { 'json-ready': ['true'] }, ['HD0001']],
    ['001565123456 - 0042',           {}, ['001565123456', '-', '0042']],
    ['-- --listen',                   {}, ['--listen']],
  ];
  for (const [line, flags, words = []] of rows) {
    test(line || 'nothing', () => {
      const read = readArgv(line === '' ? [] : line.split(' '), shapes);
      assert.equal(Object.fromEntries(read.flags), flags);
      assert.equal(read.words, words);
    });
  }

  // biome-ignore format: a table
  const refused: [line: string, says: RegExp][] = [
    ['--sipport 1',           /unknown flag "--sipport"; did you mean "--sip-port"\?/],
    ['-l 1',                  /unknown flag "-l"$/],
    ['--listen',              /--listen wants a value/],
    ['--listen --json-ready', /--listen wants a value/],
    ['--json-ready=yes',      /--json-ready takes no value/],
  ];
  for (const [line, says] of refused) {
    test(`${line} is refused`, () => {
      try {
        readArgv(line.split(' '), shapes);
        assert.unreachable();
      } catch (error) {
        assert.ok(Fault.is(error, 'input.invalid'));
        assert.match(error.message, says);
      }
    });
  }
});

/** What of an error is told before the end, and that the end comes. */

import { EventEmitter } from 'node:events';
import * as assert from 'uvu/assert';
import { describeError, outliveReaders, sayLastWords } from '#protocol/last-words.ts';
import { describe } from '#test/support/describe.ts';

const secret = 'canary-739216';

function parseError(): unknown {
  try {
    return JSON.parse(`{"pin":${secret}}`);
  } catch (error) {
    return error;
  }
}

describe('last words', (test) => {
  // biome-ignore format: a table
  const rows: { name: string; error: unknown; type: string; message: string }[] = [
    { name: 'an error',                 error: new TypeError('no such thing'),                   type: 'TypeError',   message: 'no such thing' },
    { name: 'one that carries a secret', error: Object.assign(new Error('refused'), { secret }), type: 'Error',       message: 'refused' },
    { name: 'a text that was parsed',   error: parseError(),                                     type: 'SyntaxError', message: 'a text that cannot be parsed' },
    { name: 'a string',                 error: secret,                                           type: 'string',      message: 'something that is no Error' },
    { name: 'an object',                error: { message: secret },                              type: 'object',      message: 'something that is no Error' },
    { name: 'nothing',                  error: undefined,                                        type: 'undefined',   message: 'something that is no Error' },
  ];
  for (const { name, error, type, message } of rows) {
    test(`of ${name}`, () => {
      const told = describeError(error);
      assert.equal({ type: told.type, message: told.message }, { type, message });
      assert.not.match(JSON.stringify(told), secret);
    });
  }

  test('tell where it was, its code, and its causes, as far as anybody reads', () => {
    let error = new Error('the first');
    for (let depth = 0; depth < 20; depth++) error = new Error(`for ${depth}`, { cause: error });
    const told = describeError(Object.assign(error, { code: 'ELATE' }));
    assert.is(told.code, 'ELATE');
    assert.match(told.stack?.[0] ?? '', /last-words\.test/);
    assert.is(told.cause?.cause?.message, 'for 17');
    assert.is(JSON.stringify(told).split('"cause":').length - 1, 5);
  });

  for (const hasLog of [true, false]) {
    test(`are said once, and then it ends${hasLog ? '' : ', also where the log is what failed'}`, () => {
      const said: unknown[] = [];
      const codes: number[] = [];
      const process = Object.assign(new EventEmitter(), { exit: (code: number) => void codes.push(code) });
      sayLastWords(process, {
        fatal(facts) {
          if (!hasLog) throw new Error('no log');
          said.push(facts);
        },
      });
      try {
        process.emit('uncaughtException', new Error('boom'), 'unhandledRejection');
      } catch {
        assert.not.ok(hasLog);
      }
      assert.equal(codes, [1]);
      assert.is(said.length, hasLog ? 1 : 0);
      if (hasLog) assert.is((said[0] as { origin: string }).origin, 'unhandledRejection');
    });
  }

  test('a stream that nobody reads any more is no error', () => {
    const stream = new EventEmitter();
    outliveReaders(stream);
    stream.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  });
});

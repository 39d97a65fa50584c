/** A log whose reader stands still, has no room, or has gone. */

import { pino } from 'pino';
import * as assert from 'uvu/assert';
import { createLogLines } from '#protocol/log-lines.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

function createReader() {
  const clock = createFakeClock();
  const reader = {
    clock,
    read: '',
    /** Bytes that he still takes; then it is `code`. */
    room: Number.POSITIVE_INFINITY,
    code: 'EAGAIN',
    tries: 0,
    lines: createLogLines({
      clock,
      maxBytes: 100,
      write(bytes) {
        reader.tries++;
        const taken = Math.min(reader.room, bytes.length);
        if (taken === 0) throw Object.assign(new Error(reader.code), { code: reader.code });
        reader.read += Buffer.from(bytes.subarray(0, taken)).toString();
        reader.room -= taken;
        return taken;
      },
    }),
  };
  return reader;
}

describe('the lines of a log', (test) => {
  test('are written as they come', () => {
    const reader = createReader();
    for (const line of ['one\n', 'zwölf\n']) {
      reader.lines.write(line);
      assert.ok(reader.read.endsWith(line));
    }
    assert.is(reader.clock.pending(), 0);
  });

  for (const code of ['EAGAIN', 'ENOSPC', 'EIO']) {
    test(`wait while it is ${code}, in order and whole, and are asked for by the clock alone`, () => {
      const reader = createReader();
      Object.assign(reader, { code, room: 5 });
      for (const line of ['one\n', 'two\n', 'three\n', 'four\n']) reader.lines.write(line);
      assert.is(reader.read, 'one\nt');
      const { tries } = reader;
      reader.lines.write('five\n');
      assert.is(reader.tries, tries);
      reader.clock.advance(1_000);
      assert.is(reader.read, 'one\nt');
      reader.room = Number.POSITIVE_INFINITY;
      reader.clock.advance(100);
      assert.is(reader.read, 'one\ntwo\nthree\nfour\nfive\n');
      assert.is(reader.clock.pending(), 0);
    });
  }

  test('over the bound are dropped, and that is told when there is room', () => {
    const reader = createReader();
    reader.room = 0;
    for (let line = 0; line < 50; line++) reader.lines.write(`line ${line}\n`);
    reader.room = Number.POSITIVE_INFINITY;
    reader.clock.advance(100);
    const lines = reader.read.trimEnd().split('\n');
    assert.is(lines[0], 'line 0');
    const { dropped, msg } = JSON.parse(lines.at(-1) ?? '') as { dropped: number; msg: string };
    assert.is(msg, 'lines of this log are lost');
    assert.is(dropped, 50 - (lines.length - 1));
    assert.is(reader.lines.dropped, dropped);
    reader.lines.write('again\n');
    assert.ok(reader.read.endsWith('again\n'));
  });

  test('that waited go with the last words, if they can', () => {
    const reader = createReader();
    reader.room = 0;
    for (const line of ['one\n', 'two\n']) reader.lines.write(line);
    assert.is(reader.read, '');
    reader.room = Number.POSITIVE_INFINITY;
    // As pino has it: then the program ends, and the clock asks no more.
    pino({ base: null, timestamp: false }, reader.lines).fatal('the end');
    assert.is(reader.read, 'one\ntwo\n{"level":60,"msg":"the end"}\n');
  });

  test('end for good with who read them', () => {
    const reader = createReader();
    Object.assign(reader, { code: 'EPIPE', room: 0 });
    for (let line = 0; line < 50; line++) reader.lines.write(`line ${line}\n`);
    assert.is(reader.tries, 1);
    assert.is(reader.clock.pending(), 0);
    assert.is(reader.lines.dropped, 49);
  });
});

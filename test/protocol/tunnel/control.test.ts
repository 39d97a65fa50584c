import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { decodeControl } from '#protocol/tunnel/control.ts';
import { describe } from '#test/support/describe.ts';

const decode = (json: unknown) =>
  decodeControl(Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)));

describe('control message', (test) => {
  test('of a later version is none of ours', () => {
    assert.is(decode({ type: 'later', colour: 1 }), undefined);
    assert.is(decode({ type: 'Hear' }), undefined);
  });

  test('loses the fields that only a later version knows', () => {
    assert.equal(decode({ type: 'hear', colour: 1 }), { type: 'hear' });
    assert.equal(decode({ type: 'closing', reason: 'x', colour: 1 }), { type: 'closing', reason: 'x' });
  });

  // biome-ignore format: a table
  const malformed: [string, unknown][] = [
    ['no JSON',                       '{'],
    ['no object',                     '[]'],
    ['no type',                       { colour: 1 }],
    ['a type that is no text',        { type: 1 }],
    ['a type without end',            { type: 'x'.repeat(65) }],
    ['one of ours with a wrong field', { type: 'closing', reason: 1 }],
    ['a release without a signature', { type: 'release', manifest: '{}', signature: 'x' }],
    ['an upgrade to no version',      { type: 'upgrade', version: '../x' }],
  ];
  for (const [name, json] of malformed) {
    test(`that is ${name} is malformed`, () =>
      assert.throws(
        () => decode(json),
        (error: unknown) => Fault.is(error, 'frame.malformed'),
      ));
  }
});

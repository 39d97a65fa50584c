import * as assert from 'uvu/assert';
import { commonestPins, pinWeakness } from '#controller/sessions/weak-pins.ts';
import { describe } from '#test/support/describe.ts';

describe('weak PINs', (test) => {
  // biome-ignore format: a table
  const weak: [pin: string, extension: string, why: RegExp][] = [
    ['',              '100',  /4 to 12 digits/],
    ['739',           '100',  /4 to 12 digits/],
    ['7392164739216', '100',  /4 to 12 digits/],
    ['73a2',          '100',  /4 to 12 digits/],
    ['٧٣٩٢',          '100',  /4 to 12 digits/],
    ['0000',          '100',  /one digit/],
    ['77777777',      '100',  /one digit/],
    ['1234',          '100',  /run/],
    ['456789',        '100',  /run/],
    ['7890',          '100',  /run/],
    ['89012',         '100',  /run/],
    ['4321',          '100',  /run/],
    ['2109',          '100',  /run/],
    ['4711',          '4711', /the extension/],
    ['1174',          '4711', /backwards/],
    ['1984',          '100',  /commonest/],
    ['2580',          '100',  /commonest/],
    ['123123',        '100',  /commonest/],
  ];
  for (const [pin, extension, why] of weak) {
    test(`refuses "${pin}" for ${extension}`, () => assert.match(pinWeakness(pin, extension) ?? '', why));
  }

  for (const pin of ['4711', '7392', '739216', '100100', '0192', '1243', '999999999998']) {
    test(`takes ${pin}`, () => assert.is(pinWeakness(pin, '100'), undefined));
  }

  test('the list has a hundred, none of which another rule refuses', () => {
    assert.is(commonestPins.size, 100);
    for (const pin of commonestPins) assert.match(pinWeakness(pin, '100') ?? '', /commonest/);
  });
});

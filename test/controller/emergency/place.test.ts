import * as assert from 'uvu/assert';
import { numbersOf, placeLine, placeOf, placeProblems } from '#controller/emergency/place.ts';
import { emergencyContact, type Place, place } from '#controller/model/place.ts';
import { describe } from '#test/support/describe.ts';

const site: Place = { country: 'DE', A3: 'Berlin', RD: 'Weg', HNO: '1', floor: '1', callerId: '+4930100' };

describe('place', (test) => {
  // biome-ignore format: a table
  const rows: { name: string; own?: Place; shared?: Place; is: Place }[] = [
    { name: 'nothing anywhere',              is: {} },
    { name: "the site's",                    shared: site, is: site },
    { name: 'a floor of its own',            shared: site, own: { floor: '2', room: '2.14' }, is: { ...site, floor: '2', room: '2.14' } },
    { name: 'a number of its own',           shared: site, own: { callerId: '+4930999' },     is: { ...site, callerId: '+4930999' } },
    { name: 'another building, as a whole',  shared: site, own: { country: 'DE', A3: 'Potsdam', RD: 'Allee' }, is: { country: 'DE', A3: 'Potsdam', RD: 'Allee', callerId: '+4930100' } },
    { name: 'alone',                         own: { RD: 'Allee' }, is: { RD: 'Allee' } },
  ];
  for (const { name, own, shared, is } of rows) {
    test(name, () => assert.equal(placeOf({ place: own }, { place: shared }), is));
  }

  test('numbers: the call-back number is the caller ID, and that the device, when there is no other', () => {
    const numbers = (of: Place) => Object.values(numbersOf({ id: 'HD0001' }, of));
    assert.equal(numbers({}), ['HD0001', 'HD0001']);
    assert.equal(numbers({ callerId: '+4930100' }), ['+4930100', '+4930100']);
    assert.equal(numbers({ callerId: '+4930100', callbackNumber: '+4930101' }), ['+4930100', '+4930101']);
    assert.equal(numbers({ callbackNumber: '+4930101' }), ['+4930101', '+4930101']);
  });

  test('problems are sentences', () => {
    assert.equal(placeProblems(site), []);
    assert.match(placeProblems({}).join(' '), /no road .* no callerId/);
    assert.match(placeProblems({ RD: 'Weg', callerId: '110' }).join(' '), /no country and no city/);
    assert.equal(placeProblems({ country: 'DE', A3: 'Berlin', LMK: 'Tor', callerId: '110' }), []);
  });

  test('in one line', () => {
    assert.is(placeLine({ ...site, room: '2' }), 'Weg 1, Berlin, DE, floor 1, room 2');
    assert.is(placeLine({}), '');
  });

  // biome-ignore format: a table
  const refused: [string, unknown][] = [
    ['country in small letters', { country: 'de' }],
    ['control characters',       { RD: 'Weg\n1' }],
    ['a name nobody knows',      { street: 'Weg' }],
    ['letters in a number',      { callerId: '+49 30' }],
    ['an empty field',           { RD: ' ' }],
    ['a long one',               { RD: 'x'.repeat(65) }],
  ];
  for (const [name, value] of refused) {
    test(`refuses ${name}`, () => assert.is(place.safeParse(value).success, false));
  }

  // biome-ignore format: a table
  const contacts: [string, boolean][] = [
    ['https://noc.example/hook?x=1',  true],
    ['http://127.0.0.1:9000/',        true],
    ['http://localhost:9000/',        true],
    ['http://[::1]:9000/',            true],
    ['http://noc.example/',           false],
    ['http://127.0.0.1.evil.example', false],
    ['https://user:pw@noc.example/',  false],
    ['https://noc.example/#x',        false],
    ['ftp://noc.example/',            false],
    ['noc.example',                   false],
  ];
  for (const [url, isRight] of contacts) {
    test(`contact ${url}`, () => assert.is(emergencyContact.safeParse(url).success, isRight));
  }
});

/** What the server says of phones and places is said in German on a German page. */

import * as assert from 'uvu/assert';
import { placeProblems } from '#controller/emergency/place.ts';
import { phoneProblems } from '#controller/provisioning/phone-problems.ts';
import { de } from '#controller/web/text/de.ts';
import { en } from '#controller/web/text/en.ts';
import { germanOf } from '#controller/web/text/sentences.ts';
import { describe } from '#test/support/describe.ts';

const said = [
  ...[{}, { RD: 'Ring' }, { RD: 'Ring', country: 'DE' }, { RD: 'Ring', A3: 'Bonn' }].flatMap(placeProblems),
  'emergency route gateway: the site has none',
  'emergency route gateway: there is no way to it now',
  'emergency route upstream telco: there is no way to it now',
  'emergency route upstream telco: no location by reference without --location-url',
  ...phoneProblems({ mac: '000413000001', vendor: 'yealink', model: 'T46S' }),
];

/** Names of all its texts, and whether each is a function. */
function shapeOf(value: unknown, path = ''): string[] {
  if (value === null || typeof value !== 'object') return [`${path} ${typeof value}`];
  return Object.entries(value).flatMap(([name, inner]) => shapeOf(inner, `${path}.${name}`));
}

describe('the page’s texts', (test) => {
  test('have the server’s sentences in German', () => {
    assert.ok(said.length >= 6);
    for (const sentence of said) assert.is.not(germanOf(sentence), sentence, sentence);
    assert.match(
      germanOf('its MAC address belongs to snom, and it is set up as a T46S (yealink)'),
      /snom.*T46S/,
    );
  });

  test('leave as it is what they do not know', () => {
    assert.is(germanOf('something $1 new'), 'something $1 new');
  });

  test('are the same in either language, and none is empty', () => {
    assert.equal(shapeOf(de).sort(), shapeOf(en).sort());
    for (const text of [en, de]) assert.not.match(JSON.stringify(text), /:""/);
  });
});

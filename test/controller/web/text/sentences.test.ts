/** What the server says of phones and places, and why it refuses something, is said in German on a German page. */

import * as assert from 'uvu/assert';
import { placeProblems } from '#controller/emergency/place.ts';
import { phoneProblems } from '#controller/provisioning/phone-problems.ts';
import { pinWeakness } from '#controller/sessions/weak-pins.ts';
import { de } from '#controller/web/text/de.ts';
import { en } from '#controller/web/text/en.ts';
import { germanOf } from '#controller/web/text/sentences.ts';
import { createApiWorld } from '#test/controller/api/world.ts';
import { describe } from '#test/support/describe.ts';

const said = [
  ...[{}, { RD: 'Ring' }, { RD: 'Ring', country: 'DE' }, { RD: 'Ring', A3: 'Bonn' }].flatMap(placeProblems),
  'emergency route gateway: the site has none',
  'emergency route gateway: there is no way to it now',
  'emergency route gateway: its last test failed',
  'emergency route upstream telco: its last test failed',
  'emergency route upstream telco: there is no way to it now',
  'emergency route upstream telco: no location by reference without --location-url',
  ...phoneProblems({ mac: '000413000001', vendor: 'yealink', model: 'T46S' }),
];

const pbx = { id: 'pbx', mode: 'trunk', addresses: [{ address: '192.0.2.9', port: 5060 }] };
const mac = (text: string) => ({ mac: text, model: 'T46S', site: 'berlin' });

/** What an admin gets wrong. */
// biome-ignore format: a table
const refused: readonly (readonly [does: string, body?: object])[] = [
  ['POST /users', { extension: '100', name: 'Anna' }],
  ['POST /users', { extension: '1x', name: 'Anna' }],
  ['POST /users', { extension: '5', name: 'Anna' }],
  ['POST /users', { extension: '112', name: 'Anna' }],
  ['POST /users', { extension: '200', name: 'A'.repeat(65) }],
  ['POST /users', { extension: '200', name: ' ' }],
  ['POST /users', { extension: '200', name: 'A\u0007' }],
  ['GET /users/999'],
  ['POST /devices', mac('00:15:65')],
  ['POST /devices', mac('001565aabb01')],
  ['POST /devices', mac('011565aabb02')],
  ['POST /devices', mac('000000000000')],
  ['POST /devices', { ...mac('001565aabb02'), site: 'wien' }],
  ['POST /sites', { id: 'berlin' }],
  ['POST /sites', { id: 'Wien' }],
  ['POST /sites', { id: 'wien', timeZone: 'Mars/Base' }],
  ['PATCH /sites/berlin', { emergencyNumbers: [] }],
  ['PATCH /sites/berlin', { emergencyNumbers: ['100'] }],
  ['PATCH /sites/berlin', { emergencyNumbers: ['x'] }],
  ['PATCH /sites/berlin', { emergencyTestNumber: '112' }],
  ['PATCH /sites/berlin', { emergencyContacts: ['http://noc.example'] }],
  ['PATCH /sites/berlin', { dialCodes: { park: '*78' } }],
  ['PATCH /sites/berlin', { dialCodes: { park: '100' } }],
  ['PATCH /sites/berlin', { dialCodes: { park: 'x' } }],
  ['PATCH /sites/berlin', { dialCodes: { park: '*68', more: '*68' } }],
  ['PATCH /sites/berlin', { place: { country: 'Deutschland' } }],
  ['PATCH /sites/berlin', { place: { callerId: 'ich' } }],
  ['PATCH /sites/berlin', { place: { room: 'A'.repeat(65) } }],
  ['PATCH /sites/berlin', { policy: { longestMinutes: 0 } }],
  ['PATCH /sites/berlin', { policy: { endsAt: '25:00' } }],
  ['DELETE /sites/berlin'],
  ['POST /upstreams', { ...pbx, addresses: [] }],
  ['POST /upstreams', { ...pbx, numbers: ['x'] }],
  ['POST /upstreams', { ...pbx, probeSeconds: -1 }],
  ['POST /upstreams', { ...pbx, addresses: [{ address: 'pbx', port: 5060 }] }],
  ['POST /upstreams', { ...pbx, addresses: [{ address: '192.0.2.9', port: 70_000 }] }],
  ['POST /upstreams', { ...pbx, authentication: 'digest' }],
  ['POST /upstreams', { ...pbx, authentication: 'digest', username: 'us' }],
  ['POST /webhooks', { url: 'ftp://x', events: ['login'] }],
  ['POST /webhooks', { url: 'https://x.example', events: [] }],
  ['POST /accounts', { name: 'cleo', password: 'short' }],
  ['POST /accounts', { name: 'cleo', password: 'a'.repeat(12) }],
  ['POST /accounts', { name: 'cleo', password: 'password123' }],
];

const withoutField = ({ detail, field }: { detail: string; field?: string }) =>
  field !== undefined && detail.startsWith(`${field}: `) ? detail.slice(field.length + 2) : detail;

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

  for (const [does, body] of refused) {
    test(`say in German why ${does} is refused ${JSON.stringify(body ?? '')}`, async () => {
      const [method = '', path = ''] = does.split(' ');
      const { status, json, text } = await createApiWorld().ask(method, path, body);
      assert.ok(status >= 400, text);
      const sentence = withoutField(json as { detail: string; field?: string });
      assert.is.not(germanOf(sentence), sentence, text);
    });
  }

  test('say in German what is wrong with a PIN', () => {
    for (const pin of ['12', '1111', '1234', '4711', '1174', '2580']) {
      const why = pinWeakness(pin, '4711') ?? '';
      assert.ok(why !== '' && germanOf(why) !== why, `${pin} ${why}`);
    }
  });

  test('say in German who is not let in', async () => {
    const { app } = createApiWorld({ access: { type: 'token', hosts: new Set(['hotdesk.example']) } });
    const headers = { host: 'hotdesk.example', 'content-type': 'application/json' };
    const wrong = JSON.stringify({ name: 'anna', password: 'not hers' });
    for (const request of [
      app.request('/api/v1/users', { headers }),
      app.request('/api/v1/sign-in', { method: 'POST', headers, body: wrong }),
    ]) {
      const answer = await request;
      const { detail } = (await answer.json()) as { detail: string };
      assert.is(answer.status, 401, detail);
      assert.is.not(germanOf(detail), detail, detail);
    }
  });

  test('leave as it is what they do not know', () => {
    assert.is(germanOf('something $1 new'), 'something $1 new');
  });

  test('are the same in either language, and none is empty', () => {
    assert.equal(shapeOf(de).sort(), shapeOf(en).sort());
    for (const text of [en, de]) assert.not.match(JSON.stringify(text), /:""/);
  });
});

import * as assert from 'uvu/assert';
import { type Site, site } from '#controller/model/model.ts';
import type { Change } from '#controller/model/ports.ts';
import { checkDevice, checkSite, checkUser, nextDeviceId, readMac } from '#controller/sessions/rules.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';

const store = createMemoryStore([
  { type: 'put', collection: 'users', value: { extension: '100', name: 'Ada', hotdesk: true, keys: [] } },
  { type: 'put', collection: 'users', value: { extension: '7', name: 'Seven', hotdesk: true, keys: [] } },
  {
    type: 'put',
    collection: 'sites',
    value: site.parse({
      id: 'london',
      emergencyNumbers: ['999', '112'],
      dialCodes: { login: '*77*', logout: '*77*5*', park: '88' },
    }),
  },
  {
    type: 'put',
    collection: 'sites',
    value: site.parse({ id: 'paris', dialCodes: { login: '*33*', logout: '*33*0*' } }),
  },
]);

const deviceAt = (id: string, mac: string): Change => ({
  type: 'put',
  collection: 'devices',
  value: {
    id,
    mac,
    vendor: 'Yealink',
    model: 'T46S',
    site: 'london',
    generation: 1,
    confirmedGeneration: 0,
  },
});

const codes = (more: Record<string, string>) => ({ dialCodes: { login: '*77*', logout: '*77*5*', ...more } });

function faultOf(run: () => void): Fault | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    assert.ok(Fault.is(error, 'input.invalid'), String(error));
    return error;
  }
}

describe('site rules', (test) => {
  // biome-ignore format: a table
  const refused: { name: string; site: Partial<Site>; field: string; says: string }[] = [
    { name: 'another code that begins with *7',    site: codes({ park: '*71' }),                    field: 'dialCodes.park',     says: '*71 begins with *7' },
    { name: 'a code that is *7',                   site: codes({ park: '*7' }),                     field: 'dialCodes.park',     says: '*7 begins with *7' },
    { name: 'a code under the login code',         site: codes({ login: '*33*', logout: '*34*', park: '*33*1' }), field: 'dialCodes.park', says: 'cannot be told from a login' },
    { name: 'a code the login code begins with',   site: codes({ login: '*33*', logout: '*34*', park: '*3' }),    field: 'dialCodes.park', says: 'cannot be told from a login' },
    { name: 'a code twice',                        site: codes({ park: '*80', page: '*80' }),       field: 'dialCodes.page',     says: '*80 is the dial code "park" already' },
    { name: 'a code that is an extension',         site: codes({ park: '100' }),                    field: 'dialCodes.park',     says: '100 is the extension of Ada' },
    { name: 'a code that is its emergency number', site: codes({ park: '112' }),                    field: 'dialCodes.park',     says: '112 is an emergency number of site berlin' },
    { name: 'a code that is another site\'s emergency number', site: codes({ park: '999' }),        field: 'dialCodes.park',     says: '999 is an emergency number of site london' },
    { name: 'a pickup code of digits',             site: codes({ pickup: '80' }),                   field: 'dialCodes.pickup',   says: 'does not begin with * or #' },
    { name: 'a code that is a pickup',             site: codes({ pickup: '*8', park: '*80' }),      field: 'dialCodes.park',     says: 'cannot be told from a pickup' },
    { name: 'no login code',                       site: { dialCodes: { logout: '*77*5*' } },       field: 'dialCodes.login',    says: 'needs one' },
    { name: 'no logout code',                      site: { dialCodes: { login: '*77*' } },          field: 'dialCodes.logout',   says: 'needs one' },
    { name: 'a login code no extension can follow', site: codes({ login: '*77' }),                  field: 'dialCodes.login',    says: 'is not like *77*' },
    { name: 'a logout code that is somebody\'s login', site: codes({ logout: '*77*7*' }),           field: 'dialCodes.logout',   says: '*77*7* is how Seven, extension 7, logs in' },
    { name: 'no emergency number',                 site: { emergencyNumbers: [] },                  field: 'emergencyNumbers',   says: 'at least one' },
    { name: 'an emergency number that is an extension', site: { emergencyNumbers: ['112', '100'] }, field: 'emergencyNumbers',   says: '100 is the extension of Ada' },
    { name: 'a time zone that does not exist',     site: { timeZone: 'Europe/Atlantis' },           field: 'timeZone',           says: 'Europe/Atlantis' },
  ];
  for (const { name, site: part, field, says } of refused) {
    test(`refuses ${name}`, () => {
      const fault = faultOf(() => checkSite({ ...site.parse({ id: 'berlin' }), ...part }, store));
      assert.is(fault?.facts.field, field);
      assert.ok(fault?.message.startsWith(`${field}: `) && fault.message.includes(says), fault?.message);
    });
  }

  // biome-ignore format: a table
  const taken: { name: string; site: Partial<Site> }[] = [
    { name: 'the defaults',                  site: {} },
    { name: 'other codes',                   site: codes({ park: '*80', page: '#1', pickup: '**' }) },
    { name: 'other login codes',             site: codes({ login: '*33*', logout: '*34*' }) },
    { name: 'a logout for no extension',     site: codes({ logout: '*77*0*' }) },
  ];
  for (const { name, site: part } of taken) {
    test(`takes ${name}`, () => checkSite({ ...site.parse({ id: 'berlin' }), ...part }, store));
  }
});

describe('user rules', (test) => {
  // biome-ignore format: a table
  const refused: { extension: string; says: string }[] = [
    { extension: '5',   says: '*77*5*' },
    { extension: '112', says: 'emergency number of site london' },
    { extension: '999', says: 'emergency number of site london' },
    { extension: '88',  says: 'the dial code "park" of site london' },
    { extension: '0',   says: '*33*0*, which logs out at site paris' },
  ];
  for (const { extension, says } of refused) {
    test(`refuses extension ${extension}`, () => {
      const fault = faultOf(() => checkUser({ extension }, store));
      assert.is(fault?.facts.field, 'extension');
      assert.ok(fault?.message.startsWith('extension: ') && fault.message.includes(says), fault?.message);
    });
  }

  for (const extension of ['100', '55', '1120', '50']) {
    test(`takes extension ${extension}`, () => checkUser({ extension }, store));
  }
});

describe('device rules', (test) => {
  for (const text of [
    '001565abcdef',
    '00:15:65:AB:CD:EF',
    '00-15-65-ab-cd-ef',
    '0015.65ab.cdef',
    '001565ABCDEF',
  ]) {
    test(`reads the MAC ${text}`, () => assert.is(readMac(text), '001565abcdef'));
  }

  // biome-ignore format: a table
  const refused: [text: string, why: string][] = [
    ['',                    '12 hexadecimal digits'],
    ['00156',               '12 hexadecimal digits'],
    ['00:15:65:ab:cd',      '12 hexadecimal digits'],
    ['00:15-65:ab:cd:ef',   '12 hexadecimal digits'],
    ['001565abcdeg',        '12 hexadecimal digits'],
    ['001565abcdef\n',      '12 hexadecimal digits'],
    ['../../etc/passwd',    '12 hexadecimal digits'],
    ['01005e000175',        'group address'],
    ['ffffffffffff',        'group address'],
    ['000000000000',        'no MAC address of a phone'],
  ];
  for (const [text, why] of refused) {
    test(`refuses the MAC ${JSON.stringify(text)}`, () => {
      const fault = faultOf(() => readMac(text));
      assert.is(fault?.facts.field, 'mac');
      assert.ok(fault?.message.startsWith('mac: ') && fault.message.includes(why), fault?.message);
    });
  }

  test('one MAC, one device; a site that exists; the next free name', () => {
    const devices = createMemoryStore([
      ...store.list('sites').map((value): Change => ({ type: 'put', collection: 'sites', value })),
      deviceAt('HD0001', '001565000001'),
      deviceAt('HD0003', '001565000003'),
    ]);
    assert.is(nextDeviceId(new Set(devices.list('devices').map(({ id }) => id))), 'HD0002');
    checkDevice({ id: 'HD0001', mac: '001565000001', site: 'london' }, devices);
    checkDevice({ id: 'HD0002', mac: '001565000002', site: 'london' }, devices);
    const nowhere = faultOf(() => checkDevice({ id: 'HD0002', mac: '001565000002', site: 'rome' }, devices));
    assert.is(nowhere?.message, 'site: there is no site rome');
    assert.throws(
      () => checkDevice({ id: 'HD0002', mac: '001565000001', site: 'london' }, devices),
      (error: unknown) => Fault.is(error, 'conflict') && error.message.includes('belongs to HD0001'),
    );
  });
});

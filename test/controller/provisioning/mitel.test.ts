import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { mitel as phone } from '#agent/phone/mitel.ts';
import type { User } from '#controller/model/model.ts';
import { formatLines, mitel } from '#controller/provisioning/mitel.ts';
import { findModel, models } from '#controller/provisioning/models.ts';
import { describe } from '#test/support/describe.ts';
import { readConfig } from '#test/support/read-config.ts';
import { anna, keys, textOf } from './desk.ts';
import { golden, hostile, textBy } from './proof.ts';

const ours = models.filter(({ vendor }) => vendor === 'mitel');

const lines = (text: string) => readConfig(phone, text).settings;
const read = (model: string, user?: User) => lines(textOf(model, user));

const keyOf = (settings: Map<string, string>, name: string) =>
  ['type', 'value', 'label'].map((part) => settings.get(`${name} ${part}`));

describe('mitel config', (test) => {
  test('idle: the device, Login, nothing else', () => {
    const settings = read('6867i');
    assert.is(settings.get('sip line1 user name'), 'HD0001');
    assert.is(settings.get('sip line1 auth name'), 'HD0001');
    assert.is(settings.get('sip line1 password'), keys.sipSecret('HD0001', 3));
    assert.equal(keyOf(settings, 'topsoftkey1'), ['speeddial', '*77*', 'Anmelden']);
    for (const name of ['topsoftkey2', 'topsoftkey20', 'softkey1', 'softkey18', 'expmod3 key84'])
      assert.equal(keyOf(settings, name), ['none', '', ''], name);
  });

  test('logged in: the user, Logout, the user’s keys, and still the device’s credential', () => {
    const settings = read('6867i', anna);
    assert.is(settings.get('sip line1 screen name'), '100 Anna Berger');
    assert.is(settings.get('sip line1 display name'), 'Anna Berger');
    assert.is(settings.get('sip line1 user name'), '100');
    assert.is(settings.get('sip line1 auth name'), 'HD0001');
    assert.equal(keyOf(settings, 'topsoftkey1'), ['speeddial', '*77*5*', 'Abmelden']);
    assert.equal(keyOf(settings, 'topsoftkey2'), ['blf', '101', 'Ben']);
    assert.equal(keyOf(settings, 'topsoftkey3'), ['speeddial', '0123', 'Office']);
    assert.equal(keyOf(settings, 'topsoftkey4'), ['none', '', '']);
    assert.equal(keyOf(read('6865i', anna), 'prgkey2'), ['blf', '101', 'Ben']);
  });

  for (const { model, areas, accounts, expansion } of ours) {
    test(`${model}: every key and line, the same names in both states`, () => {
      const [idle, seated] = [read(model), read(model, anna)];
      assert.equal([...idle.keys()], [...seated.keys()]);
      for (const { name, perPage } of areas) {
        for (let key = 1; key <= perPage; key++) assert.ok(idle.has(`${name}${key} type`));
        assert.not(idle.has(`${name}${perPage + 1} type`));
      }
      for (let line = 2; line <= accounts; line++) assert.is(seated.get(`sip line${line} password`), '');
      const beside = [...idle.keys()].filter((name) => /^expmod\d key\d+ type$/.test(name));
      assert.is(beside.length, expansion.modules * expansion.keysWritten);
    });
  }

  // biome-ignore format: a table
  const fixed: [name: string, value: string][] = [
    ['sip dial plan',               '[x*]+^'],
    ['sip line1 dtmf method',       '0'],
    ['sip out-of-band dtmf',        '1'],
    ['sip customized codec',        'payload=8;ptime=20;silsupp=off,payload=0;ptime=20;silsupp=off'],
    ['sip line1 vmail',             ''],
    ['callers list disabled',       '1'],
    ['redial disabled',             '1'],
    ['call forward disabled',       '1'],
    ['directed call pickup prefix', '**'],
    ['language 1',                  'lang_de.txt'],
    ['time server1',                'pool.ntp.org'],
    ['time zone minutes',           '-60'],
    ['dst start week',              '-1'],
    ['dst start day',               '1'],
    ['dst end hour',                '3'],
    ['http server',                 '192.0.2.7'],
    ['http port',                   '8080'],
    ['http path',                   `p/${keys.configToken('001565aabbcc')}`],
    ['dhcp config option override', '-1'],
  ];
  test('what holds in every state', () => {
    for (const settings of [read('6930'), read('6930', anna)]) {
      for (const [name, value] of fixed) assert.is(settings.get(name), value, name);
      assert.match(settings.get('admin password') ?? '', /^\d{9}$/);
    }
  });

  for (const [transport, code, port, trust] of [
    ['udp', '1', '5060', ''],
    ['tcp', '2', '5070', ''],
    ['tls', '4', '5061', 'site-ca.crt'],
  ] as const) {
    test(`by ${transport}`, () => {
      const settings = lines(textBy('6867i', transport));
      assert.is(settings.get('sip transport protocol'), code);
      assert.is(settings.get('sip line1 proxy port'), port);
      assert.is(settings.get('sips trusted certificates'), trust);
    });
  }

  test('any name and label reads back as it was but for its quotes, and as one setting', () => {
    const expected = [...read('6863i').keys()];
    const unquoted = (text: string) => text.replaceAll('"', '\u201d');
    hostile((user, name, label) => {
      const settings = read('6863i', user);
      assert.equal([...settings.keys()], expected);
      assert.is(settings.get('sip line1 display name'), unquoted(name));
      assert.is(settings.get('prgkey2 label'), unquoted(label));
    });
  }, 30_000);

  test('no value whatever makes or unmakes a setting', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const settings = lines(
          formatLines([
            ['first', 1],
            ['hostile', value],
            ['last', 2],
          ]),
        );
        assert.equal([...settings.keys()], ['first', 'hostile', 'last']);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test('the golden files of a 6867i', () => golden('6867i', 'cfg'));

  test('asks for its own file, and for two that say nothing', () => {
    const of = (name: string) => mitel.fileOf(name, { mac: '001565aabbcc' }, findModel('Mitel 6867i'));
    assert.is(of('001565aabbcc.cfg')?.type, 'config');
    assert.is(of('startup.cfg')?.type, 'fixed');
    assert.is(of('aastra.cfg')?.type, 'fixed');
    assert.is(of('lang_de.txt'), undefined);
  });
});

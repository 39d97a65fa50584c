import * as assert from 'uvu/assert';
import { htek as phone } from '#agent/phone/htek.ts';
import type { User } from '#controller/model/model.ts';
import { htek } from '#controller/provisioning/htek.ts';
import { findModel, models } from '#controller/provisioning/models.ts';
import { describe } from '#test/support/describe.ts';
import { readConfig } from '#test/support/read-config.ts';
import { anna, keys, textOf } from './desk.ts';
import { golden, hostile, textBy } from './proof.ts';

const ours = models.filter(({ vendor }) => vendor === 'htek');

const codes = (text: string) => readConfig(phone, text).settings;
const read = (model: string, user?: User) => codes(textOf(model, user));
const values = (settings: Map<string, string>, ...names: string[]) => names.map((name) => settings.get(name));

/** Type, value and label of keys 1, 4, 5 and 36 by their numbers. */
const numbers = {
  1: ['P41200', 'P41300', 'P41400'],
  2: ['P41201', 'P41301', 'P41401'],
  4: ['P41203', 'P41303', 'P41403'],
  5: ['P20200', 'P20201', 'P20202'],
  36: ['P20355', 'P20356', 'P20357'],
} as const;

describe('htek config', (test) => {
  test('idle: the device, Login, nothing else', () => {
    const settings = read('UC926');
    assert.equal(values(settings, 'P271', 'P35', 'P36'), ['1', 'HD0001', 'HD0001']);
    assert.is(settings.get('P34'), keys.sipSecret('HD0001', 3));
    assert.equal(values(settings, ...numbers[1]), ['2', '*77*', 'Anmelden']);
    for (const key of [2, 4, 5, 36] as const)
      assert.equal(values(settings, ...numbers[key]), ['0', '', ''], `key ${key}`);
  });

  test('logged in: the user, Logout, the user’s keys, and still the device’s credential', () => {
    const more = { type: 'speeddial' as const, value: '104', label: 'Four' };
    const settings = read('UC926', { ...anna, keys: [...anna.keys, more, { ...more, label: 'Five' }] });
    assert.equal(values(settings, 'P20000', 'P3', 'P35', 'P36'), [
      '100 Anna Berger',
      'Anna Berger',
      '100',
      'HD0001',
    ]);
    assert.equal(values(settings, ...numbers[1]), ['2', '*77*5*', 'Abmelden']);
    assert.equal(values(settings, ...numbers[2]), ['3', '101', 'Ben']);
    assert.equal(values(settings, ...numbers[4]), ['2', '104', 'Four']);
    assert.equal(values(settings, ...numbers[5]), ['2', '104', 'Five']);
    assert.is(settings.get('P4705'), '**');
  });

  for (const { model, keysWritten } of ours) {
    test(`${model}: every key and account, the same numbers in both states`, () => {
      const [idle, seated] = [read(model), read(model, anna)];
      assert.equal([...idle.keys()], [...seated.keys()]);
      for (let key = 1; key <= keysWritten; key++)
        assert.ok(idle.has(key < 5 ? `P${41_199 + key}` : `P${20_200 + 5 * (key - 5)}`), `key ${key}`);
      for (const active of ['P401', 'P501', 'P601', 'P20360', 'P20361', 'P24090', 'P24099'])
        assert.is(seated.get(active), '0', active);
    });
  }

  // biome-ignore format: a table
  const fixed: [name: string, value: string][] = [
    ['P4200',  '{[x*]+}'],
    ['P191',   '0'],
    ['P20166', '0'],
    ['P851',   '1'],
    ['P850',   '0'],
    ['P57',    '8'],
    ['P58',    '0'],
    ['P33',    ''],
    ['P734',   ''],
    ['P30',    'pool.ntp.org'],
    ['P64',    '49'],
    ['P75',    '2'],
    ['P2',     keys.phonePassword('001565aabbcc')],
    ['P212',   '1'],
    ['P237',   `http://192.0.2.7:8080/p/${keys.configToken('001565aabbcc')}/`],
  ];
  test('what holds in every state', () => {
    for (const settings of [read('UC926'), read('UC926', anna)])
      for (const [name, value] of fixed) assert.is(settings.get(name), value, name);
  });

  for (const [transport, code, address] of [
    ['udp', '0', '192.0.2.7:5060'],
    ['tcp', '1', '192.0.2.7:5070'],
    ['tls', '2', '192.0.2.7:5061'],
  ] as const) {
    test(`by ${transport}`, () => {
      assert.equal(values(codes(textBy('UC926', transport)), 'P130', 'P47'), [code, address]);
    });
  }

  test('any name and label reads back as it was, and as one setting', () => {
    const expected = [...read('UC842').keys()];
    hostile((user, name, label) => {
      const settings = read('UC842', user);
      assert.equal([...settings.keys()], expected);
      assert.is(settings.get('P3'), name);
      assert.is(settings.get('P41401'), label);
    });
  }, 30_000);

  test('the golden files of a UC926', () => golden('UC926', 'xml'));

  test('asks for its own file and its model’s, which says nothing', () => {
    const of = (name: string) => htek.fileOf(name, { mac: '001565aabbcc' }, findModel('Htek UC926E'));
    assert.is(of('cfg001565aabbcc.xml')?.type, 'config');
    const common = of('cfg0010.xml');
    assert.is(common?.type, 'fixed');
    if (common?.type === 'fixed') assert.is(codes(common.text).size, 0);
    assert.is(of('cfg0001.xml'), undefined);
  });
});

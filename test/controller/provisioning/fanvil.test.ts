import * as assert from 'uvu/assert';
import { fanvil as phone } from '#agent/phone/fanvil.ts';
import type { User } from '#controller/model/model.ts';
import { fanvil } from '#controller/provisioning/fanvil.ts';
import { models } from '#controller/provisioning/models.ts';
import { describe } from '#test/support/describe.ts';
import { readConfig } from '#test/support/read-config.ts';
import { anna, keys, textOf, userOf } from './desk.ts';
import { golden, hostile, textBy } from './proof.ts';

const ours = models.filter(({ vendor, isText }) => vendor === 'fanvil' && !isText);

const leaves = (text: string) => readConfig(phone, text).settings;
const read = (model: string, user?: User) => leaves(textOf(model, user));

const keyOf = (settings: Map<string, string>, area: string, page: number, key: number) =>
  ['Type', 'Value', 'Title'].map((part) => settings.get(`dsskey/${area}[${page}]/Fkey[${key}]/${part}`));

describe('fanvil config', (test) => {
  test('idle: the device, Login, nothing else', () => {
    const settings = read('X5U');
    assert.is(settings.get('Version'), '2.0000000000');
    assert.is(settings.get('sip/line[1]/PhoneNumber'), 'HD0001');
    assert.is(settings.get('sip/line[1]/RegisterUser'), 'HD0001');
    assert.is(settings.get('sip/line[1]/RegisterPswd'), keys.sipSecret('HD0001', 3));
    assert.equal(keyOf(settings, 'dssSide', 1, 1), ['1', '*77*@1/f', 'Anmelden']);
    assert.equal(keyOf(settings, 'dssSide', 1, 2), ['0', '', '']);
    assert.equal(keyOf(settings, 'internal', 5, 6), ['0', '', '']);
  });

  test('logged in: the user, Logout, the user’s keys, and still the device’s credential', () => {
    const settings = read('X5U', anna);
    assert.is(settings.get('sip/line[1]/SipName'), '100 Anna Berger');
    assert.is(settings.get('sip/line[1]/DisplayName'), 'Anna Berger');
    assert.is(settings.get('sip/line[1]/PhoneNumber'), '100');
    assert.is(settings.get('sip/line[1]/RegisterUser'), 'HD0001');
    assert.equal(keyOf(settings, 'dssSide', 1, 1), ['1', '*77*5*@1/f', 'Abmelden']);
    assert.equal(keyOf(settings, 'dssSide', 1, 2), ['1', '101@1/ba**101', 'Ben']);
    assert.equal(keyOf(settings, 'dssSide', 1, 3), ['1', '0123@1/f', 'Office']);
    assert.equal(keyOf(settings, 'dssSide', 1, 4), ['0', '', '']);
  });

  test('keys run on from the side to the pages, and each page begins at 1', () => {
    const many = Array.from({ length: 12 }, (_, index) => ({
      type: 'speeddial' as const,
      value: String(200 + index),
      label: `Key ${index}`,
    }));
    const x5u = read('X5U', userOf('Anna', many));
    assert.equal(keyOf(x5u, 'dssSide', 1, 4), ['1', '202@1/f', 'Key 2']);
    assert.equal(keyOf(x5u, 'internal', 1, 1), ['1', '203@1/f', 'Key 3']);
    assert.equal(keyOf(x5u, 'internal', 2, 1), ['1', '209@1/f', 'Key 9']);
    // Of its five side keys only four are sure to be there.
    const v2 = read('X5U-V2', userOf('Anna', many));
    assert.equal(keyOf(v2, 'dssSide', 1, 5), ['0', '', '']);
    assert.equal(keyOf(v2, 'internal', 1, 1), ['1', '203@1/f', 'Key 3']);
  });

  for (const { model, areas, accounts } of ours) {
    test(`${model}: every key of every page and every line, the same names in both states`, () => {
      const [idle, seated] = [read(model), read(model, anna)];
      assert.equal([...idle.keys()], [...seated.keys()]);
      const written = [...idle.keys()].filter((name) => /Fkey\[\d+\]\/Type$/.test(name)).length;
      assert.is(
        written,
        areas.reduce((sum, { pages, perPage }) => sum + pages * perPage, 0),
      );
      for (let line = 2; line <= accounts; line++) assert.is(seated.get(`sip/line[${line}]/EnableReg`), '0');
    });
  }

  // biome-ignore format: a table
  const fixed: [name: string, value: string][] = [
    ['sip/NotifyReboot',               '0'],
    ['sip/line[1]/DTMFMode',           '1'],
    ['sip/line[1]/VoiceCodecMap',      'PCMA,PCMU'],
    ['sip/line[1]/MWINum',             ''],
    ['sip/line[1]/AlwaysFWD',          '0'],
    ['sip/line[1]/EnableDND',          '0'],
    ['sip/line[1]/SvcCodeMode',        '0'],
    ['sip/line[1]/CFUOnSvcCode',       ''],
    ['sip/line[20]/RegisterPswd',      ''],
    ['call/port[1]/AllowIPCall',       '0'],
    ['call/basic/DialFixedLength',     '0'],
    ['phone/EnableCallHistory',        '0'],
    ['phone/display/DefaultLanguage',  'de'],
    ['phone/date/SNTPServer',          'pool.ntp.org'],
    ['phone/date/TimeZone',            '4'],
    ['phone/date/TimeZoneName',        'UTC+1'],
    ['phone/date/DSTStartMon',         '3'],
    ['phone/date/DSTStartWday',        '0'],
    ['phone/date/DSTEndHour',          '3'],
    ['web/account[1]/Password',        keys.phonePassword('001565aabbcc')],
    ['mt/AutoServerDigest',            '1'],
    ['ap/FlashServerIP',               'http://192.0.2.7:8080'],
    ['ap/FlashFileName',               `p/${keys.configToken('001565aabbcc')}/$mac.cfg`],
    ['ap/FlashProtocol',               '4'],
    ['ap/pnp/PNPEnable',               '0'],
  ];
  test('what holds in every state', () => {
    for (const settings of [read('X6U'), read('X6U', anna)])
      for (const [name, value] of fixed) assert.is(settings.get(name), value, name);
  });

  for (const [transport, code, port] of [
    ['udp', '0', '5060'],
    ['tcp', '1', '5070'],
    ['tls', '3', '5061'],
  ] as const) {
    test(`by ${transport}`, () => {
      const settings = leaves(textBy('X5U', transport));
      assert.is(settings.get('sip/line[1]/Transport'), code);
      assert.is(settings.get('sip/line[1]/RegisterPort'), port);
    });
  }

  test('any name and label reads back as it was, and as one setting', () => {
    const expected = [...read('X3SG').keys()];
    hostile((user, name, label) => {
      const settings = read('X3SG', user);
      assert.equal([...settings.keys()], expected);
      assert.is(settings.get('sip/line[1]/DisplayName'), name);
      assert.is(keyOf(settings, 'dssSide', 1, 2)[2], label);
    });
  }, 30_000);

  test('the golden files of an X5U', () => golden('X5U', 'xml'));
});

describe('fanvil files', (test) => {
  const [model] = ours;
  for (const [name, type] of [
    ['001565aabbcc.cfg', 'config'],
    ['f0v0x5u00000.cfg', undefined],
    ['f0.cfg', undefined],
    ['001565aabbcc.xml', undefined],
  ] as const) {
    test(name, () => {
      assert.ok(model);
      assert.is(fanvil.fileOf(name, { mac: '001565aabbcc' }, model)?.type, type);
    });
  }
});

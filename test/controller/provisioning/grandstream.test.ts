import * as assert from 'uvu/assert';
import { grandstream as phone } from '#agent/phone/grandstream.ts';
import type { User } from '#controller/model/model.ts';
import { grandstream } from '#controller/provisioning/grandstream.ts';
import { models } from '#controller/provisioning/models.ts';
import { describe } from '#test/support/describe.ts';
import { readConfig } from '#test/support/read-config.ts';
import { anna, keys, textOf, write } from './desk.ts';
import { golden, hostile, textBy } from './proof.ts';

const ours = models.filter(({ vendor, isNumbered }) => vendor === 'grandstream' && !isNumbered);

const items = (text: string) => readConfig(phone, text).settings;
const read = (model: string, user?: User) => items(textOf(model, user));

const keyOf = (settings: Map<string, string>, name: string) =>
  ['keyMode', 'value', 'description'].map((part) => settings.get(`${name}.${part}`));

describe('grandstream config', (test) => {
  test('idle: the device, the line’s own keys, then Login, nothing else', () => {
    const settings = read('GXP2160');
    assert.is(settings.get('account.1.sip.userid'), 'HD0001');
    assert.is(settings.get('account.1.sip.subscriber.userid'), 'HD0001');
    assert.is(settings.get('account.1.sip.subscriber.password'), keys.sipSecret('HD0001', 3));
    for (let key = 1; key <= 6; key++)
      assert.equal(keyOf(settings, `pks.vpk.${key}`), ['Line', '', ''], `VPK ${key}`);
    assert.equal(keyOf(settings, 'pks.vpk.7'), ['SpeedDial', '*77*', 'Anmelden']);
    for (const rest of ['vpk.8', 'vpk.24', 'mpk.1', 'mpk.24'])
      assert.equal(keyOf(settings, `pks.${rest}`), ['None', '', ''], rest);
  });

  test('logged in: the user, Logout, the user’s keys, and still the device’s credential', () => {
    const settings = read('GXP2160', anna);
    assert.is(settings.get('account.1.name'), '100 Anna Berger');
    assert.is(settings.get('account.1.sip.subscriber.name'), 'Anna Berger');
    assert.is(settings.get('account.1.sip.userid'), '100');
    assert.is(settings.get('account.1.sip.subscriber.userid'), 'HD0001');
    assert.equal(keyOf(settings, 'pks.vpk.7'), ['SpeedDial', '*77*5*', 'Abmelden']);
    assert.equal(keyOf(settings, 'pks.vpk.8'), ['BLF', '101', 'Ben']);
    assert.equal(keyOf(settings, 'pks.vpk.9'), ['SpeedDial', '0123', 'Office']);
    assert.equal(keyOf(settings, 'pks.vpk.10'), ['None', '', '']);
  });

  test('VPKs run over into MPKs', () => {
    const many = Array.from({ length: 20 }, (_, index) => ({
      type: 'speeddial' as const,
      value: String(200 + index),
      label: `Key ${index}`,
    }));
    const settings = read('GXP2160', { ...anna, keys: many });
    assert.equal(keyOf(settings, 'pks.vpk.24'), ['SpeedDial', '216', 'Key 16']);
    assert.equal(keyOf(settings, 'pks.mpk.1'), ['SpeedDial', '217', 'Key 17']);
    assert.is(settings.get('pks.mpk.1.account'), 'Account1');
  });

  for (const { model, areas, accounts, expansion } of ours) {
    test(`${model}: every key and account, the same names in both states`, () => {
      const [idle, seated] = [read(model), read(model, anna)];
      assert.equal([...idle.keys()], [...seated.keys()]);
      for (const { name, perPage } of areas) {
        for (let key = 1; key <= perPage; key++) assert.ok(idle.has(`pks.${name}.${key}.keyMode`));
        assert.not(idle.has(`pks.${name}.${perPage + 1}.keyMode`));
      }
      for (let account = 2; account <= accounts; account++)
        assert.is(idle.get(`account.${account}.enable`), 'No');
      for (let key = 1; key <= expansion.modules * expansion.keysWritten; key++)
        assert.is(seated.get(`pks.ext.${key}.keyMode`), 'None');
    });
  }

  // biome-ignore format: a table
  const fixed: [name: string, value: string][] = [
    ['account.1.call.dialplan',                       '{ [*x]+ }'],
    ['account.1.call.keyAsSend',                      'Pound'],
    ['account.1.featureCodes.callFeatures',           'No'],
    ['account.1.dtmf.sendInRtp',                      'Yes'],
    ['account.1.dtmf.sendInAudio',                    'No'],
    ['account.1.codec.choice.1',                      'PCMA'],
    ['account.1.codec.choice.2',                      'PCMU'],
    ['account.1.call.callLog',                        'Disable'],
    ['account.1.sip.voicemail.number',                ''],
    ['account.1.sip.allowSipReset',                   'Yes'],
    ['account.1.sip.blf.callPickup.prefix',           '**'],
    ['call.dnd.enable',                               'No'],
    ['language.gui',                                  'de'],
    ['dateTime.ntp.server.1',                         'pool.ntp.org'],
    ['dateTime.timezone',                             'STD-1DST-2,M3.5.0/02:00:00,M10.5.0/03:00:00'],
    ['users.admin.password',                          keys.phonePassword('001565aabbcc')],
    ['provisioning.config.protocol',                  'HTTP'],
    ['provisioning.config.serverPath',                `192.0.2.7:8080/p/${keys.configToken('001565aabbcc')}`],
    ['provisioning.override.dhcp.allowCommonOptions', 'No'],
    ['provision.config.forceReboot',                  '0'],
  ];
  test('what holds in every state', () => {
    for (const settings of [read('GRP2614'), read('GRP2614', anna)])
      for (const [name, value] of fixed) assert.is(settings.get(name), value, name);
  });

  // biome-ignore format: a table
  const transports: [transport: 'udp' | 'tcp' | 'tls', name: string, address: string][] = [
    ['udp', 'UDP',      '192.0.2.7:5060'],
    ['tcp', 'TCP',      '192.0.2.7:5070'],
    ['tls', 'TlsOrTcp', '192.0.2.7:5061'],
  ];
  for (const [transport, name, address] of transports) {
    test(`by ${transport}`, () => {
      const settings = items(textBy('GRP2614', transport));
      assert.is(settings.get('account.1.sip.transport'), name);
      assert.is(settings.get('account.1.sip.server.1.address'), address);
    });
  }

  test('what does not fit is answered', () => {
    const label = 'x';
    const many = Array.from({ length: 20 }, () => ({ type: 'speeddial' as const, value: '1', label }));
    assert.is(write('GXP2140', { ...anna, keys: many }).cut.length, 20 - (16 - 4 - 1));
  });

  test('any name and label reads back as it was, and as one setting', () => {
    const expected = [...read('GXP2130').keys()];
    hostile((user, name, label) => {
      const settings = read('GXP2130', user);
      assert.equal([...settings.keys()], expected);
      assert.is(settings.get('account.1.sip.subscriber.name'), name);
      assert.is(settings.get('pks.vpk.5.description'), label);
    });
  }, 30_000);

  test('the golden files of a GRP2614', () => golden('GRP2614', 'xml'));
});

describe('grandstream files', (test) => {
  const [model] = ours;
  // biome-ignore format: a table
  const rows: [name: string, type: 'config' | undefined][] = [
    ['cfg001565aabbcc.xml', 'config'],
    ['cfg001565aabbcc',     undefined],
    ['cfggrp2612.xml',      undefined],
    ['cfg.xml',             undefined],
    ['001565aabbcc.xml',    undefined],
  ];
  for (const [name, type] of rows) {
    test(name, () => {
      assert.ok(model);
      assert.is(grandstream.fileOf(name, { mac: '001565aabbcc' }, model)?.type, type);
    });
  }
});

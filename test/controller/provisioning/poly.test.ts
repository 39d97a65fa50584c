import * as assert from 'uvu/assert';
import { poly as phone } from '#agent/phone/poly.ts';
import type { User } from '#controller/model/model.ts';
import { findModel, models } from '#controller/provisioning/models.ts';
import { poly } from '#controller/provisioning/poly.ts';
import { describe } from '#test/support/describe.ts';
import { readConfig } from '#test/support/read-config.ts';
import { anna, keys, textOf } from './desk.ts';
import { golden, hostile, textBy } from './proof.ts';

const ours = models.filter(({ vendor }) => vendor === 'poly');

const attributes = (text: string) => readConfig(phone, text).settings;
const read = (model: string, user?: User) => attributes(textOf(model, user));

/** What a line key does: a macro's text, or that of the attendant's list that is its turn. */
function keyOf(settings: Map<string, string>, key: number): string[] {
  const category = settings.get(`lineKey.${key}.category`) ?? '';
  if (category === 'EFK') {
    const macro = `efk.efklist.${settings.get(`lineKey.${key}.index`)}`;
    assert.is(settings.get(`${macro}.status`), '1');
    return [category, settings.get(`${macro}.action.string`) ?? '', settings.get(`${macro}.label`) ?? ''];
  }
  if (category !== 'BLF') return [category];
  const before = Array.from({ length: key }, (_, at) => settings.get(`lineKey.${at + 1}.category`));
  const lamp = `attendant.resourceList.${before.filter((each) => each === 'BLF').length}`;
  return [category, settings.get(`${lamp}.address`) ?? '', settings.get(`${lamp}.label`) ?? ''];
}

describe('poly config', (test) => {
  test('idle: the device, the line, Login, nothing else', () => {
    const settings = read('VVX450');
    assert.is(settings.get('reg.1.address'), 'HD0001');
    assert.is(settings.get('reg.1.auth.userId'), 'HD0001');
    assert.is(settings.get('reg.1.auth.password'), keys.sipSecret('HD0001', 3));
    assert.equal(keyOf(settings, 1), ['Line']);
    assert.equal(keyOf(settings, 2), ['EFK', '*77*$Tinvite$', 'Anmelden']);
    for (let key = 3; key <= 12 + 120; key++)
      assert.equal(keyOf(settings, key), ['Unassigned'], `key ${key}`);
    for (let at = 1; at <= 12; at++) {
      assert.is(settings.get(`attendant.resourceList.${at}.address`), '');
      if (at !== 2) assert.is(settings.get(`efk.efklist.${at}.status`), '0');
    }
  });

  test('logged in: the user, Logout, the user’s keys, and still the device’s credential', () => {
    const last = { type: 'blf' as const, value: '105', label: 'Eve' };
    const settings = read('VVX450', { ...anna, keys: [...anna.keys, last] });
    assert.is(settings.get('reg.1.label'), '100 Anna Berger');
    assert.is(settings.get('reg.1.displayName'), 'Anna Berger');
    assert.is(settings.get('reg.1.address'), '100');
    assert.is(settings.get('reg.1.auth.userId'), 'HD0001');
    assert.equal(keyOf(settings, 2), ['EFK', '*77*5*$Tinvite$', 'Abmelden']);
    assert.equal(keyOf(settings, 3), ['BLF', '101', 'Ben']);
    assert.equal(keyOf(settings, 4), ['EFK', '0123$Tinvite$', 'Office']);
    assert.equal(keyOf(settings, 5), ['BLF', '105', 'Eve']);
    assert.equal(keyOf(settings, 6), ['Unassigned']);
  });

  for (const { model, keysWritten, accounts, expansion } of ours) {
    test(`${model}: every key and registration, the same names in both states`, () => {
      const [idle, seated] = [read(model), read(model, anna)];
      assert.equal([...idle.keys()], [...seated.keys()]);
      const all = keysWritten + expansion.modules * expansion.keysWritten;
      for (let key = 1; key <= all; key++) assert.ok(idle.has(`lineKey.${key}.category`), `key ${key}`);
      for (let account = 2; account <= accounts; account++)
        assert.is(seated.get(`reg.${account}.auth.password`), '');
    });
  }

  // biome-ignore format: a table
  const fixed: [name: string, value: string][] = [
    ['dialplan.digitmap',                                '' ],
    ['dialplan.impossibleMatchHandling',                 '2'],
    ['tone.dtmf.rfc2833Control',                         '1'],
    ['voice.codecPref.G711_A',                           '1'],
    ['voice.codecPref.G711_Mu',                          '2'],
    ['voice.codecPref.G722',                             '0'],
    ['feature.callList.enabled',                         '0'],
    ['feature.doNotDisturb.enable',                      '0'],
    ['divert.fwd.1.enabled',                             '0'],
    ['msg.mwi.1.callBack',                               '' ],
    ['call.directedCallPickupString',                    '**'],
    ['lcl.ml.lang',                                      'German_Germany'],
    ['tcpIpApp.sntp.address',                            'pool.ntp.org'],
    ['tcpIpApp.sntp.gmtOffset',                          '3600'],
    ['tcpIpApp.sntp.daylightSavings.start.dayOfWeek',    '1'],
    ['tcpIpApp.sntp.daylightSavings.stop.dayOfWeek.lastInMonth', '1'],
    ['device.auth.localAdminPassword',                   keys.phonePassword('001565aabbcc')],
    ['device.auth.localAdminPassword.set',               '1'],
    ['device.prov.serverName',                           `http://192.0.2.7:8080/p/${keys.configToken('001565aabbcc')}/`],
    ['device.dhcp.bootSrvUseOpt',                        'Static'],
    ['voIpProt.SIP.specialEvent.checkSync.alwaysReboot', '0'],
  ];
  test('what holds in every state', () => {
    for (const settings of [read('VVX601'), read('VVX601', anna)])
      for (const [name, value] of fixed) assert.is(settings.get(name), value, name);
  });

  for (const [transport, name, port] of [
    ['udp', 'UDPOnly', '5060'],
    ['tcp', 'TCPOnly', '5070'],
    ['tls', 'TLS', '5061'],
  ] as const) {
    test(`by ${transport}`, () => {
      const settings = attributes(textBy('VVX450', transport));
      assert.is(settings.get('reg.1.server.1.transport'), name);
      assert.is(settings.get('reg.1.server.1.port'), port);
    });
  }

  test('any name and label reads back as it was, and as one setting', () => {
    const expected = [...read('VVX250').keys()];
    hostile((user, name, label) => {
      const settings = read('VVX250', user);
      assert.equal([...settings.keys()], expected);
      assert.is(settings.get('reg.1.displayName'), name);
      assert.is(keyOf(settings, 3)[2], label);
    });
  }, 30_000);

  test('the golden files of a VVX450', () => golden('VVX450', 'xml'));

  test('asks for its master file, which names the config', () => {
    const of = (name: string) => poly.fileOf(name, { mac: '001565aabbcc' }, findModel('VVX 450'));
    const master = of('001565aabbcc.cfg');
    assert.is(master?.type, 'fixed');
    if (master?.type !== 'fixed') return;
    const { settings, includes } = phone.parse(master.text, 'master');
    assert.is(settings.size, 0);
    assert.equal(
      includes.map((file) => of(file)?.type),
      ['config'],
    );
    assert.is(of('000000000000.cfg'), undefined);
    assert.is(of('001565aabbcc-phone.cfg'), undefined);
  });
});

import * as assert from 'uvu/assert';
import { fanvil as xmlPhone } from '#agent/phone/fanvil.ts';
import { fanvilText as phone } from '#agent/phone/fanvil-text.ts';
import type { User } from '#controller/model/model.ts';
import { fanvil } from '#controller/provisioning/fanvil.ts';
import { textNameOf } from '#controller/provisioning/fanvil-text.ts';
import { findModel, models } from '#controller/provisioning/models.ts';
import { type ConfigSheet, contentTypeOf } from '#controller/provisioning/vendor.ts';
import { describe } from '#test/support/describe.ts';
import { readConfig } from '#test/support/read-config.ts';
import { anna, busy, keys, textOf } from './desk.ts';
import { golden, hostile, textBy } from './proof.ts';

const ours = models.filter(({ isText }) => isText);

const settingsOf = (text: string) => readConfig(phone, text).settings;
const read = (model: string, user?: User) => settingsOf(textOf(model, user));

const line = (name: string) => `SIP CONFIG/SIP Line List/SIP1 ${name}`;
const keyOf = (settings: Map<string, string>, page: number, key: number) =>
  ['Type', 'Value', 'Title'].map((part) =>
    settings.get(`DSSKEY CONFIG/Sidekey Config${page}/Fkey${key} ${part}`),
  );

const sheet: Omit<ConfigSheet, 'model'> = {
  account: { label: '100 Anna', displayName: 'Anna', userName: '100', authName: 'HD0001', password: 'x' },
  keys: [],
  pickupCode: '**',
  site: { timeZone: 'Europe/Berlin', language: 'de', transport: 'udp' },
  sip: { address: '192.0.2.7', port: 5060 },
  url: 'http://192.0.2.7:8080/p/t/',
  caUrl: undefined,
  adminPassword: 'y',
};

describe('fanvil config as text', (test) => {
  test('is what those models are given, and nobody else', () => {
    assert.equal(
      ours.map(({ model }) => model),
      ['X3U', 'V65'],
    );
    assert.is(contentTypeOf(fanvil, findModel('X3U')), 'text/plain; charset=utf-8');
    assert.is(contentTypeOf(fanvil, findModel('X5U')), 'text/xml; charset=utf-8');
  });

  test('its frame: 64 bytes, CRLF, an end', () => {
    const text = textOf('X3U');
    assert.is(text.indexOf('\r\n'), 62);
    assert.not.match(text, /[^\r]\n|\r[^\n]/);
    assert.match(text, /\r\n<<END OF FILE>>\r\n$/);
    // As an export has them, blank by blank.
    for (const each of [
      '<SIP CONFIG MODULE>\r\nNotify Reboot      :0\r\n',
      '--SIP Line List--  :\r\nSIP1 Phone Number       :HD0001\r\n',
      '--Port Config--    :\r\nP1 Enable DND         :0\r\n',
      'P1 Redial EnterCallLog:0\r\n',
      '--Sidekey Config1--:\r\nFkey1 Type               :1\r\nFkey1 Value              :*77*@1/f\r\n',
      '--MMI Account--    :\r\nAccount1 Name               :admin\r\n',
      '<MAINTENANCE CONFIG MODULE>\r\nAuto Server Digest :1\r\n',
    ])
      assert.ok(text.includes(each), each);
  });

  test('idle: the device, Login, nothing else', () => {
    const settings = read('X3U');
    assert.is(settings.get(line('Phone Number')), 'HD0001');
    assert.is(settings.get(line('Register Pswd')), keys.sipSecret('HD0001', 3));
    assert.equal(keyOf(settings, 1, 1), ['1', '*77*@1/f', 'Anmelden']);
    assert.equal(keyOf(settings, 1, 2), ['0', '', '']);
    assert.equal(keyOf(settings, 1, 3), ['0', '', '']);
  });

  test('logged in: the user, Logout, the user’s keys, and still the device’s credential', () => {
    const settings = read('X3U', anna);
    assert.is(settings.get(line('Phone Number')), '100');
    assert.is(settings.get(line('Display Name')), 'Anna Berger');
    assert.is(settings.get(line('Register User')), 'HD0001');
    assert.equal(keyOf(settings, 1, 1), ['1', '*77*5*@1/f', 'Abmelden']);
    assert.equal(keyOf(settings, 1, 2), ['1', '101@1/ba**101', 'Ben']);
    assert.equal(keyOf(settings, 1, 3), ['1', '0123@1/f', 'Office']);
  });

  test('each page of keys begins at 1', () => {
    const settings = read('V65', busy(30));
    assert.equal(keyOf(settings, 1, 9), ['1', '207@1/ba**207', 'K7']);
    assert.equal(keyOf(settings, 2, 1), ['1', '208@1/ba**208', 'K8']);
    assert.equal(keyOf(settings, 3, 9), ['1', '225@1/ba**225', 'K25']);
  });

  for (const model of ours) {
    test(`${model.model}: the same names in both states, and each setting of the XML but three`, () => {
      const [idle, seated] = [read(model.model), read(model.model, anna)];
      assert.equal([...idle.keys()], [...seated.keys()]);
      const { isText: _, ...asXml } = model;
      const xml = readConfig(xmlPhone, fanvil.format({ ...sheet, model: asXml }));
      const text = settingsOf(fanvil.format({ ...sheet, model }));
      const missing = [...xml.settings].filter(([path, value]) => text.get(textNameOf(path)) !== value);
      assert.equal(
        missing.map(([path]) => path),
        ['Version', 'phone/date/DSTFixedType', 'ap/DownloadDeviceConf'],
      );
      assert.is(text.size, xml.settings.size - missing.length);
    });
  }

  for (const [transport, code, port] of [
    ['udp', '0', '5060'],
    ['tcp', '1', '5070'],
    ['tls', '3', '5061'],
  ] as const) {
    test(`by ${transport}`, () => {
      const settings = settingsOf(textBy('X3U', transport));
      assert.equal([settings.get(line('Transport')), settings.get(line('Register Port'))], [code, port]);
    });
  }

  test('any name and label reads back as one setting, and as it was but for what could be a heading', () => {
    const expected = [...read('X3U').keys()];
    hostile((user, name, label) => {
      const settings = read('X3U', user);
      assert.equal([...settings.keys()], expected);
      for (const [was, is = ''] of [
        [name, settings.get(line('Display Name'))],
        [label, keyOf(settings, 1, 2)[2]],
      ] as const) {
        if (was.startsWith('<') || was.includes('<<')) assert.is(is.length, was.length);
        else assert.is(is, was);
      }
    });
  }, 30_000);

  test('a name cannot be a heading, a line or an end', () => {
    for (const name of [
      '<<END OF FILE>>',
      '<SIP CONFIG MODULE>',
      'A <<END OF FILE>>',
      'A\r\nSIP1 Enable Reg:0',
      '--A--:',
    ]) {
      const settings = read('X3U', { ...anna, name });
      assert.is(settings.get(line('Enable Reg')), '1', name);
      assert.is(settings.size, read('X3U').size, name);
    }
  });

  test('the golden files of an X3U', () => golden('X3U', 'txt'));
});

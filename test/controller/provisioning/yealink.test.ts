import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { yealink as phone } from '#agent/phone/yealink.ts';
import { displayName, type Site, type User } from '#controller/model/model.ts';
import { createConfig } from '#controller/provisioning/config.ts';
import { models as allModels } from '#controller/provisioning/models.ts';
import { formatSettings } from '#controller/provisioning/yealink.ts';
import { describe } from '#test/support/describe.ts';
import { type ReadConfig, readConfig } from '#test/support/read-config.ts';
import { addresses, anna, berlin, deviceOf, keys, textOf, userOf, write } from './desk.ts';

const models = allModels.filter(({ vendor }) => vendor === 'yealink');

const read = (model: string, user?: User): ReadConfig => readConfig(phone, textOf(model, user));

describe('yealink transport', (test) => {
  const all = {
    ...addresses,
    sipTcp: { address: '192.0.2.7', port: 5070 },
    sipTls: { address: '192.0.2.7', port: 5061 },
  };
  // biome-ignore format: a table
  const rows: [transport: Site['transport'], type: string, port: string, trust: string][] = [
    ['udp', '0', '5060', '%NULL%'],
    ['tcp', '1', '5070', '%NULL%'],
    ['tls', '2', '5061', 'http://192.0.2.7:8080/p/'],
  ];
  for (const [transport, type, port, trust] of rows) {
    test(transport, () => {
      const device = deviceOf('T46S');
      const { body } = createConfig({ device, site: { ...berlin, transport }, addresses: all, keys });
      const text = Buffer.from(body).toString();
      const lines = new Map(text.split('\n').map((line) => line.split(' = ') as [string, string]));
      assert.is(lines.get('account.1.sip_server.1.transport_type'), type);
      assert.is(lines.get('account.1.sip_server.1.port'), port);
      assert.ok(lines.get('static.trusted_certificates.url')?.startsWith(trust));
      assert.is(lines.get('static.security.cn_validation'), transport === 'tls' ? '1' : '%NULL%');
    });
  }

  test('no address for it: a fault, never another transport', () => {
    const tls = { ...berlin, transport: 'tls' as const };
    assert.throws(() => createConfig({ device: deviceOf('T46S'), site: tls, addresses, keys }), /by tls/);
  });
});

describe('yealink config', (test) => {
  test('idle: the device, Login, nothing else', () => {
    const { settings, factory } = read('T46S');
    assert.is(settings.get('account.1.label'), 'HD0001');
    assert.is(settings.get('account.1.user_name'), 'HD0001');
    assert.is(settings.get('account.1.auth_name'), 'HD0001');
    assert.is(settings.get('account.1.password'), keys.sipSecret('HD0001', 3));
    assert.is(settings.get('linekey.1.type'), '13');
    assert.is(settings.get('linekey.1.value'), '*77*');
    assert.is(settings.get('linekey.1.label'), 'Anmelden');
    assert.is(settings.get('linekey.2.type'), '0');
    assert.ok(factory.has('linekey.2.value'));
  });

  test('logged in: the user, Logout, the user’s keys, and still the device’s credential', () => {
    const { settings } = read('T46S', anna);
    assert.is(settings.get('account.1.label'), '100 Anna Berger');
    assert.is(settings.get('account.1.display_name'), 'Anna Berger');
    assert.is(settings.get('account.1.user_name'), '100');
    assert.is(settings.get('account.1.auth_name'), 'HD0001');
    assert.is(settings.get('linekey.1.value'), '*77*5*');
    assert.is(settings.get('linekey.2.type'), '16');
    assert.is(settings.get('linekey.2.value'), '101');
    assert.is(settings.get('linekey.3.type'), '13');
    assert.is(settings.get('linekey.3.value'), '0123');
    assert.is(settings.get('linekey.4.type'), '0');
  });

  test('what is not said stays on the phone: idle says every name that logged in says', () => {
    for (const { model } of models) {
      const names = ({ settings, factory }: ReadConfig) => [...settings.keys(), ...factory].sort();
      assert.equal(names(read(model)), names(read(model, anna)), model);
    }
  });

  for (const { model, keysWritten, accounts } of models) {
    test(`${model}: every key and account`, () => {
      const { settings } = read(model, anna);
      for (let key = 1; key <= keysWritten; key++) {
        assert.ok(settings.has(`linekey.${key}.type`), `key ${key}`);
      }
      assert.not(settings.has(`linekey.${keysWritten + 1}.type`));
      for (let account = 2; account <= accounts; account++) {
        assert.is(settings.get(`account.${account}.enable`), '0', `account ${account}`);
      }
    });
  }

  // biome-ignore format: a table
  const fixed: { name: string; value: string }[] = [
    { name: 'sip.notify_reboot_enable',                value: '0' },
    { name: 'static.auto_provision.custom.protect',    value: '0' },
    { name: 'static.auto_provision.server.url',        value: `http://192.0.2.7:8080/p/${keys.configToken('001565aabbcc')}/` },
    { name: 'static.security.user_password admin',     value: keys.phonePassword('001565aabbcc') },
    { name: 'static.security.user_password user',      value: keys.phonePassword('001565aabbcc') },
    { name: 'local_contact.data.url',                  value: `http://192.0.2.7:8080/p/${keys.configToken('001565aabbcc')}/no-contacts.xml` },
    { name: 'super_search.recent_call',                value: '0' },
    { name: 'features.save_call_history',              value: '0' },
    { name: 'features.direct_ip_call_enable',          value: '0' },
    { name: 'account.1.missed_calllog',                value: '0' },
    { name: 'account.1.dialplan.digitmap.enable',      value: '0' },
    { name: 'dialplan.digitmap.enable',                value: '0' },
    { name: 'account.1.dtmf.type',                     value: '1' },
    { name: 'account.1.codec.pcma.priority',           value: '1' },
    { name: 'account.1.codec.pcmu.priority',           value: '2' },
    { name: 'account.1.codec.g722.enable',             value: '0' },
    { name: 'features.dnd.enable',                     value: '0' },
    { name: 'forward.always.enable',                   value: '0' },
    { name: 'sip.trust_ctrl',                          value: '1' },
    { name: 'lang.gui',                                value: 'German' },
    { name: 'local_time.time_zone',                    value: '+1' },
    { name: 'local_time.start_time',                   value: '3/5/7/2' },
    { name: 'account.1.sip_server.1.address',          value: '192.0.2.7' },
    { name: 'account.1.sip_server.1.port',             value: '5060' },
  ];
  test('what holds in every state', () => {
    for (const state of [read('T46S'), read('T46S', anna)]) {
      for (const { name, value } of fixed) assert.is(state.settings.get(name), value, name);
      assert.ok(state.factory.has('voice_mail.number.1'));
    }
  });

  // biome-ignore format: a table
  const ages: [models: string, isOld: boolean][] = [
    ['T21P_E2 T23P T23G T27P T27G T29G T40P T40G T41P T42G T46G T48G T49G', true],
    ['T31G T33G T41S T42U T46S T48U T53W T54W T57W T58A VP59 T74W T88V',     false],
  ];
  for (const [names, isOld] of ages) {
    test(`${names}: ${isOld ? 'everything that has static. has a line without it, as before V81' : 'static. alone'}`, () => {
      for (const model of names.split(' ')) {
        const { settings, factory } = read(model);
        const now = [...settings].filter(([name]) => name.startsWith('static.'));
        assert.ok(now.length > 10, model);
        for (const [name, value] of now) {
          assert.is(settings.get(name.replace('static.', '')), isOld ? value : undefined, `${model} ${name}`);
        }
        assert.is(factory.has('auto_provision.server.username'), isOld, model);
        assert.is(settings.get('account.1.transport'), isOld ? '0' : undefined, model);
      }
    });
  }

  test('the same bytes each time, other bytes for another state', () => {
    assert.is(write('T46S', anna).etag, write('T46S', anna).etag);
    assert.is.not(write('T46S', anna).etag, write('T46S').etag);
    assert.match(write('T46S').etag, /^"[\w-]{22}"$/);
  });

  test('keys without room are cut and told', () => {
    const many = userOf(
      'Anna',
      [anna.keys[0], anna.keys[2], anna.keys[0]].flatMap((key) => key ?? []),
    );
    assert.equal(
      write('T40P', many).cut.map(({ value }) => value),
      ['101'],
    );
  });
});

describe('yealink writer', (test) => {
  test('a name that may be in the store reads back exactly', () => {
    const hostile = fc
      .array(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 8 }),
          fc.constantFrom(
            '#',
            '=',
            '%',
            '"',
            '\\',
            ';',
            '&',
            '<',
            'linekey.1.value = 999',
            '#!version:1.0.0.1',
          ),
        ),
        { maxLength: 6 },
      )
      .map((parts) => parts.join(''))
      .filter((text) => displayName.safeParse(text).success && !/^\s*%\w+%\s*$/.test(text));
    fc.assert(
      fc.property(hostile, (text) => {
        const name = displayName.parse(text);
        const { settings } = read('T21P_E2', userOf(name, [{ type: 'blf', value: '101', label: name }]));
        assert.is(settings.get('account.1.display_name'), name);
        assert.is(settings.get('account.1.label'), `100 ${name}`);
        assert.is(settings.get('linekey.2.label'), name);
        assert.is(settings.get('linekey.2.value'), '101');
      }),
      { numRuns: 200, seed: 1 },
    );
  }, 20_000);

  test('no value whatever makes or unmakes a setting', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const { settings, factory } = readConfig(
          phone,
          formatSettings([
            ['first', 1],
            ['hostile', value],
            ['last', 2],
          ]),
        );
        assert.is(settings.size + factory.size, 3);
        assert.is(settings.get('first'), '1');
        assert.is(settings.get('last'), '2');
      }),
      { numRuns: 1_000, seed: 1 },
    );
  });

  // biome-ignore format: a table
  const values: { value: string; reads: string | undefined }[] = [
    { value: 'Büro',                        reads: 'Büro' },
    { value: '#1 Anna',                     reads: '#1 Anna' },
    { value: 'a = b',                       reads: 'a = b' },
    { value: 'a\naccount.1.enable = 0',     reads: 'a account.1.enable = 0' },
    { value: 'a\r\n\u2028b',                reads: 'a b' },
    { value: 'right\u202eleft',             reads: 'right left' },
    { value: '%NULL%',                      reads: '\uff05NULL\uff05' },
    { value: '%EMPTY%',                     reads: '\uff05EMPTY\uff05' },
    { value: '100 %',                       reads: '100 %' },
    { value: '',                            reads: undefined },
    { value: ' \u0000 ',                    reads: undefined },
  ];
  for (const { value, reads } of values) {
    test(`writes ${JSON.stringify(value)}`, () => {
      assert.is(readConfig(phone, formatSettings([['name', value]])).settings.get('name'), reads);
    });
  }
});

/**
 * What a T46S gets, whole, to be read by people. After a change that is meant:
 * GOLDEN=write npx tsx test/run.ts controller/provisioning, and look at the diff.
 */
describe('yealink golden files', (test) => {
  for (const [name, user] of [
    ['t46s-idle', undefined],
    ['t46s-logged-in', anna],
  ] as const) {
    test(name, () => {
      const file = fileURLToPath(new URL(`../../vectors/provisioning/${name}.cfg`, import.meta.url));
      if (process.env.GOLDEN === 'write') writeFileSync(file, textOf('T46S', user));
      assert.is(textOf('T46S', user), readFileSync(file, 'utf8'));
    });
  }
});

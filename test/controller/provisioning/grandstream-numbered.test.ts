import * as assert from 'uvu/assert';
import { grandstreamNumbered as phone } from '#agent/phone/grandstream-numbered.ts';
import type { User } from '#controller/model/model.ts';
import { models } from '#controller/provisioning/models.ts';
import { describe } from '#test/support/describe.ts';
import { readConfig } from '#test/support/read-config.ts';
import { anna, keys, textOf, write } from './desk.ts';
import { golden, hostile, textBy } from './proof.ts';

const ours = models.filter(({ isNumbered }) => isNumbered);

const codes = (text: string) => readConfig(phone, text).settings;
const read = (model: string, user?: User) => codes(textOf(model, user));
const valuesOf = (settings: Map<string, string>, ...names: string[]) =>
  names.map((name) => settings.get(name));

describe('grandstream config by numbers', (test) => {
  test('idle: the device, the lines, Login, nothing else', () => {
    const settings = read('GXP1630');
    assert.equal(valuesOf(settings, 'P35', 'P36', 'P270', 'P3'), ['HD0001', 'HD0001', 'HD0001', 'HD0001']);
    assert.is(settings.get('P34'), keys.sipSecret('HD0001', 3));
    assert.equal(valuesOf(settings, 'P1363', 'P1365', 'P1367'), ['0', '0', '0']); // the line keys
    assert.equal(valuesOf(settings, 'P323', 'P301', 'P302', 'P303'), ['0', '0', 'Anmelden', '*77*']);
    assert.equal(valuesOf(settings, 'P324', 'P304', 'P305', 'P306'), ['0', '0', '', '']);
    assert.equal(valuesOf(settings, 'P353', 'P354', 'P355', 'P356'), ['0', '0', '', '']);
  });

  test('logged in: the user, Logout, the user’s keys, and still the device’s credential', () => {
    const settings = read('GXP1630', anna);
    assert.equal(valuesOf(settings, 'P35', 'P36', 'P270'), ['100', 'HD0001', '100 Anna Berger']);
    assert.equal(valuesOf(settings, 'P323', 'P302', 'P303'), ['0', 'Abmelden', '*77*5*']);
    assert.equal(valuesOf(settings, 'P324', 'P305', 'P306'), ['1', 'Ben', '101']);
    assert.equal(valuesOf(settings, 'P325', 'P308', 'P309'), ['0', 'Office', '0123']);
  });

  test('the eighth key has numbers of its own, and a ninth is cut', () => {
    const many = Array.from({ length: 9 }, (_, at) => ({
      ...{ type: 'blf' as const, value: String(200 + at), label: `K${at}` },
    }));
    const user = { ...anna, keys: many };
    assert.equal(valuesOf(read('GXP1628', user), 'P329', 'P321', 'P353', 'P356'), ['1', '205', '1', '206']);
    assert.equal(
      write('GXP1628', user).cut.map(({ value }) => value),
      ['207', '208'],
    );
  });

  for (const { model, accounts } of ours) {
    test(`${model}: every account, the same names in both states`, () => {
      const [idle, seated] = [read(model), read(model, anna)];
      assert.equal([...idle.keys()], [...seated.keys()]);
      assert.equal(valuesOf(seated, 'P401', 'P404', 'P402', 'P442'), ['0', '', '', '2']);
      assert.is(seated.has('P501'), accounts === 3);
    });
  }

  test('what holds in every state', () => {
    for (const settings of [read('GXP1628'), read('GXP1628', anna)]) {
      assert.equal(valuesOf(settings, 'P290', 'P191', 'P72', 'P1382'), ['{ [*x]+ }', '0', '1', '0']);
      assert.equal(valuesOf(settings, 'P2301', 'P2302', 'P2303', 'P182', 'P33'), ['0', '1', '0', '2', '']);
      assert.is(settings.get('P237'), `192.0.2.7:8080/p/${keys.configToken('001565aabbcc')}`);
      assert.equal(valuesOf(settings, 'P64', 'P246'), [
        'customize',
        'STD-1DST-2,M3.5.0/02:00:00,M10.5.0/03:00:00',
      ]);
    }
  });

  // biome-ignore format: a table
  const transports: [transport: 'udp' | 'tcp' | 'tls', number: string, address: string][] = [
    ['udp', '0', '192.0.2.7:5060'],
    ['tcp', '1', '192.0.2.7:5070'],
    ['tls', '2', '192.0.2.7:5061'],
  ];
  for (const [transport, number, address] of transports) {
    test(`by ${transport}`, () => {
      assert.equal(valuesOf(codes(textBy('GXP1628', transport)), 'P130', 'P47'), [number, address]);
    });
  }

  test('any name and label reads back as it was, and as one setting', () => {
    const expected = [...read('GXP1630').keys()];
    hostile((user, name, label) => {
      const settings = read('GXP1630', user);
      assert.equal([...settings.keys()], expected);
      assert.equal(valuesOf(settings, 'P3', 'P305'), [name, label]);
    });
  }, 30_000);

  test('the golden files of a GXP1630', () => golden('GXP1630', 'xml'));
});

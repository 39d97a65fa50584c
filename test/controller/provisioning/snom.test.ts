import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { snom as phone } from '#agent/phone/snom.ts';
import { displayName, type User } from '#controller/model/model.ts';
import { models } from '#controller/provisioning/models.ts';
import { snom } from '#controller/provisioning/snom.ts';
import { describe } from '#test/support/describe.ts';
import { readConfig } from '#test/support/read-config.ts';
import { anna, keys, textOf, userOf, write } from './desk.ts';

const ours = models.filter(({ vendor }) => vendor === 'snom');

type Key = { idx: number; label: string; action: string };

function read(model: string, user?: User): { settings: Map<string, string>; fkeys: Key[] } {
  const { settings } = readConfig(phone, textOf(model, user));
  const indices = [...settings.keys()].flatMap((name) => /^fkey (\d+)$/.exec(name)?.[1] ?? []);
  const fkeys = indices.map((idx) => ({
    idx: Number(idx),
    label: settings.get(`fkey ${idx} label`) ?? '',
    action: settings.get(`fkey ${idx}`) ?? '',
  }));
  return { settings, fkeys };
}

describe('snom config', (test) => {
  test('idle: the device, Login, nothing else', () => {
    const { settings, fkeys } = read('D785');
    assert.is(settings.get('user_name 1'), 'HD0001');
    assert.is(settings.get('user_pname 1'), 'HD0001');
    assert.is(settings.get('user_pass 1'), keys.sipSecret('HD0001', 3));
    assert.equal(fkeys[0], { idx: 0, label: 'Anmelden', action: 'speed *77*' });
    assert.ok(fkeys.slice(1).every(({ label, action }) => label === '' && action === 'none'));
  });

  test('logged in: the user, Logout, the user’s keys, and still the device’s credential', () => {
    const { settings, fkeys } = read('D785', anna);
    assert.is(settings.get('user_idle_text 1'), '100 Anna Berger');
    assert.is(settings.get('user_realname 1'), 'Anna Berger');
    assert.is(settings.get('user_name 1'), '100');
    assert.is(settings.get('user_pname 1'), 'HD0001');
    assert.equal(
      fkeys.slice(0, 4).map(({ action }) => action),
      ['speed *77*5*', 'blf 101|**', 'speed 0123', 'none'],
    );
  });

  test('every model: all keys with those of its expansions, all identities, in both states', () => {
    for (const { model, keys: count, accounts, expansion } of ours) {
      const [idle, seated] = [read(model), read(model, anna)];
      const positions = count + expansion.modules * expansion.keysWritten;
      for (const { fkeys } of [idle, seated]) {
        assert.equal(
          fkeys.map(({ idx }) => idx),
          Array.from({ length: positions }, (_, index) => index),
          model,
        );
      }
      assert.equal([...idle.settings.keys()], [...seated.settings.keys()], model);
      for (let index = 2; index <= accounts; index++)
        assert.is(idle.settings.get(`user_active ${index}`), 'off');
    }
  });

  test('what the phone must be told once: where its files are, and no restart at a check-sync', () => {
    const { settings } = read('D785');
    assert.match(
      settings.get('setting_server') ?? '',
      /^http:\/\/192\.0\.2\.7:8080\/p\/[\w-]{22}\/\{mac\}\.xml$/,
    );
    assert.is(settings.get('user_outbound 1'), '192.0.2.7:5060;transport=udp');
    assert.is(settings.get('utc_offset'), '3600');
    assert.is(settings.get('dst'), '3600 03.05.07 02:00:00 10.05.07 03:00:00');
  });

  test('what does not fit is answered', () => {
    assert.equal(
      write('D120', anna).cut.map(({ value }) => value),
      ['0123'],
    );
  });

  test('any name and label reads back as it was, and as one setting', () => {
    const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((name) => {
      const read = displayName.safeParse(name);
      return read.success && read.data === name;
    });
    const expected = [...read('D785', userOf('x')).settings.keys()];
    fc.assert(
      fc.property(names, names, (name, label) => {
        const user = userOf(name, [{ type: 'blf', value: '101', label }]);
        const { settings, fkeys } = read('D785', user);
        assert.equal([...settings.keys()], expected);
        assert.is(settings.get('user_realname 1'), name);
        assert.is(fkeys[1]?.label, label);
      }),
      {
        numRuns: 500,
        seed: 1,
        examples: [
          ['</user_realname><http_pass>x', '" perm="RW'],
          ['a&amp;b]]>', "'<!--"],
        ],
      },
    );
  }, 20_000);

  const golden = (name: string) =>
    fileURLToPath(new URL(`../../vectors/provisioning/d785-${name}.xml`, import.meta.url));
  for (const [name, user] of [
    ['idle', undefined],
    ['logged-in', anna],
  ] as const) {
    test(`the golden file of a D785, ${name}`, () => {
      const text = textOf('D785', user);
      if (process.env.GOLDEN === 'write') writeFileSync(golden(name), text);
      assert.is(text, readFileSync(golden(name), 'utf8'));
    });
  }
});

describe('snom files', (test) => {
  const [d785] = ours.filter(({ model }) => model === 'D785');
  // biome-ignore format: a table
  const rows: [name: string, type: 'config' | 'fixed' | undefined][] = [
    ['001565aabbcc.xml',          'config'],
    ['snomd785-001565aabbcc.htm', 'config'],
    ['snomd785.htm',              'fixed'],
    ['snomd785-firmware.htm',     undefined],
    ['snomd715.htm',              'fixed'], // a phone of another model: what it is shows at the device
    ['snom715-001565aabbcc.htm',  'config'],
    ['snomd785-001565aabbdd.htm', undefined],
    ['001565aabbcc.cfg',          undefined],
  ];
  for (const [name, type] of rows) {
    test(name, () => {
      assert.ok(d785);
      const file = snom.fileOf(name, { mac: '001565aabbcc' }, d785);
      assert.is(file?.type, type);
      if (file?.type === 'fixed') assert.is(readConfig(phone, file.text).settings.size, 0);
    });
  }
});

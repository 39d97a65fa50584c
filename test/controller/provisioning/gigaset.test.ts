import * as assert from 'uvu/assert';
import { gigaset as phone } from '#agent/phone/gigaset.ts';
import type { User } from '#controller/model/model.ts';
import { gigaset } from '#controller/provisioning/gigaset.ts';
import { findModel, models } from '#controller/provisioning/models.ts';
import { describe } from '#test/support/describe.ts';
import { readConfig } from '#test/support/read-config.ts';
import { anna, keys, textOf } from './desk.ts';
import { golden, hostile } from './proof.ts';

const ours = models.filter(({ vendor }) => vendor === 'gigaset');

function read(model: string, user?: User) {
  const { settings } = readConfig(phone, textOf(model, user));
  const indices = [...settings.keys()].flatMap((name) => /^fkey (\d+)$/.exec(name)?.[1] ?? []);
  const fkeys = indices.map((idx) => [settings.get(`fkey ${idx}`), settings.get(`fkey ${idx} label`)]);
  return { settings, fkeys };
}

describe('gigaset config', (test) => {
  test('idle and logged in', () => {
    const [idle, seated] = [read('P850'), read('P850', anna)];
    assert.is(idle.settings.get('user_name 1'), 'HD0001');
    assert.equal(idle.fkeys.slice(0, 2), [
      ['speed *77*', 'Anmelden'],
      ['none', ''],
    ]);
    assert.is(seated.settings.get('user_name 1'), '100');
    assert.is(seated.settings.get('user_pname 1'), 'HD0001');
    assert.is(seated.settings.get('user_pass 1'), keys.sipSecret('HD0001', 3));
    assert.equal(
      seated.fkeys.slice(0, 4).map(([action]) => action),
      ['speed *77*5*', 'blf 101|**', 'speed 0123', 'none'],
    );
    assert.ok(seated.settings.get('setting_server')?.endsWith('/{mac}.xml'));
  });

  test('every model: all keys with those of its expansions; all of it uncertain', () => {
    for (const { model, keys: count, expansion, confidence } of ours) {
      assert.is(read(model).fkeys.length, count + expansion.modules * expansion.keysWritten, model);
      assert.is(confidence, 'uncertain');
    }
  });

  test('any name and label reads back as it was, and as one setting', () => {
    const expected = [...read('P810').settings.keys()];
    hostile((user, name, label) => {
      const { settings, fkeys } = read('P810', user);
      assert.equal([...settings.keys()], expected);
      assert.is(settings.get('user_realname 1'), name);
      assert.is(fkeys[1]?.[1], label);
    });
  }, 30_000);

  test('the golden files of a P850', () => golden('P850', 'xml'));

  test('asks for its own file and no other', () => {
    const of = (name: string) => gigaset.fileOf(name, { mac: '001565aabbcc' }, findModel('P850'))?.type;
    assert.is(of('001565aabbcc.xml'), 'config');
    assert.is(of('gigasetp850-001565aabbcc.htm'), 'config');
    assert.is(of('gigasetp850-001565aabbdd.htm'), undefined);
    assert.is(of('001565aabbdd.xml'), undefined);
  });
});

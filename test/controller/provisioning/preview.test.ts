import * as assert from 'uvu/assert';
import { keyCountOf } from '#controller/provisioning/areas.ts';
import { findModel, models } from '#controller/provisioning/models.ts';
import { previewOf } from '#controller/provisioning/preview.ts';
import { describe } from '#test/support/describe.ts';
import { berlin, busy } from './desk.ts';

const { dialCodes } = berlin;
const look = (model: string, count: number, modules = 0) =>
  previewOf(
    findModel(model),
    { userKeys: busy(count).keys, state: 'loggedIn', dialCodes, language: 'en' },
    modules,
  );
/** `page/label` of a position; `module+page/label` beside the phone. */
const at = (model: string, position: number, modules = 0) => {
  const key = look(model, 200, modules).keys[position - 1];
  return key && `${key.module > 0 ? `${key.module}+` : ''}${key.page}/${key.area ?? ''}/${key.label}`;
};

describe('preview', (test) => {
  test('every model, with every number of modules: each key has a place, the rest is cut', () => {
    for (const model of models) {
      for (let modules = 0; modules <= model.expansion.modules; modules++) {
        const { keys, cut } = look(model.model, 200, modules);
        assert.is(keys.length, keyCountOf(model, modules), model.model);
        assert.is(cut.length, Math.max(0, 200 - (keys.length - 1)), model.model);
        assert.is(keys.filter(({ module }) => module === 0).length, model.keys, model.model);
        assert.is(new Set(keys.map(({ position }) => position)).size, keys.length);
      }
    }
  });

  // biome-ignore format: a table
  const places: [model: string, position: number, modules: number, place: string | undefined][] = [
    ['T46S',     1, 0, '1//Logout'],
    ['T46S',     9, 0, '1//K7'],
    ['T46S',    10, 0, '2//K8'],
    ['T46S',    27, 0, '3//K25'],
    ['T46S',    28, 0, undefined],
    ['T46S',    28, 1, '1+1//K26'],
    ['T46S',    68, 2, '2+1//K66'],
    ['T27G',    59, 1, '1+1//K57'], //  21 and 38 of an EXP39
    ['T27G',    60, 1, undefined],
    ['T48S',    29, 0, '1//K27'],
    ['X5U',      4, 0, '1/side/K2'],
    ['X5U',      5, 0, '1/dss/K3'],
    ['X5U',     11, 0, '2/dss/K9'],
    ['V61',      4, 0, '2/side/K2'],
    ['GXP2160',  1, 0, '1/vpk/Logout'],
    ['GXP2160', 19, 0, '1/mpk/K17'],
    ['GXP2140', 13, 1, '1+1//K11'],
    ['D785',    25, 1, '1+1//K23'],
    ['6867i',   21, 1, '1+1//K19'],
    ['6867i',   37, 1, undefined],
    ['VVX450',  12, 3, undefined], // eleven of its own; what stands beside it is only emptied
  ];
  for (const [model, position, modules, place] of places) {
    test(`${model} with ${modules} modules, key ${position}: ${place ?? 'none'}`, () => {
      assert.is(at(model, position, modules), place);
    });
  }

  test('idle: Login alone', () => {
    const { keys, cut } = previewOf(findModel('T27G'), { state: 'idle', dialCodes, language: 'de' });
    assert.equal([keys[0]?.label, keys[0]?.value, cut], ['Anmelden', '*77*', []]);
    assert.ok(keys.slice(1).every(({ type }) => type === 'none'));
  });
});

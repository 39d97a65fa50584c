import * as assert from 'uvu/assert';
import { findModel, modelOf, models } from '#controller/provisioning/models.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';

describe('models', (test) => {
  for (const text of ['T46S', 't46s', 'SIP-T46S', 'Yealink T46S', 'yealink-t46s', ' Yealink SIP-T46S ']) {
    test(`"${text}" is a T46S`, () => assert.is(findModel(text).model, 'T46S'));
  }

  for (const text of ['D785', 'snomD785', 'Snom D785', 'snom-d785']) {
    test(`"${text}" is a D785`, () => assert.is(findModel(text).vendor, 'snom'));
  }

  for (const text of ['GRP2614', 'grandstream grp2614', 'Grandstream-GRP2614', 'GRP2614W']) {
    test(`"${text}" is a GRP2614`, () => assert.is(findModel(text).model, 'GRP2614'));
  }

  for (const text of ['VVX411', 'VVX 410', 'Polycom VVX_411', 'Poly VVX 411']) {
    test(`"${text}" is a VVX411`, () => assert.is(findModel(text).model, 'VVX411'));
  }

  test('a model is told by what is uncertain of it', () => {
    assert.is(findModel('T46S').confidence, 'documented');
    assert.is(findModel('T43U').confidence, 'uncertain');
    for (const { confidence, notes, model } of models)
      assert.is(notes === '', confidence === 'documented', model);
  });

  // biome-ignore format: a table
  const unknown = [
    { text: 'T46X',  says: 'nearest is T46' },
    { text: 'VVX101',  says: 'nearest is VVX301' }, // too few keys: not offered
    { text: 'T19P_E2', says: 'T19P_E2' }, //  no keys: not offered
    { text: 'GXP216O', says: 'nearest is GXP2160 (grandstream)' },
    { text: 'Snom T46S', says: 'nearest is T46S (yealink)' }, // another vendor's
    { text: 'Grandstream D785', says: 'nearest is D785 (snom)' },
    { text: 'X6UU', says: 'nearest is X6U (fanvil)' },
    { text: '6868i', says: '(mitel)' },
    { text: '',      says: 'not a model' },
  ];
  for (const { text, says } of unknown) {
    test(`"${text}" is refused by the field's name`, () => {
      try {
        findModel(text);
        assert.unreachable();
      } catch (error) {
        assert.ok(Fault.is(error, 'input.invalid'));
        assert.is(error.facts.field, 'model');
        assert.ok(error.message.includes(says), error.message);
      }
    });
  }

  test('is a table without slips', () => {
    assert.is(new Set(models.map(({ model }) => model)).size, models.length);
    for (const model of models) {
      assert.ok(model.keys >= 1 && model.keysWritten >= model.keys && model.accounts >= 1, model.model);
      const used = model.areas.reduce((sum, { pages, first, last }) => sum + pages * (last - first + 1), 0);
      if (model.areas.length > 0) assert.is(used, model.keys, model.model);
      if (model.vendor === 'yealink') assert.match(model.commonFile ?? '', /^y000000000\d{3}\.cfg$/);
      assert.is(modelOf(model), model);
    }
  });
});

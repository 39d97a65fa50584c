import { existsSync, readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { factsOf, modelFacts, rowOf } from '#controller/provisioning/facts.ts';
import { findModel, modelOf, modelSaying, models, resyncEventOf } from '#controller/provisioning/models.ts';
import { notOffered } from '#controller/provisioning/not-offered.ts';
import { vendors } from '#controller/provisioning/vendors.ts';
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
    { text: 'VVX101',  says: 'none left for a user; the nearest is VVX301 (poly)' },
    { text: 'Yealink T19P_E2', says: 'no programmable key' },
    { text: 'GRP2601', says: 'how many keys it has is not known' },
    { text: 'AVM FRITZ!Box', says: 'is not a model' },
    { text: 'FRITZ!Box', says: 'behind a router' },
    { text: 'GXP216O', says: 'nearest is GXP2160 (grandstream), then ' },
    { text: 'T19P',    says: 'no programmable key' },
    { text: 'T47',     says: '; the nearest is T4' },
    { text: 'X9',      says: '"X9" is not a model we can set up' },
    { text: 'T46',     says: 'nearest is T46G (yealink), then T46S (yealink), T46U (yealink)' },
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

  // biome-ignore format: a table
  const userAgents: [text: string, model: string | undefined][] = [
    ['Yealink SIP-T48G 35.80.0.71 00:15:65:00:00:01',                                          'T48G'],
    ['Yealink SIP-T46G 28.72.0.2',                                                             'T46G'],
    ['Yealink SIP-T21P_E2 52.84.0.15',                                                         'T21P_E2'],
    ['Yealink SIP-T31G 124.85.257.56 80:5e:c0:00:00:01',                                       'T31G'],
    ['Yealink SIP-T77U 185.87.0.11 44:db:d2:00:00:01',                                         'T77U'],
    ['Yealink SIP-T56A 58.80.0.26 001565000001',                                               'T56A'],
    ['Yealink SIP-T58 58.80.0.26',                                                             'T58A'],
    ['Yealink SIP VP-T49G 51.80.0.10',                                                         'T49G'],
    ['yealink SIP-T27G 69.84.0.1',                                                             'T27G'],
    ['Yealink W70B 146.87.0.16 80:5e:0c:00:00:01',                                             undefined],
    ['Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.34 2010.12-00004-g0 000413000001 SXM:0 UXM:0)', 'D785'],
    ['Mozilla/4.0 (compatible; snom710-SIP 8.7.5.36 1.1.5-IFX-05.01.12 000413000001)',         'D710'],
    ['snomD120/10.1.39.12',                                                                    'D120'],
    ['Fanvil X4 2.10.2.6888 0c383e000001',                                                     'X4'],
    ['Fanvil X6U Pro 0.0.11 0c383e000001',                                                     'X6U'],
    ['Fanvil V65 2.12.2.5 0c383e000001',                                                       'V65'],
    ['Fanvil X5U-V2 2.12.16.18 0c383e000001',                                                  'X5U-V2'],
    ['Fanvil X5U V2 2.12.16.18 0c383e000001',                                                  'X5U-V2'],
    ['Fanvil X303 2.12.18.10 0c383e000001',                                                    'X303'],
    ['Grandstream Model HW GXP1628 SW 1.0.4.139 DevId c074ad000001',                           'GXP1628'],
    ['Grandstream Model HW GRP2614 SW 1.0.5.16 DevId c074ad000001',                            'GRP2614'],
    ['Grandstream Model HW GXP2135 V1.6B SW 1.0.7.98 DevId 000b82000001',                      'GXP2135'],
    ['Grandstream GRP2612W 1.0.5.68',                                                          'GRP2612'],
    ['Grandstream Model HW GXV3240 V1.6B SW 1.0.1.28 DevId 000b82000001',                      undefined],
    ['FileTransport PolycomVVX-VVX_411-UA/5.9.0.1 Type/Application',                           'VVX411'],
    ['PolycomVVX-VVX_600-UA/5.4.0.5842',                                                       'VVX601'],
    ['Htek UC903 2.0.4.3 00:1f:c1:00:00:01',                                                   'UC903'],
    ['Mitel6920 MAC:14-00-E9-00-00-01 V:6.4.0.141-SIP',                                        '6920'],
    ['Aastra 6867i/4.5.0.42',                                                                  '6867i'],
    ['Gigaset P850HD PRO/1.0',                                                                 undefined],
    ['friendly-scanner',                                                                       undefined],
    [`Htek UC903 2.0${'.1'.repeat(200)}`,                                                      undefined],
    ['',                                                                                       undefined],
  ];
  for (const [text, model] of userAgents)
    test(`"${text.slice(0, 70)}" is a ${model ?? 'stranger'}`, () =>
      assert.is(modelSaying(text)?.model, model));

  // biome-ignore format: a table
  const events: [vendor: string, event: string][] = [
    ['yealink',     'check-sync;reboot=false'],
    ['snom',        'check-sync;reboot=false'],
    ['gigaset',     'check-sync;reboot=false'],
    ['fanvil',      'check-sync'],
    ['grandstream', 'resync'],
    ['htek',        'resync'],
    ['poly',        'check-sync'],
    ['mitel',       'check-sync'],
    ['cisco',       'check-sync;reboot=false'], // after a downgrade
  ];
  for (const [vendor, event] of events)
    test(`a ${vendor} fetches its config at ${event}`, () => assert.is(resyncEventOf({ vendor }), event));

  test('each is described in full, and none has been tried on a handset', () => {
    for (const model of models) {
      const facts = modelFacts.parse(factsOf(model));
      assert.is(facts.verified, false);
      assert.ok(facts.usableKeys <= facts.keys && facts.keys <= facts.keysWritten, model.model);
      assert.is(facts.confidence === 'uncertain', facts.notes !== '', model.model);
    }
  });

  test('the files it is said to ask for are those it is given, the last one its config', () => {
    const mac = '001565aabbcc';
    for (const model of models) {
      const types = factsOf(model).files.map((name) => {
        const file = name.replace('{mac}', mac).toLowerCase();
        return vendors[model.vendor].fileOf(file, { mac }, model)?.type;
      });
      assert.is(types.at(-1), 'config', model.model);
      const spare = model.vendor === 'grandstream' ? 1 : 0; // the binary form, which we do not write
      assert.ok(
        types.slice(spare).every((type) => type !== undefined),
        `${model.model}: ${types.join()}`,
      );
    }
  });

  const reference = new URL('../../../../shared/reference/models.json', import.meta.url);
  if (existsSync(reference)) {
    test('are exactly those that the reference finds fit for hot desks; it says why of the others', () => {
      type Row = {
        vendor: string;
        model: string;
        hotDeskSuitable?: boolean;
        keys: number | null;
        uncertain?: boolean;
        fileNamesUncertain?: boolean;
        keysAlt?: number;
        expansion?: { maxModules: number };
      };
      const rows = JSON.parse(readFileSync(reference, 'utf8')) as Row[];
      const fit = rows.filter(({ hotDeskSuitable }) => hotDeskSuitable === true);
      const names = (list: readonly { vendor: string; model: string }[]) =>
        list.map(({ vendor, model }) => `${vendor} ${model}`).sort();
      assert.equal(names(models), names(fit));
      for (const { model, hotDeskSuitable, ...row } of rows) {
        if (hotDeskSuitable === true) {
          const doubts = row.uncertain ?? row.fileNamesUncertain ?? row.keysAlt;
          const ours = models.find((each) => each.model === model);
          assert.is(ours && rowOf(ours).keys, row.keys, model);
          if (doubts !== undefined) assert.is(ours?.confidence, 'uncertain', model);
          assert.is(ours?.expansion.modules, row.expansion?.maxModules ?? 0, model);
          continue;
        }
        const [name = ''] = model.split(' ');
        assert.ok(notOffered.has(name.toUpperCase().replace(/_/g, '')), model);
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

/** Keys on the modules beside a phone, read back out of each make's file. */

import * as assert from 'uvu/assert';
import { makes } from '#agent/phone/makes.ts';
import { models } from '#controller/provisioning/models.ts';
import { describe } from '#test/support/describe.ts';
import { readConfig } from '#test/support/read-config.ts';
import { busy, textOf } from './desk.ts';

type Vendor = 'yealink' | 'snom' | 'grandstream' | 'mitel';
type Read = (name: string) => string;

/** What is on a module's key, as `what label`; empty when nobody's. */
const shown: Readonly<Record<Vendor, (of: Read, module: number, key: number, own: number) => string>> = {
  yealink(of, module, key) {
    const part = (name: string) => of(`expansion_module.${module}.key.${key}.${name}`);
    if (part('type') === '0') return '';
    return `${part('type')} ${part('line')} ${part('value')} ${part('extension')} ${part('label')}`;
  },
  snom(of, module, key, own) {
    const name = `fkey ${own + (module - 1) * 18 + key - 1}`;
    return of(name) === 'none' ? '' : `${of(name)} ${of(`${name} label`)}`;
  },
  grandstream(of, module, key) {
    const part = (name: string) => of(`pks.ext.${(module - 1) * 40 + key}.${name}`);
    if (part('keyMode') === 'None') return '';
    return `${part('keyMode')} ${part('account')} ${part('value')} ${part('description')}`;
  },
  mitel(of, module, key) {
    const part = (name: string) => of(`expmod${module} key${key} ${name}`);
    return part('type') === 'none' ? '' : `${part('type')} ${part('line')} ${part('value')} ${part('label')}`;
  },
};

// biome-ignore format: a table
const rows: [vendor: Vendor, model: string, module: number, key: number, modules: number, is: string][] = [
  ['yealink',     'T46S',    1,  1, 0, ''],
  ['yealink',     'T46S',    1,  1, 1, '16 1 226 ** K26'],
  ['yealink',     'T46S',    1, 40, 1, '16 1 265 ** K65'],
  ['yealink',     'T46S',    2,  1, 1, ''],
  ['yealink',     'T46S',    2,  1, 2, '16 1 266 ** K66'],
  ['yealink',     'T27G',    1, 20, 1, '16 1 239 ** K39'],
  ['yealink',     'T27G',    1, 21, 1, ''],
  ['yealink',     'T27G',    1, 22, 1, '16 1 240 ** K40'],
  ['yealink',     'T27G',    1, 40, 1, ''],
  ['snom',        'D785',    1,  1, 0, ''],
  ['snom',        'D785',    1,  1, 1, 'blf 223|** K23'],
  ['snom',        'D785',    2, 18, 2, 'blf 258|** K58'],
  ['snom',        'D785',    3,  1, 2, ''],
  ['grandstream', 'GXP2140', 1,  1, 0, ''],
  ['grandstream', 'GXP2140', 1,  1, 1, 'BLF 0 211 K11'],
  ['grandstream', 'GXP2140', 2,  1, 2, 'BLF 0 251 K51'],
  ['mitel',       '6867i',   1,  1, 0, ''],
  ['mitel',       '6867i',   1, 16, 1, 'blf 1 234 K34'],
  ['mitel',       '6867i',   1, 17, 1, ''],
];

describe('expansion modules', (test) => {
  for (const [vendor, model, module, key, modules, is] of rows) {
    test(`${model} with ${modules}, module ${module} key ${key}: ${is || 'nobody’s'}`, () => {
      const own = models.find((each) => each.model === model)?.keysWritten ?? 0;
      const { settings } = readConfig(makes[vendor], textOf(model, busy(150), { expansions: modules }));
      assert.is(
        shown[vendor]((name) => settings.get(name) ?? '', module, key, own),
        is,
      );
    });
  }

  test('a phone that is logged out has nothing left beside it, whatever the number of modules', () => {
    for (const { model, expansion, vendor } of models) {
      if (expansion.modules === 0) continue;
      const idle = textOf(model, undefined, { expansions: expansion.modules });
      assert.is(idle, textOf(model), `${vendor} ${model}`);
    }
  });
});

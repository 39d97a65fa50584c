/**
 * The models that are offered: phones whose config files we can write in full.
 * A model outside this table is not offered, for a file that misses one of its
 * keys would leave the last user's there.
 *
 * Sources differ on the key count of some models: `keys` is the lower count,
 * what a layout may use, `keysWritten` the higher one, what a file empties.
 */

import { Fault } from '#protocol/fault.ts';
import { nearest } from '#protocol/nearest.ts';

export type Model = {
  vendor: 'yealink' | 'snom';
  model: string;
  keys: number;
  keysWritten: number;
  accounts: number;
  /** Yealink: the file all phones of this model ask for besides their own. */
  commonFile?: string;
  expansion: { modules: number; keys: number };
};

type Row = readonly [
  model: string,
  keys: number,
  keysWritten: number,
  accounts: number,
  commonFile: string,
  modules: number,
  moduleKeys: number,
];

// biome-ignore format: a table
const yealink: readonly Row[] = [
  ['T21P_E2',  2,  2,  2, 'y000000000052.cfg', 0,  0],
  ['T23P',     3,  3,  3, 'y000000000044.cfg', 0,  0],
  ['T23G',     3,  3,  3, 'y000000000044.cfg', 0,  0],
  ['T27P',    21, 21,  6, 'y000000000045.cfg', 6, 40],
  ['T27G',    21, 21,  6, 'y000000000069.cfg', 6, 40],
  ['T29G',    27, 27, 16, 'y000000000046.cfg', 6, 40],
  ['T31',      2,  2,  2, 'y000000000124.cfg', 0,  0],
  ['T31P',     2,  2,  2, 'y000000000123.cfg', 0,  0],
  ['T31G',     2,  2,  2, 'y000000000123.cfg', 0,  0],
  ['T31W',     2,  2,  2, 'y000000000172.cfg', 0,  0],
  ['T33P',    12, 12,  4, 'y000000000124.cfg', 0,  0],
  ['T33G',    12, 12,  4, 'y000000000124.cfg', 0,  0],
  ['T34W',    12, 12,  4, 'y000000000171.cfg', 0,  0],
  ['T40P',     3,  3,  3, 'y000000000054.cfg', 0,  0],
  ['T40G',     3,  3,  3, 'y000000000076.cfg', 0,  0],
  ['T41P',    15, 15,  6, 'y000000000036.cfg', 0,  0],
  ['T41S',    15, 15,  6, 'y000000000068.cfg', 0,  0],
  ['T41U',    15, 15,  6, 'y000000000116.cfg', 0,  0],
  ['T42G',    15, 15, 12, 'y000000000029.cfg', 0,  0],
  ['T42S',    15, 15, 12, 'y000000000067.cfg', 0,  0],
  ['T42U',    15, 15, 12, 'y000000000116.cfg', 0,  0],
  ['T43U',    15, 21, 12, 'y000000000107.cfg', 3, 60],
  ['T44U',    21, 24, 12, 'y000000000174.cfg', 3, 60],
  ['T44W',    21, 24, 12, 'y000000000174.cfg', 3, 60],
  ['T46G',    27, 27, 16, 'y000000000028.cfg', 6, 40],
  ['T46S',    27, 27, 16, 'y000000000066.cfg', 6, 40],
  ['T46U',    27, 27, 16, 'y000000000108.cfg', 3, 60],
  ['T48G',    29, 29, 16, 'y000000000035.cfg', 6, 40],
  ['T48S',    29, 29, 16, 'y000000000065.cfg', 6, 40],
  ['T48U',    29, 29, 16, 'y000000000109.cfg', 3, 60],
  ['T49G',     4, 29, 16, 'y000000000051.cfg', 0,  0],
  ['T52S',    21, 21, 12, 'y000000000074.cfg', 3, 60],
  ['T53',     21, 21, 12, 'y000000000095.cfg', 3, 60],
  ['T53W',    21, 21, 12, 'y000000000095.cfg', 3, 60],
  ['T54S',    27, 27, 16, 'y000000000070.cfg', 3, 60],
  ['T54W',    27, 27, 16, 'y000000000096.cfg', 3, 60],
  ['T56A',    27, 27, 16, 'y000000000056.cfg', 3, 60],
  ['T57W',    29, 29, 16, 'y000000000097.cfg', 3, 60],
  ['T58A',    27, 27, 16, 'y000000000058.cfg', 3, 60],
  ['T58V',    27, 27, 16, 'y000000000058.cfg', 3, 60],
  ['T58W',    27, 27, 16, 'y000000000150.cfg', 3, 60],
  ['VP59',    27, 27, 16, 'y000000000091.cfg', 3, 60],
  ['T73U',    40, 48, 16, 'y000000000186.cfg', 3, 78],
  ['T73W',    40, 48, 16, 'y000000000183.cfg', 3, 78],
  ['T74U',    50, 60, 16, 'y000000000187.cfg', 3, 78],
  ['T74W',    50, 60, 16, 'y000000000184.cfg', 3, 78],
  ['T77U',    56, 95, 16, 'y000000000188.cfg', 3, 78],
  ['T85W',    60, 72, 16, 'y000000000196.cfg', 3, 78],
  ['T87W',    84, 95, 16, 'y000000000197.cfg', 3, 78],
  ['T88W',    84, 95, 16, 'y000000000192.cfg', 3, 78],
  ['T88V',    84, 95, 16, 'y000000000192.cfg', 3, 78],
];

/** Twelve identities in all of them; a phone with less ignores the rest. */
// biome-ignore format: a table
const snom: readonly (readonly [model: string, keys: number, modules: number, moduleKeys: number])[] = [
  ['D120',   2, 0,  0],
  ['D140',   2, 3, 18],
  ['D150',   2, 3, 18],
  ['D305',   5, 3, 18],
  ['D315',   5, 3, 18],
  ['D335',  48, 3, 18],
  ['D345',  48, 3, 18],
  ['D375',  12, 3, 18],
  ['D385',  48, 3, 18],
  ['D710',   5, 3, 18],
  ['D712',   5, 3, 18],
  ['D713',   4, 3, 18],
  ['D715',   5, 3, 18],
  ['D717',   3, 3, 18],
  ['D725',  18, 3, 18],
  ['D735',  32, 3, 18],
  ['D745',  32, 3, 18],
  ['D765',  16, 3, 18],
  ['D785',  24, 3, 18],
  ['D810',   4, 3, 60],
  ['D812',  28, 3, 60],
  ['D815',  36, 3, 60],
  ['D862',  28, 3, 60],
  ['D865',  36, 3, 60],
  ['D892',  36, 3, 60],
  ['SP800', 28, 3, 18],
];

export const models: readonly Model[] = [
  ...yealink.map(
    ([model, keys, keysWritten, accounts, commonFile, modules, moduleKeys]): Model => ({
      vendor: 'yealink',
      model,
      keys,
      keysWritten,
      accounts,
      commonFile,
      expansion: { modules, keys: moduleKeys },
    }),
  ),
  ...snom.map(
    ([model, keys, modules, moduleKeys]): Model => ({
      vendor: 'snom',
      model,
      keys,
      keysWritten: keys,
      accounts: 12,
      expansion: { modules, keys: moduleKeys },
    }),
  ),
];

const byName = new Map(models.map((model) => [model.model.toUpperCase(), model]));

/** By the name on the phone's back, however it is written: `T46S`, `SIP-T46S`, `Yealink T46S`, `snomD785`. */
export function findModel(text: string): Model {
  const name = text
    .trim()
    .toUpperCase()
    .replace(/^(?:YEALINK[ /-]+|SNOM[ /-]*)/, '')
    .replace(/^SIP-/, '');
  const model = byName.get(name);
  if (model !== undefined) return model;
  const near = nearest(name, byName.keys());
  const hint = near === undefined ? '' : `; the nearest is ${near}`;
  throw new Fault('input.invalid', `model: "${text}" is not a model we can set up${hint}`, {
    field: 'model',
  });
}

/** The model of a device in the store; undefined after a downgrade to a program that does not know it. */
export function modelOf({ vendor, model }: { vendor: string; model: string }): Model | undefined {
  const found = byName.get(model.toUpperCase());
  return found?.vendor === vendor ? found : undefined;
}

/** No source of ours says of any model that it does; a phone that has answered so is offered it without this. */
const sha256Models: ReadonlySet<string> = new Set();

/** Known to answer SHA-256 digests (RFC 8760). */
export const takesSha256 = ({ vendor, model }: { vendor: string; model: string }): boolean =>
  sha256Models.has(`${vendor} ${model}`);

/**
 * The models as rows of data: vendor, keys, accounts, areas of keys, and what of
 * it is uncertain. ./models.ts finds them by what people type.
 *
 * Sources differ on the key count of some models: `keys` is the lower count,
 * what a layout may use, `keysWritten` the higher one, what a file empties.
 */

import { certain, keyed, type Model, noExpansion, type Page, page, uncertain } from './model.ts';
import { others } from './registry-others.ts';

type Row = readonly [
  model: string,
  keys: number,
  keysWritten: number,
  accounts: number,
  commonFile: string,
  modules: number,
  /** As many numbers as each module has; of EXP20 and EXP39 the 21st is no key. */
  moduleKeys: number,
  unused?: number,
];

// biome-ignore format: a table
const yealink: readonly Row[] = [
  ['T21P_E2',  2,  2,  2, 'y000000000052.cfg', 0,  0],
  ['T23P',     3,  3,  3, 'y000000000044.cfg', 0,  0],
  ['T23G',     3,  3,  3, 'y000000000044.cfg', 0,  0],
  ['T27P',    21, 21,  6, 'y000000000045.cfg', 6, 40, 21],
  ['T27G',    21, 21,  6, 'y000000000069.cfg', 6, 40, 21],
  ['T29G',    27, 27, 16, 'y000000000046.cfg', 6, 40, 21],
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

/** Their common file was derived from that of their family. A phone asks for it beside its own, so its name may be wrong. */
const filesUnsure = new Set('T31 T31P T31G T31W T33P T33G T34W T41U T44U T52S T54S'.split(' '));

function yealinkDoubts(model: string, keys: number, keysWritten: number) {
  const doubts = [
    ...(keys === keysWritten ? [] : [`Sources count ${keys} or ${keysWritten} keys.`]),
    ...(filesUnsure.has(model) ? ['The number of its common file rests on its family alone.'] : []),
  ];
  return doubts.length === 0 ? certain : uncertain(doubts.join(' '));
}

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

/** Behind a key that turns them. The phones that are touched have no such key. */
const yealinkPages = (model: string, keys: number) =>
  [12, 15, 21, 27].includes(keys) && !/^(?:T56A|T58.|VP59)$/.test(model) ? { pages: 3 } : {};

const pagesUnsure = 'The key count includes pages that were not checked.';
const snomPaged = new Set(['D335', 'D345', 'D385', 'D735', 'D745', 'D765', 'D785']);

const vpksUnsure = 'Sources differ on how many VPKs are line keys: the higher count is left to the line.';
const vpksKnown =
  'Whether a line key can carry a function is not documented: the first ones stay with the line.';

/**
 * `lines`: the first VPKs, which are line keys. A gap in the keys that follow
 * them makes a phone drop the rest, so the highest count any source has is used.
 */
// biome-ignore format: a table
const grandstream: readonly (readonly [model: string, vpk: number, lines: number, mpk: number, notes: string, modules?: number])[] = [
  ['GRP2612', 16,  4,  0, vpksUnsure],
  ['GRP2613', 24,  6,  0, vpksUnsure],
  ['GRP2614', 16,  6, 24, vpksUnsure],
  ['GRP2615', 40, 10,  0, vpksUnsure, 4],
  ['GRP2616', 16,  6, 24, vpksUnsure],
  ['GXP2130', 12,  3,  8, vpksKnown],
  ['GXP2135', 32,  8,  0, vpksKnown],
  ['GXP2140', 16,  4,  0, vpksKnown, 4],
  ['GXP2160', 24,  6, 24, vpksKnown],
  ['GXP2170', 48, 12,  0, vpksKnown, 4],
];

const mpksUnsure =
  'One source counts seven or eight multi-purpose keys; its settings are known by number alone.';

/** Keys beside the display, which stay with the line, and the multi-purpose keys below. */
// biome-ignore format: a table
const grandstreamNumbered: readonly (readonly [model: string, lines: number, mpk: number])[] = [
  ['GXP1628', 2, 8],
  ['GXP1630', 3, 8],
];

const sharedPages = 'Sources differ on the keys of a page: only those that all of them have are given out.';
const oneSource = 'The key count rests on one source.';
const olderForm = 'Firmware of its first years reads a form of file that is not written: update it first.';

/** Those whose own export is known, as text; of the others only the XML is. */
const fanvilText = new Set(['X3U', 'V65']);

/** Side keys beside the first display, then the keys of the lower one; each page counts from 1. */
// biome-ignore format: a table
const fanvil: readonly (readonly [model: string, side: Page, dss: Page, notes?: string])[] = [
  ['X1S',    [1,  2],     [0,  0]],
  ['X3S',    [1,  2],     [0,  0], olderForm],
  ['X3SG',   [1,  2],     [0,  0]],
  ['X3U',    [1,  3],     [0,  0]],
  ['X303',   [1,  3],     [0,  0]],
  ['X4',     [0,  0],     [5,  6], olderForm],
  ['X4SG',   [0,  0],     [5,  6]],
  ['X4U',    [1,  3],     [5,  6]],
  ['X5S',    [0,  0],     [5,  8]],
  ['X5U',    [1,  4],     [5,  6]],
  ['X5U-V2', [1,  5,  4], [5,  6], sharedPages],
  ['X6',     [0,  0],     [5, 12]],
  ['X6U',    [1,  5],     [5, 12]],
  ['X7',     [1, 11,  0], [4, 29], 'The side keys are not given out: their count was not checked.'],
  ['X7C',    [5, 12],     [0,  0]],
  ['X7A',    [0,  0],     [4, 28], oneSource],
  ['X210',   [1, 10],     [3, 32]],
  ['V61',    [4,  4,  3], [0,  0], sharedPages],
  ['V62',    [3,  7,  5], [0,  0], sharedPages],
  ['V62G',   [3,  7],     [0,  0]],
  ['V63',    [3,  7],     [0,  0]],
  ['V64',    [3,  7],     [0,  0]],
  ['V65',    [3,  9],     [0,  0]],
  ['V66',    [0,  0],     [1, 29], 'It may have more pages than one, which are not emptied.'],
  ['V67',    [0,  0],     [4, 29]],
  ['H5',     [0,  0],     [1,  6]],
  ['W611W',  [0,  0],     [2,  8]],
];

export const models: readonly Model[] = [
  ...yealink.map(
    ([model, keys, keysWritten, accounts, commonFile, modules, numbers, unused]): Model => ({
      vendor: 'yealink',
      model,
      keys,
      keysWritten,
      accounts,
      areas: [],
      commonFile,
      ...yealinkPages(model, keys),
      expansion: {
        ...{ modules, keys: unused === undefined ? numbers : numbers - 2, keysWritten: numbers },
        ...(unused !== undefined && { unused }),
      },
      ...yealinkDoubts(model, keys, keysWritten),
    }),
  ),
  ...snom.map(
    ([model, keys, modules, moduleKeys]): Model => ({
      vendor: 'snom',
      model,
      keys,
      keysWritten: keys,
      accounts: 12,
      areas: [],
      expansion: { modules, keys: moduleKeys, keysWritten: moduleKeys },
      ...(snomPaged.has(model) ? uncertain(pagesUnsure) : certain),
    }),
  ),
  ...grandstream.map(
    ([model, vpk, lines, mpk, notes, modules = 0]): Model => ({
      vendor: 'grandstream',
      model,
      accounts: lines,
      keysSold: vpk + mpk,
      ...keyed([
        { name: 'vpk', pages: 1, perPage: vpk, first: lines + 1, last: vpk },
        { name: 'mpk', pages: 1, perPage: mpk, first: 1, last: mpk },
      ]),
      expansion: modules === 0 ? noExpansion : { modules, keys: 40, keysWritten: 40 },
      ...uncertain(notes),
    }),
  ),
  ...grandstreamNumbered.map(
    ([model, lines, mpk]): Model => ({
      vendor: 'grandstream',
      model,
      accounts: lines,
      isNumbered: true,
      ...keyed([page('mpk', [1, mpk])]),
      expansion: noExpansion,
      ...uncertain(mpksUnsure),
    }),
  ),
  ...fanvil.map(
    ([model, side, dss, notes]): Model => ({
      vendor: 'fanvil',
      model,
      accounts: 20, // a phone with less ignores the rest
      ...(fanvilText.has(model) && { isText: true }),
      ...keyed([page('side', side), page('dss', dss)]),
      expansion: noExpansion,
      ...(notes === undefined ? certain : uncertain(notes)),
    }),
  ),
  ...others,
];

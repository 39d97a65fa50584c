/** Rows of the vendors with few models: see ./registry.ts. */

import { type KeyArea, keyed, type Model, noExpansion, uncertain } from './model.ts';

const twin =
  'Taken to speak as the Snom phone it is built like; one source of its own has the same settings.';

// biome-ignore format: a table
const gigaset: readonly (readonly [model: string, keys: number, moduleKeys: number])[] = [
  ['P710',  4, 18],
  ['P810',  4, 60],
  ['P820', 28, 60],
  ['P825', 28, 60],
  ['P850', 36, 60],
  ['P855', 36, 60],
];

const halfKnown =
  'Language, forwarding and call lists have no number that is known: reset the phone to factory state first.';

// biome-ignore format: a table
const htek: readonly (readonly [model: string, keys: number, commonFile: string])[] = [
  ['UC842',  4, 'cfg0001.xml'],
  ['UC860', 14, 'cfg0002.xml'],
  ['UC862', 14, 'cfg0000.xml'],
  ['UC903', 20, 'cfg0016.xml'],
  ['UC912', 12, 'cfg0019.xml'],
  ['UC923', 20, 'cfg0013.xml'],
  ['UC924', 28, 'cfg0012.xml'],
  ['UC926', 36, 'cfg0010.xml'],
];

const macros =
  'Login, Logout and speed dials are macros (EFK) on line keys, which old firmware does not have; ' +
  'what a user changed in the phone’s menu may win over the file.';

// biome-ignore format: a table
const poly: readonly (readonly [model: string, keys: number, modules: number])[] = [
  ['VVX250',  4, 0],
  ['VVX301',  6, 3],
  ['VVX311',  6, 3],
  ['VVX350',  6, 0],
  ['VVX401', 12, 3],
  ['VVX411', 12, 3],
  ['VVX450', 12, 3],
  ['VVX501', 12, 3],
  ['VVX601', 16, 3],
  ['VVX1500', 6, 0],
];

const planned =
  'Whether its dial plan takes a second star is not proven; where sources differ on its keys, the lower count is used.';

/** `used`: the count that all sources have; `written`: the highest; `sold`, if that is another. The soft keys below are emptied. */
// biome-ignore format: a table
const mitel: readonly (readonly [model: string, kind: string, used: number, written: number, soft: number, modules: number, sold?: number])[] = [
  ['6863i', 'prgkey',      3,  3,  0, 0],
  ['6865i', 'prgkey',      8,  8,  0, 3],
  ['6867i', 'topsoftkey', 20, 20, 18, 3],
  ['6869i', 'topsoftkey', 44, 44, 24, 3],
  ['6873i', 'topsoftkey', 48, 48, 24, 3],
  ['6905',  'prgkey',      3,  3,  0, 0],
  ['6910',  'prgkey',      8,  8,  0, 0],
  ['6915',  'topsoftkey',  6, 10,  0, 3],
  ['6920',  'topsoftkey',  8, 10,  0, 3],
  ['6930',  'topsoftkey', 12, 22,  0, 3],
  ['6940',  'topsoftkey', 24, 48,  0, 3, 24],
  ['6970',  'topsoftkey',  6, 24,  0, 0],
];

const row = (name: string, perPage: number, last: number): KeyArea => ({
  name,
  pages: 1,
  perPage,
  first: 1,
  last,
});

export const others: readonly Model[] = [
  ...gigaset.map(
    ([model, keys, moduleKeys]): Model => ({
      vendor: 'gigaset',
      model,
      keys,
      keysWritten: keys,
      accounts: 12,
      areas: [],
      expansion: { modules: 3, keys: moduleKeys, keysWritten: moduleKeys },
      ...uncertain(twin),
    }),
  ),
  ...htek.map(
    ([model, keys, commonFile]): Model => ({
      vendor: 'htek',
      model,
      keys,
      keysWritten: keys,
      accounts: 16, // a phone with less ignores the rest
      areas: [],
      commonFile,
      expansion: noExpansion,
      ...uncertain(halfKnown),
    }),
  ),
  ...poly.map(
    ([model, keys, modules]): Model => ({
      vendor: 'poly',
      model,
      accounts: keys,
      keysSold: keys,
      ...keyed([{ name: 'lineKey', pages: 1, perPage: keys, first: 2, last: keys }]),
      // Emptied; that a macro works there is not documented.
      expansion: modules === 0 ? noExpansion : { modules, keys: 0, keysWritten: 40 },
      ...uncertain(macros),
    }),
  ),
  ...mitel.map(
    ([model, kind, used, written, soft, modules, sold = written]): Model => ({
      vendor: 'mitel',
      model,
      accounts: 9, // a phone with less ignores the rest
      keysSold: sold,
      ...keyed([row(kind, written, used), row('softkey', soft, 0)]),
      // The smaller of two kinds of module has 16 keys.
      expansion: modules === 0 ? noExpansion : { modules, keys: 16, keysWritten: 84 },
      ...uncertain(planned),
    }),
  ),
];

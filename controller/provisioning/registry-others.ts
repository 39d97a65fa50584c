/** Rows of the vendors with few models: see ./registry.ts. */

import { type Model, uncertain } from './model.ts';

const twin = 'Taken to speak as the Snom phone it is built like; no source of its own for its settings.';

// biome-ignore format: a table
const gigaset: readonly (readonly [model: string, keys: number, moduleKeys: number])[] = [
  ['P710',  4, 18],
  ['P810',  4, 60],
  ['P820', 28, 60],
  ['P825', 28, 60],
  ['P850', 36, 60],
  ['P855', 36, 60],
];

export const others: readonly Model[] = [
  ...gigaset.map(
    ([model, keys, moduleKeys]): Model => ({
      vendor: 'gigaset',
      model,
      keys,
      keysWritten: keys,
      accounts: 12,
      areas: [],
      expansion: { modules: 3, keys: moduleKeys },
      ...uncertain(twin),
    }),
  ),
];

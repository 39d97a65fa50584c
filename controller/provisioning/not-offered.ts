/** Phones that people ask for and that are no hot desk phones: why not, so that it can be said. */

const noKeys = 'it has no programmable key for Login';
const twoKeys = 'of its two keys one stays with the line: there is none left for a user';
const uncounted = 'how many keys it has is not known, and each must be emptied';

// biome-ignore format: a table
const rows: readonly [models: string, why: string][] = [
  ['T19P_E2 T30 T30P CP920 CP925 X301', noKeys],
  ['GXP1610 GXP1620 GXP1625', noKeys],
  ['AX83H AX86R',                       'it is a handset without programmable keys'],
  ['W60B W70B W80B',                    'it is a base for cordless handsets'],
  ['VVX101 VVX150 VVX201', twoKeys],
  ['GRP2601 GRP2602 GRP2603 GRP2604 GRP2624 GRP2634 GRP2636 GRP2650 GRP2670', uncounted],
  ['EdgeE220 EdgeE350 EdgeE450 EdgeE550', uncounted],
  ['FRITZ!Box',                         'phones behind a router cannot be given a config each'],
];

/** By the model's name in capitals, without what may stand between. */
export const notOffered: ReadonlyMap<string, string> = new Map(
  rows.flatMap(([models, why]) =>
    models.split(' ').map((model) => [model.toUpperCase().replace(/_/g, ''), why] as const),
  ),
);

/**
 * Whose phone a MAC address is of: the first half of it is given to its maker.
 * Some makers share one with those that sell the same phone under another name,
 * so what a phone says of itself is shown beside it.
 */

// biome-ignore format: a table
const rows: readonly [vendor: string, prefixes: string][] = [
  ['yealink',     '001565 805ec0 805e0c 249ad8 3497d7 44dbd2 644f56 b061a9 c4fc22 e434d7 ec1da9 f01653'],
  ['snom',        '000413 1c7126'],
  ['fanvil',      '0c383e 00a859 00a85a'],
  ['grandstream', '000b82 c074ad ec74d7'],
  ['htek',        '001fc1'],
];

const byPrefix = new Map(
  rows.flatMap(([vendor, prefixes]) => prefixes.split(' ').map((each) => [each, vendor] as const)),
);

export const makerOf = (mac: string): string | undefined => byPrefix.get(mac.slice(0, 6));

import * as assert from 'uvu/assert';
import { readStray } from '#agent/pnp/stray.ts';
import { describe } from '#test/support/describe.ts';

// biome-ignore format: a table
const strays: [path: string, userAgent: string, mac: string | undefined][] = [
  ['/001565aabb01.cfg',            '',                                             '001565aabb01'],
  ['/provision/001565AABB01.boot', '',                                             '001565aabb01'],
  ['/cfgc074ad0a0b0c.xml',         '',                                             'c074ad0a0b0c'],
  ['/snomD785-000413AA0001.htm',   '',                                             '000413aa0001'],
  ['/y000000000028.cfg',           'Yealink SIP-T46G 28.83.0.1 00:15:65:aa:bb:01', '001565aabb01'],
  ['/',                            'Fanvil X5U-V2 2.12.16.1 0c383eaa0006',         '0c383eaa0006'],
  ['/F00000000000.cfg',            'Fanvil X5U-V2 2.12.16.1 0c383eaa0006',         '0c383eaa0006'],
  ['/F00000000000.cfg',            '',                                             undefined],
  ['/favicon.ico',                 'Mozilla/5.0',                                  undefined],
  ['/1001565aabb01.cfg',           '',                                             undefined],
  [`/${'a'.repeat(300)}.cfg`,      'Fanvil X5U-V2 2.12.16.1 0c383eaa0006',         undefined],
];

describe('a stray phone', (test) => {
  for (const [path, userAgent, mac] of strays) {
    test(`${path.slice(0, 40)} by "${userAgent}"`, () => assert.is(readStray(path, userAgent)?.mac, mac));
  }
});

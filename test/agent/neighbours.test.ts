import * as assert from 'uvu/assert';
import { findMac } from '#agent/neighbours.ts';
import { describe } from '#test/support/describe.ts';

const table = `IP address       HW type     Flags       HW address            Mask     Device
192.0.2.77       0x1         0x2         00:15:65:AB:34:56     *        eth0
192.0.2.7        0x1         0x6         80:5e:c0:00:00:01     *        eth0
192.0.2.78       0x1         0x0         00:15:65:12:34:57     *        eth0
192.0.2.79       0x1         0x2         00:00:00:00:00:00     *        eth0
192.0.2.80       0x20        0x2         80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03     *  ib0
`;

describe('neighbour', (test) => {
  // biome-ignore format: a table
  const rows: [address: string, mac: string | undefined][] = [
    ['192.0.2.77', '001565ab3456'],
    ['192.0.2.7',  '805ec0000001'],
    ['192.0.2.78', undefined], // not complete
    ['192.0.2.79', undefined],
    ['192.0.2.80', undefined],
    ['192.0.2.1',  undefined],
    ['IP',         undefined],
  ];
  for (const [address, mac] of rows) {
    test(`${address} is ${mac}`, () => assert.is(findMac(table, address), mac));
  }
  test('nothing in an empty table', () => assert.is(findMac('', '192.0.2.77'), undefined));
});

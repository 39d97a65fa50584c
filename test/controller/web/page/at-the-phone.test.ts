/** What to type at each make of phone, and MAC addresses as people type them. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { vendors } from '#controller/provisioning/vendors.ts';
import { stepsOf } from '#controller/web/page/at-the-phone.ts';
import { formatMac, readMac } from '#controller/web/page/mac.ts';
import { describe } from '#test/support/describe.ts';
import { drawSteps } from '#test/support/phone-picture.ts';

const url = 'http://192.0.2.7:8080/p/abc/';

// biome-ignore format: a table
const fields: Record<string, string> = {
  yealink: `Server URL=${url}`,
  snom: `Setting URL=${url}`,
  grandstream: 'Config Upgrade Via=HTTP Config Server Path=192.0.2.7:8080/p/abc',
  fanvil: 'Server Address=http://192.0.2.7:8080 Configuration File Name=p/abc/$mac.cfg Protocol Type=HTTP Update Mode=Update after reboot',
  gigaset: `Setting URL=${url}{mac}.xml`,
  htek: `Upgrade Mode=HTTP Config Server Path=${url}`,
  poly: `DHCP Menu → Boot Server=Static Server Type=HTTP Server Address=${url}`,
  mitel: 'Download Protocol=HTTP HTTP Server=192.0.2.7 HTTP Port=8080 HTTP Path=p/abc',
};

// biome-ignore format: a table
const macs: [typed: string, mac: string | undefined][] = [
  ['00:15:65:D0:00:01', '001565d00001'], ['00-15-65-d0-00-01', '001565d00001'], ['0015.65d0.0001', '001565d00001'],
  [' 001565 D00001 ', '001565d00001'], ['00:15:65:d0:00', undefined], ['00:15:65:d0:00:01:02', undefined],
  ['00:15:65:d0:00:0g', undefined], ['', undefined],
];

describe('at the phone', (test) => {
  test('every vendor of the registry has its steps', () => {
    assert.equal(Object.keys(fields).sort(), Object.keys(vendors).sort());
  });

  for (const [vendor, wanted] of Object.entries(fields)) {
    test(`of ${vendor}`, () => {
      const told = stepsOf(vendor, url)?.fields.map(([name, value]) => `${name}=${value}`);
      assert.is(told?.join(' '), wanted);
    });
  }

  test('by TLS', () => {
    const told = stepsOf('mitel', 'https://sbc.example/p/abc/')?.fields.map(([, value]) => value);
    assert.equal(told, ['HTTPS', 'sbc.example', '443', 'p/abc']);
  });

  test('of nobody known, or without a URL, there are none', () => {
    assert.is(stepsOf('toString', url), undefined);
    assert.is(stepsOf('yealink', ''), undefined);
  });

  for (const [typed, mac] of macs) {
    test(`"${typed}" is ${mac ?? 'no address'}`, () => assert.is(readMac(typed), mac));
  }

  test('an address is shown in pairs', () => assert.is(formatMac('001565d00001'), '00:15:65:d0:00:01'));

  // After a change that is meant: GOLDEN=write npx tsx test/run.ts controller/web at-the-phone.
  test('the pictures in docs/phones show it, one of each make', () => {
    const folder = fileURLToPath(new URL('../../../../docs/phones/', import.meta.url));
    for (const vendor of Object.keys(vendors)) {
      const steps = stepsOf(vendor, url);
      assert.ok(steps, vendor);
      const drawn = drawSteps(vendor, steps);
      const file = join(folder, `${vendor}.svg`);
      if (process.env.GOLDEN === 'write') writeFileSync(file, drawn);
      assert.is(readFileSync(file, 'utf8'), drawn, vendor);
    }
    assert.is(readdirSync(folder).length, Object.keys(vendors).length);
  });
});

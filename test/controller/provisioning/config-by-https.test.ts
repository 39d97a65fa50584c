/** Who is told to fetch its config by HTTPS: phones that can be told whom to trust, where the agent speaks it. */

import * as assert from 'uvu/assert';
import type { Site } from '#controller/model/model.ts';
import { createConfig } from '#controller/provisioning/config.ts';
import { describe } from '#test/support/describe.ts';
import { addresses, berlin, deviceOf, keys } from './desk.ts';

const both = { ...addresses, https: { address: '192.0.2.7', port: 8081 } };

// biome-ignore format: a table
const rows: [model: string, configBy: Site['configBy'], agent: typeof both | typeof addresses, isHttps: boolean, ca: boolean][] = [
  ['T46S',    'https',   both,      true,  true],
  ['D785',    'https',   both,      true,  true],
  ['T46S',    'http',    both,      false, false],
  ['T46S',    undefined, both,      false, false],
  ['T46S',    'https',   addresses, false, false],
  ['P850',    'https',   both,      false, false],
  ['GRP2614', 'https',   both,      false, false],
  ['6867i',   'https',   both,      false, false],
];

describe('config by HTTPS', (test) => {
  for (const [model, configBy, agent, isHttps, ca] of rows) {
    const at = agent === both ? 'an agent that speaks it' : 'an agent that does not';
    test(`${model} at a site of ${configBy ?? 'nothing said'}, ${at}: ${isHttps ? 'https' : 'http'}`, () => {
      const device = deviceOf(model);
      const site = { ...berlin, ...(configBy && { configBy }) };
      const text = Buffer.from(createConfig({ device, site, addresses: agent, keys }).body).toString();
      const folder = `/p/${keys.configToken(device.mac)}/`;
      assert.is(text.includes(`https://192.0.2.7:8081${folder}`), isHttps);
      // The CA by HTTP: until a phone has it, it believes no server.
      assert.is(text.includes(`http://192.0.2.7:8080${folder}site-ca.crt`), ca);
    });
  }
});

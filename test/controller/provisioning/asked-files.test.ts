/**
 * What phones of each make ask for by themselves, in the order they do, as manuals and the logs of others have
 * it: each request has its file, or the 404 that is held against nobody. A config that is anybody else's has neither.
 */

import * as assert from 'uvu/assert';
import { site } from '#controller/model/model.ts';
import type { RelayedAnswer } from '#controller/model/ports.ts';
import { createAdoption } from '#controller/provisioning/adoption.ts';
import { makes } from '#controller/provisioning/makes.ts';
import { models } from '#controller/provisioning/models.ts';
import { createProvisioning } from '#controller/provisioning/provisioning.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
import { addresses, deviceOf, keys } from './desk.ts';

const own = '001565aabbcc';
const other = '001565aabbdd';

/** `config`: its own; `fixed`: the same for whoever sits there; `absent`: none; `guess`: none, and counted. */
type Is = 'config' | 'fixed' | 'absent' | 'guess';

// biome-ignore format: a table
const asked: Readonly<Record<string, readonly (readonly [file: string, is: Is])[]>> = {
  T46S: [
    [`${own}.boot`, 'fixed'], ['y000000000000.boot', 'fixed'], ['y000000000066.cfg', 'fixed'], [`${own}.cfg`, 'config'],
    ['y000000000108.cfg', 'absent'], [`${own}-local.cfg`, 'absent'], [`${own}-contact.xml`, 'absent'],
    [`${own}-calllog.xml`, 'absent'], ['no-contacts.xml', 'fixed'], [`${other}.cfg`, 'guess'], [`${own}.xml`, 'guess'],
  ],
  D785: [
    ['snomD785.htm', 'fixed'], ['snomD785-001565AABBCC.htm', 'config'], ['001565AABBCC.xml', 'config'],
    ['snom785-001565AABBCC.htm', 'config'], ['snomD735-001565AABBCC.htm', 'config'], ['snomD785-firmware.htm', 'absent'],
    ['snom-firmware.xml', 'absent'], ['gui_lang_DE.xml', 'absent'], [`snomD785-${other}.htm`, 'guess'], [`${own}.cfg`, 'guess'],
  ],
  GRP2614: [
    [`cfg${own}`, 'absent'], [`cfg${own}.xml`, 'config'], ['cfggrp2614.xml', 'absent'], ['cfg.xml', 'absent'],
    ['gs_phonebook.xml', 'absent'], ['grp2614fw.bin', 'absent'], [`cfg${other}.xml`, 'guess'], [`${own}.cfg`, 'guess'],
  ],
  GXP1630: [[`cfg${own}`, 'absent'], [`cfg${own}.xml`, 'config'], ['cfggxp1630.xml', 'absent'], ['gxp1600fw.bin', 'absent']],
  X5U: [
    ['F0V0X5U00000.cfg', 'absent'], ['f0X4hw1.100.cfg', 'absent'], ['F00000000000.cfg', 'absent'],
    [`${own}.cfg`, 'config'], ['fanvil_x5u_hwv1_0.txt', 'absent'], [`${other}.cfg`, 'guess'], ['f0.cfg', 'guess'],
  ],
  P850: [
    [`${own}.xml`, 'config'], ['gigasetP850-001565AABBCC.htm', 'config'], ['gigasetP850.htm', 'absent'],
    [`${other}.xml`, 'guess'], ['snom850.cfg', 'guess'],
  ],
  UC926: [
    [`cfg${own}`, 'absent'], ['cfg0010.xml', 'fixed'], ['cfg0012.xml', 'absent'], [`cfg${own}.xml`, 'config'],
    ['phonebook.xml', 'absent'], ['fw926.rom', 'absent'], [`cfg${other}.xml`, 'guess'],
  ],
  VVX450: [
    [`${own}.cfg`, 'fixed'], [`hotdesk-${own}.cfg`, 'config'], ['000000000000.cfg', 'absent'], [`${own}-phone.cfg`, 'absent'],
    [`${own}-web.cfg`, 'absent'], [`${own}-license.cfg`, 'absent'], ['000000000000-license.cfg', 'absent'],
    [`${own}-directory.xml`, 'absent'], ['000000000000-directory.xml', 'absent'], [`${own}-calls.xml`, 'absent'],
    [`${own}-app.log`, 'absent'], ['3111-48450-001.sip.ld', 'absent'], ['sip.ver', 'absent'], ['sip.ld', 'absent'],
    [`hotdesk-${other}.cfg`, 'guess'], [`${other}.cfg`, 'guess'],
  ],
  '6867i': [
    ['security.tuz', 'absent'], ['startup.tuz', 'absent'], ['startup.cfg', 'fixed'], ['aastra.tuz', 'absent'], ['aastra.cfg', 'fixed'],
    ['6867i.tuz', 'absent'], ['6867i.cfg', 'absent'], ['001565AABBCC.tuz', 'absent'], ['001565AABBCC.cfg', 'config'],
    ['6867i.st', 'absent'], ['lang_de.txt', 'absent'], [`${other}.cfg`, 'guess'], [`${other}.tuz`, 'guess'],
  ],
};

function world(model: string) {
  const device = deviceOf(model);
  const store = createMemoryStore([
    { type: 'put', collection: 'sites', value: site.parse({ id: 'berlin' }) },
    { type: 'put', collection: 'devices', value: device },
  ]);
  const clock = createFakeClock();
  const fetched: string[] = [];
  const provisioning = createProvisioning({
    ...{ store, keys, clock, adoption: createAdoption({ store, clock }) },
    log: { info() {}, debug() {} },
    changeOvers: { fetched: (id) => void fetched.push(id) },
    addressesOf: () => addresses,
    certificateOf: () => Promise.resolve(''),
  });
  const ask = (file: string): Promise<RelayedAnswer> =>
    provisioning.answer({
      ...{ agent: 'a'.repeat(16), site: 'berlin', method: 'GET', headers: {} },
      path: `/p/${keys.configToken(device.mac)}/${file}`,
      remote: { address: '192.0.2.20', port: 40_000 },
    });
  const refusals = () => Object.values(provisioning.counters.refused).reduce((sum, each) => sum + each, 0);
  return { ask, fetched, refusals };
}

describe('what phones ask for by themselves', (test) => {
  test('is known for every make', () => {
    const vendors = models.filter(({ model }) => model in asked).map(({ vendor }) => vendor);
    assert.equal([...new Set(vendors)].sort(), Object.keys(makes).sort());
  });

  for (const [model, files] of Object.entries(asked)) {
    const { ask, fetched, refusals } = world(model);
    for (const [file, is] of files) {
      test(`${model} ${file}: ${is}`, async () => {
        const before = [fetched.length, refusals()] as const;
        const { status, body } = await ask(file);
        const seen = [status, body.length > 1_000, fetched.length - before[0], refusals() - before[1]];
        const expected = {
          ...{ config: [200, true, 1, 0], fixed: [200, false, 0, 0] },
          ...{ absent: [410, false, 0, 0], guess: [404, false, 0, 1] },
        };
        assert.equal(seen, expected[is]);
      });
    }
  }

  test('each file that a model’s facts name is there, or is known to be none', async () => {
    for (const { vendor, model, commonFile } of models) {
      const { ask, refusals } = world(model);
      for (const file of makes[vendor].files(model, commonFile)) await ask(file.replaceAll('{mac}', own));
      assert.is(refusals(), 0, `${vendor} ${model}`);
    }
  });
});

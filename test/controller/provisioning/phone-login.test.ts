/** What opens a phone's own page: it is what its config sets, an admin can be told it, and the config that is shown has it not. */

import * as assert from 'uvu/assert';
import { type Device, site } from '#controller/model/model.ts';
import { createAdoption } from '#controller/provisioning/adoption.ts';
import { models } from '#controller/provisioning/models.ts';
import { createProvisioning } from '#controller/provisioning/provisioning.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
import { addresses, deviceOf, keys, textOf } from './desk.ts';

function open(device: Device) {
  const store = createMemoryStore([
    { type: 'put', collection: 'sites', value: site.parse({ id: 'berlin', language: 'de' }) },
    { type: 'put', collection: 'devices', value: device },
  ]);
  const clock = createFakeClock();
  return createProvisioning({
    ...{ store, keys, clock, adoption: createAdoption({ store, clock }) },
    log: { info() {}, debug() {} },
    changeOvers: { fetched() {} },
    addressesOf: () => addresses,
    certificateOf: () => Promise.resolve(''),
  });
}

describe('what opens a phone', (test) => {
  for (const { vendor, model } of models) {
    test(`${vendor} ${model}: is in its config, and hidden where that is shown`, () => {
      const device = deviceOf(model);
      const provisioning = open(device);
      const login = provisioning.loginOf(device.id);
      const shown = provisioning.maskedConfigOf(device.id)?.text ?? '';
      assert.ok(login);
      assert.is(login.user, vendor === 'poly' ? 'Polycom' : 'admin');
      const secrets = [login.password, keys.sipSecret(device.id, 3), keys.configToken(device.mac)];
      for (const secret of secrets) assert.ok(textOf(model).includes(secret), secret);
      for (const secret of secrets) assert.not(shown.includes(secret), secret);
      assert.ok(shown.includes('(hidden)'));
    });
  }

  test('a Mitel takes digits alone', () => {
    assert.match(open(deviceOf('6867i')).loginOf('HD0001')?.password ?? '', /^\d{9}$/);
  });

  test('of a phone that nobody knows, or that is not there, nothing', () => {
    const provisioning = open({ ...deviceOf('T46S'), vendor: 'cisco' });
    assert.equal([provisioning.loginOf('HD0001'), provisioning.loginOf('HD0002')], [undefined, undefined]);
  });
});

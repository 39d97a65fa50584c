/** A device that was not there: by its MAC, or adopted from the phones that agents heard. */

import { randomInt } from 'node:crypto';
import type { Device } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import { findModel } from '#controller/provisioning/models.ts';
import { checkDevice, nextDeviceId, readMac } from '#controller/sessions/rules.ts';
import { taken } from './read.ts';
import { inTurn } from './turns.ts';

export type WantedDevice = { mac: string; model: string } & Pick<Device, 'site' | 'place'>;

/**
 * A generation that no phone has had the secret of: names are given again, and
 * a phone that was removed or replaced must not still be who it was.
 */
export const unknownSecret = () => ({
  generation: randomInt(2 ** 40, 2 ** 47),
  confirmedGeneration: 0,
});

/** What was asked for as a device has it. Throws `input.invalid` or `conflict` that names the field. */
export function placed(
  store: Store,
  id: string,
  wanted: WantedDevice,
): Pick<Device, 'mac' | 'vendor' | 'model' | 'site' | 'place'> {
  const { vendor, model } = findModel(wanted.model);
  const { site, place: where } = wanted;
  const known = { mac: readMac(wanted.mac), vendor, model, site };
  checkDevice({ id, ...known }, store);
  return where === undefined ? known : { ...known, place: where };
}

/** `chosen`: its name, else HD and the next free number. */
export function addDevice(store: Store, wanted: WantedDevice, chosen?: string): Promise<Device> {
  return inTurn(store, async () => {
    const id = chosen ?? nextDeviceId(store);
    if (store.get('devices', id) !== undefined) throw taken('device', id, 'id');
    const value: Device = { id, ...placed(store, id, wanted), ...unknownSecret() };
    await store.commit([{ type: 'put', collection: 'devices', value, expect: 'absent' }]);
    return value;
  });
}

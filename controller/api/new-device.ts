/** A device that was not there: by its MAC, or adopted from the phones that agents heard. */

import { randomInt } from 'node:crypto';
import type { Device } from '#controller/model/model.ts';
import type { Change, Store } from '#controller/model/ports.ts';
import type { Model } from '#controller/provisioning/model.ts';
import { findModel } from '#controller/provisioning/models.ts';
import { checkDevice, nextDeviceId, readMac } from '#controller/sessions/rules.ts';
import { taken, wrong } from './read.ts';
import { inTurn } from './turns.ts';

export type WantedDevice = { mac: string; model: string } & Pick<Device, 'site' | 'place' | 'expansions'>;

/**
 * A generation that no phone has had the secret of: names are given again, and
 * a phone that was removed or replaced must not still be who it was.
 */
export const unknownSecret = () => ({
  generation: randomInt(2 ** 40, 2 ** 47),
  confirmedGeneration: 0,
});

type Placed = Pick<Device, 'mac' | 'vendor' | 'model' | 'site' | 'place' | 'expansions'>;

/** As many modules as a model can have keys on. Throws `input.invalid`. */
export function modulesOn({ vendor, model, expansion }: Model, wanted: number): number {
  const { modules, keys } = expansion;
  if (wanted > 0 && (modules === 0 || keys === 0)) {
    throw wrong('expansions', `a ${model} (${vendor}) has no expansion modules that we can lay keys on`);
  }
  if (wanted > modules) throw wrong('expansions', `a ${model} takes ${modules} at most`);
  return wanted;
}

/** What was asked for as a device has it. Throws `input.invalid` or `conflict` that names the field. */
export function placed(store: Pick<Store, 'get' | 'list'>, id: string, wanted: WantedDevice): Placed {
  const found = findModel(wanted.model);
  const { vendor, model } = found;
  const { site, place: where } = wanted;
  const known = { mac: readMac(wanted.mac), vendor, model, site };
  checkDevice({ id, ...known }, store);
  const expansions = modulesOn(found, wanted.expansions ?? 0);
  return { ...known, ...(where && { place: where }), ...(expansions > 0 && { expansions }) };
}

/** A device as it is to be, and what ends when that is another phone or it stands elsewhere. */
export function changed(
  store: Pick<Store, 'get'>,
  before: Device,
  known: Placed,
): { value: Device; ended: Change[] } {
  const { place: oldPlace, expansions: _, ...rest } = before;
  const value: Device = { ...rest, ...known };
  // Carried elsewhere: its floor and room are not those of the other office.
  if (value.site !== before.site && JSON.stringify(value.place) === JSON.stringify(oldPlace)) {
    delete value.place;
  }
  if (value.mac !== before.mac) Object.assign(value, unknownSecret());
  const isElsewhere = value.site !== before.site || value.mac !== before.mac;
  return { value, ended: isElsewhere ? unregistered(store, value.id) : [] };
}

export function unregistered(store: Pick<Store, 'get'>, id: string): Change[] {
  return store.get('bindings', id) === undefined ? [] : [{ type: 'delete', collection: 'bindings', id }];
}

/** `chosen`: its name, else HD and the next free number. */
export function addDevice(store: Store, wanted: WantedDevice, chosen?: string): Promise<Device> {
  return inTurn(store, async () => {
    const id = chosen ?? nextDeviceId(new Set(store.list('devices').map((device) => device.id)));
    if (store.get('devices', id) !== undefined) throw taken('device', id, 'id');
    const value: Device = { id, ...placed(store, id, wanted), ...unknownSecret() };
    await store.commit([{ type: 'put', collection: 'devices', value, expect: 'absent' }]);
    return value;
  });
}

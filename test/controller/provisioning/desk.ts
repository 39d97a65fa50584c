/** A desk in Berlin to write configs for: idle, or with somebody at it. */

import { createKeys } from '#controller/keys.ts';
import { type Device, type Key, type Site, site, type User } from '#controller/model/model.ts';
import { createConfig } from '#controller/provisioning/config.ts';
import { findModel } from '#controller/provisioning/models.ts';

export const keys = createKeys(new Uint8Array(32));
export const berlin: Site = site.parse({ id: 'berlin', language: 'de' });
export const addresses = {
  sip: { address: '192.0.2.7', port: 5060 },
  http: { address: '192.0.2.7', port: 8080 },
};

const seat = { device: 'HD0001', extension: '100', since: 0, how: 'dial' as const };

export const deviceOf = (model: string, id = 'HD0001'): Device => ({
  id,
  mac: '001565aabbcc',
  vendor: findModel(model).vendor,
  model,
  site: 'berlin',
  generation: 3,
  confirmedGeneration: 2,
});

export const userOf = (name: string, userKeys: Key[] = []): User => ({
  extension: '100',
  name,
  hotdesk: true,
  keys: userKeys,
});

export const anna = userOf('Anna Berger', [
  { type: 'blf', value: '101', label: 'Ben' },
  { type: 'none', value: '', label: '' },
  { type: 'speeddial', value: '0123', label: 'Office' },
]);

/** `more`: what else the device has. */
export const write = (model: string, user?: User, more: Partial<Device> = {}) => {
  const device = { ...deviceOf(model), ...more };
  return createConfig({ device, session: user && seat, user, site: berlin, addresses, keys });
};

export const textOf = (model: string, user?: User, more: Partial<Device> = {}) =>
  Buffer.from(write(model, user, more).body).toString();

/** A user with as many keys as that: 200, 201, ... */
export const busy = (count: number): User =>
  userOf(
    'Busy',
    Array.from({ length: count }, (_, at) => ({ type: 'blf', value: String(200 + at), label: `K${at}` })),
  );

/**
 * A phone's config, as a pure function of what the store holds:
 *
 *     config(device, session?, user?, site, addresses) → bytes, ETag
 *
 * The same input is the same bytes, on every controller and after every restart:
 * the ETag tells whether a phone has fetched what its session wants.
 */

import { createHash } from 'node:crypto';
import type { Keys } from '#controller/keys.ts';
import { layoutKeys } from '#controller/layout/layout.ts';
import {
  type Device,
  type Key,
  type Session,
  type Site,
  type User,
  usualPickupCode,
} from '#controller/model/model.ts';
import type { HostPort } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import { keyCountOf } from './areas.ts';
import { modelOf } from './models.ts';
import { type Account, caFile, folderUrl, type Vendor } from './vendor.ts';
import { vendorOf } from './vendors.ts';

/** Where the phones of a site reach their agent. */
export type Addresses = {
  /** By UDP. */
  sip: HostPort;
  sipTcp?: HostPort | undefined;
  sipTls?: HostPort | undefined;
  http: HostPort;
  https?: HostPort | undefined;
};

/** Where the phones of a site are to register; undefined: their agent does not take that transport. */
export function registrarOf({ transport }: Pick<Site, 'transport'>, { sip, sipTcp, sipTls }: Addresses) {
  return { udp: sip, tcp: sipTcp, tls: sipTls }[transport];
}

export type ConfigInput = {
  device: Device;
  /** Both or none: who sits at the device. */
  session?: Session | undefined;
  user?: User | undefined;
  site: Site;
  addresses: Addresses;
  keys: Pick<Keys, 'sipSecret' | 'configToken' | 'phonePassword'>;
};

export type Config = {
  body: Uint8Array;
  etag: string;
  /** The user's keys the phone has no room for. */
  cut: Key[];
};

export function createConfig({ device, session, user, site, addresses, keys }: ConfigInput): Config {
  const model = modelOf(device);
  const vendor = vendorOf(device.vendor);
  if (model === undefined || vendor === undefined) {
    throw new Fault('not.found', `no config can be written for a ${device.vendor} ${device.model}`, {
      noun: 'model',
      id: device.model,
    });
  }
  const registrar = registrarOf(site, addresses);
  if (registrar === undefined) {
    throw new Fault('unavailable', `the agent takes no SIP by ${site.transport}`, { site: site.id });
  }
  const seated = session === undefined ? undefined : user;
  const { keys: laid, cut } = layoutKeys({
    count: keyCountOf(model, device.expansions),
    userKeys: seated?.keys ?? [],
    state: seated === undefined ? 'idle' : 'loggedIn',
    dialCodes: site.dialCodes,
    language: site.language,
  });
  const text = vendor.format({
    model,
    account: accountOf(device, seated, keys),
    keys: laid,
    pickupCode: site.dialCodes.pickup ?? usualPickupCode,
    site,
    sip: registrar,
    ...foldersOf(site, addresses, keys.configToken(device.mac), vendor),
    adminPassword: passwordAt(vendor, keys.phonePassword(device.mac)),
  });
  return { ...tagged(text), cut };
}

/**
 * Where the phone fetches its files from now on. The CA comes by HTTP, for until
 * the phone has it, it believes no server.
 */
function foldersOf(site: Site, { http, https }: Addresses, token: string, { trustsCa }: Vendor) {
  const first = folderUrl(http, token);
  const isHttps = site.configBy === 'https' && trustsCa === true && https !== undefined;
  const url = isHttps ? folderUrl(https, token, 'https') : first;
  return { url, caUrl: isHttps || site.transport === 'tls' ? first + caFile : undefined };
}

/** What opens the phone's own menus. */
export const passwordAt = ({ toPassword }: Vendor, password: string): string =>
  toPassword === undefined ? password : toPassword(password);

/** Shown is who sits there; what authenticates is always the device. */
function accountOf(device: Device, user: User | undefined, keys: ConfigInput['keys']): Account {
  return {
    label: user === undefined ? device.id : `${user.extension} ${user.name}`,
    displayName: user?.name ?? device.id,
    userName: user?.extension ?? device.id,
    authName: device.id,
    password: keys.sipSecret(device.id, device.generation),
  };
}

export function tagged(text: string): { body: Uint8Array; etag: string } {
  const body = Buffer.from(text);
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

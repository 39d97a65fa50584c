/**
 * Phones that agents heard and nobody has set up: each site remembers the last
 * ones, for a while, so that an admin can adopt one. They say what they like, so
 * the list is bounded for each site: one LAN cannot push out another's phones.
 *
 * A phone that is a device of that site is no stranger: it is told its URL.
 *
 *     Grandstream   the folder, as its firmware asks for
 *     others        the file itself, which is the whole config
 */

import type { Device } from '#controller/model/model.ts';
import type { HeardPhone, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { makerOf } from './makes.ts';
import { findModel, modelOf } from './models.ts';
import { vendorOf } from './vendors.ts';

export type UnknownPhone = HeardPhone & {
  /** Milliseconds since 1970. */
  lastSeen: number;
  /** By its MAC address. */
  maker?: string;
  /** The one of our models that it says it is. */
  known?: string;
};

export type UnknownPhones = {
  /** Answers the URL for the phone, if it is a device of that site. */
  heard(phone: HeardPhone): string | undefined;
  /** The latest first. */
  list(): readonly UnknownPhone[];
  readonly counters: Readonly<Counters>;
};

type Counters = { heard: number; offered: number; ofAnotherSite: number; forgotten: number };

export type UnknownPhonesOptions = {
  store: Pick<Store, 'list'>;
  /** The folder of a device; undefined while its agent is not known. */
  urlOf(device: string): string | undefined;
  clock: Clock;
  perSite?: number;
  forgetMs?: number;
};

export function createUnknownPhones({
  store,
  urlOf,
  clock,
  perSite = 100,
  forgetMs = 24 * 60 * 60 * 1_000,
}: UnknownPhonesOptions): UnknownPhones {
  const counters: Counters = { heard: 0, offered: 0, ofAnotherSite: 0, forgotten: 0 };
  const bySite = new Map<string, Map<string, UnknownPhone>>();

  function remember(phone: HeardPhone): void {
    const known = bySite.get(phone.site) ?? new Map<string, UnknownPhone>();
    bySite.set(phone.site, known);
    const maker = makerOf(phone.mac);
    const model = modelNamed(phone, maker);
    known.delete(phone.mac);
    known.set(phone.mac, {
      ...phone,
      lastSeen: clock.wall(),
      ...(maker !== undefined && { maker }),
      ...(model !== undefined && { known: model }),
    });
    const [oldest] = known.keys();
    if (known.size <= perSite || oldest === undefined) return;
    counters.forgotten++;
    known.delete(oldest);
  }

  return {
    counters,
    heard(phone) {
      counters.heard++;
      const device = store.list('devices').find(({ mac }) => mac === phone.mac);
      if (device === undefined) {
        remember(phone);
        return undefined;
      }
      bySite.get(device.site)?.delete(device.mac);
      if (device.site !== phone.site) {
        counters.ofAnotherSite++;
        return undefined;
      }
      const folder = urlOf(device.id);
      if (folder === undefined || phone.by !== 'pnp') return undefined;
      counters.offered++;
      return folder + ownFile(device);
    },
    list() {
      const devices = new Set(store.list('devices').map(({ mac }) => mac));
      const since = clock.wall() - forgetMs;
      return [...bySite.values()]
        .flatMap((known) => [...known.values()])
        .filter(({ mac, lastSeen }) => lastSeen >= since && !devices.has(mac))
        .sort((one, other) => other.lastSeen - one.lastSeen);
    },
  };
}

/** Empty where the phone wants a folder. */
function ownFile(device: Device): string {
  const [vendor, model] = [vendorOf(device.vendor), modelOf(device)];
  if (device.vendor === 'grandstream' || vendor === undefined || model === undefined) return '';
  const { mac } = device;
  const names = [`${mac}.cfg`, `${mac}.xml`, `cfg${mac}.xml`];
  return names.find((name) => vendor.fileOf(name, device, model)?.type === 'config') ?? '';
}

function modelNamed({ model = '' }: HeardPhone, maker: string | undefined): string | undefined {
  try {
    const found = findModel(model);
    return maker === undefined || found.vendor === maker ? found.model : undefined;
  } catch {
    return undefined; // one that we cannot set up, or a name that says nothing
  }
}

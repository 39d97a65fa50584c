/** Two sites, devices, users with PINs, and phones that answer what a test says. */

import type { Device, User } from '#controller/model/model.ts';
import { site } from '#controller/model/model.ts';
import type { Change, Resync, Store } from '#controller/model/ports.ts';
import type { Scrypt } from '#controller/sessions/pins.ts';
import { createSessions, type SessionsOptions } from '#controller/sessions/sessions.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';

type Line = { facts: Record<string, unknown>; message: string };

export const putUser = (extension: string, more: Partial<User> = {}): Change => ({
  type: 'put',
  collection: 'users',
  value: { extension, name: `user ${extension}`, hotdesk: true, keys: [], ...more },
});

export const putDevice = (id: string, more: Partial<Device> = {}): Change => ({
  type: 'put',
  collection: 'devices',
  value: {
    id,
    mac: id.slice(2).padStart(12, '0'),
    vendor: 'Yealink',
    model: 'T46S',
    site: 'berlin',
    generation: 1,
    confirmedGeneration: 1,
    ...more,
  },
});

const deviceIds = ['HD0001', 'HD0002', 'HD0003', 'HD0004'];

export const population: Change[] = [
  { type: 'put', collection: 'sites', value: site.parse({ id: 'berlin' }) },
  { type: 'put', collection: 'sites', value: site.parse({ id: 'paris' }) },
  ...deviceIds.map((id) => putDevice(id)),
  putDevice('HD0009', { site: 'paris' }),
  ...['100', '101', '102'].map((extension) => putUser(extension)),
  putUser('103', { hotdesk: false }),
];

/** As fast as a test needs it, and counted. Still hears the whole PIN. */
export function createFastScrypt() {
  const calls = { count: 0 };
  const scrypt: Scrypt = async (password, salt, bytes) => {
    calls.count++;
    await Promise.resolve();
    return Uint8Array.from({ length: bytes }, (_, i) => (password[i] ?? 0) ^ (salt[i % salt.length] ?? 0));
  };
  return { calls, scrypt };
}

export function createWorld({
  store = createMemoryStore(population),
  clock = createFakeClock(1_700_000_000_000),
  ...more
}: Partial<SessionsOptions> & { clock?: ReturnType<typeof createFakeClock>; store?: Store } = {}) {
  const lines: Line[] = [];
  const write = (facts: object, message: string) => lines.push({ facts: facts as Line['facts'], message });
  const asked: string[] = [];
  const phones = new Map<string, Awaited<ReturnType<Resync>>>();
  const { calls, scrypt } = createFastScrypt();
  const sessions = createSessions({
    store,
    clock,
    keys: { pepper: new Uint8Array(32) },
    log: { info: write, warn: write, error: write },
    resync: async (device) => {
      asked.push(device);
      return phones.get(device) ?? 'answered';
    },
    configEtag: (device) => `"${device} ${store.get('devices', device)?.generation}"`,
    scrypt,
    ...more,
  });
  return { store, clock, sessions, lines, asked, phones, calls };
}

/** Lets everything that waits for no timer come to rest. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await new Promise((go) => setImmediate(go));
}

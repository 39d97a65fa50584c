/**
 * How long the API takes to list 10,000 devices, a tenth of them with somebody
 * logged in, with all that is shown of each (its config is made for that):
 *
 *     tsx test/bench/lists.ts [devices] [runs]
 */

import { createApp } from '#controller/api/app.ts';
import { createKeys } from '#controller/keys.ts';
import type { Change } from '#controller/model/ports.ts';
import { createProvisioning } from '#controller/provisioning/provisioning.ts';
import { createApiWorld } from '#test/controller/api/world.ts';

const [devices = 10_000, runs = 10] = process.argv.slice(2).map(Number);

const world = createApiWorld();
const { store, deps } = world;
const changes = Array.from({ length: devices }, (_, n): Change[] => {
  const id = `HD${String(n + 2).padStart(5, '0')}`;
  const extension = String(10_000 + n);
  const keys = Array.from({ length: 10 }, () => ({ type: 'blf' as const, value: '100', label: 'Anna' }));
  const mac = (0x0015_6500_0000 + n).toString(16).padStart(12, '0');
  const device = { id, mac, vendor: 'yealink', model: 'T46S', site: 'berlin' };
  const generations = { generation: 1, confirmedGeneration: 1 };
  const own: Change = { type: 'put', collection: 'devices', value: { ...device, ...generations } };
  if (n % 10 !== 0) return [own];
  return [
    own,
    { type: 'put', collection: 'users', value: { extension, name: `User ${n}`, hotdesk: true, keys } },
    { type: 'put', collection: 'sessions', value: { device: id, extension, since: 0, how: 'dial' } },
  ];
}).flat();
await store.commit(changes);

const hostPort = { address: '192.0.2.7', port: 5060 };
const provisioning = createProvisioning({
  store,
  keys: createKeys(new Uint8Array(32)),
  log: { info: () => undefined, debug: () => undefined },
  changeOvers: { fetched: () => undefined },
  addressesOf: () => ({ sip: hostPort, http: { ...hostPort, port: 8080 } }),
  certificateOf: async () => '',
  adoption: { admit: () => 'path', served: () => false },
  clock: world.clock,
});
const app = createApp({ ...deps, provisioning });

async function ask(query: string): Promise<{ items: object[]; next?: string; bytes: number }> {
  const answer = await app.request(`/api/v1/devices${query}`);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(text);
  return { ...(JSON.parse(text) as { items: object[]; next?: string }), bytes: text.length };
}

async function all(): Promise<number> {
  let count = 0;
  for (let cursor = ''; ; ) {
    const { items, next } = await ask(`?limit=1000${cursor}`);
    count += items.length;
    if (next === undefined) return count;
    cursor = `&cursor=${next}`;
  }
}

async function measure(name: string, run: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  for (let at = 0; at < runs; at++) {
    const begun = performance.now();
    await run();
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)] ?? 0;
  process.stdout.write(
    `${name.padEnd(44)} median ${median.toFixed(0)} ms, longest ${(times.at(-1) ?? 0).toFixed(0)} ms\n`,
  );
}

process.stdout.write(`GET /devices of ${devices}\n`);
await measure('?limit=100', () => ask('?limit=100'));
await measure('without a limit: the first 1,000', () => ask(''));
await measure('?limit=100&sort=-mac', () => ask('?limit=100&sort=-mac'));
await measure('?limit=100&q=user 42', () => ask('?limit=100&q=user%2042'));
await measure('all of them, by pages of 1,000', all);
provisioning.close();

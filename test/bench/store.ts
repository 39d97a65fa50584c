/**
 * The store's commits a second, beside those of lowdb's own file adapter, which
 * writes the whole file each time and syncs nothing:
 *
 *     tsx test/bench/store.ts [devices] [ms for each row]
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Low } from 'lowdb';
import { JSONFile } from 'lowdb/node';
import type { Device } from '#controller/model/model.ts';
import { openStore } from '#controller/store/store.ts';

const [devices = 1_000, rowMs = 2_000] = process.argv.slice(2).map(Number);

const device = (number: number, generation: number): Device => ({
  id: `HD${String(number).padStart(4, '0')}`,
  mac: number.toString(16).padStart(12, '0'),
  vendor: 'Yealink',
  model: 'SIP-T46S',
  site: 'berlin',
  generation,
  confirmedGeneration: 1,
});

/** Writers that each wait for their own commit before the next. */
async function measure(
  name: string,
  writers: number,
  write: (value: Device) => Promise<void>,
): Promise<void> {
  const lag = monitorEventLoopDelay({ resolution: 1 });
  const waits: number[] = [];
  const end = performance.now() + rowMs;
  lag.enable();
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let generation = 1; performance.now() < end; generation++) {
        const start = performance.now();
        await write(device((writer * 37 + generation) % devices, generation));
        waits.push(performance.now() - start);
      }
    }),
  );
  lag.disable();
  waits.sort((a, b) => a - b);
  const p99 = waits[Math.floor(waits.length * 0.99)] ?? 0;
  const columns = [
    name.padEnd(22),
    `${writers} writers`.padStart(12),
    `${Math.round((waits.length / rowMs) * 1_000)} commits/s`.padStart(20),
    `p99 ${p99.toFixed(1)} ms`.padStart(16),
    `loop blocked at most ${(lag.max / 1e6).toFixed(0)} ms`.padStart(32),
  ];
  process.stdout.write(`${columns.join('')}\n`);
}

const folder = await mkdtemp(join(tmpdir(), 'hotdesk-bench-'));
process.stdout.write(`${devices} devices\n`);

const log = { info() {}, warn() {}, error() {} };
const store = await openStore({ folder: join(folder, 'store'), log });
const all = Array.from({ length: devices }, (_, i) => device(i, 1));
await store.commit(all.map((value) => ({ type: 'put', collection: 'devices', value })));

const low = new Low<Record<string, Device>>(new JSONFile(join(folder, 'db.json')), {});
for (const value of all) low.data[value.id] = value;

for (const writers of [1, 16, 256]) {
  await measure('store', writers, (value) => store.commit([{ type: 'put', collection: 'devices', value }]));
  await measure('lowdb JSONFile, no sync', writers, (value) =>
    low.update((data) => {
      data[value.id] = value;
    }),
  );
}
await store.close();
await rm(folder, { recursive: true });

/** What ./endless-writer.ts was told is saved, and whether it is. */

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { openQuietly } from './folder.ts';

export const endlessWriter = [
  '--import',
  'tsx',
  fileURLToPath(new URL('./endless-writer.ts', import.meta.url)),
];

/** The last count of each extension. `onLine` is told how many lines there have been. */
export async function readAcknowledged(
  stdout: Readable,
  onLine: (lines: number) => void = () => {},
): Promise<Map<string, number>> {
  const acknowledged = new Map<string, number>();
  let lines = 0;
  for await (const line of createInterface({ input: stdout })) {
    const [extension = '', count = ''] = line.split(' ');
    acknowledged.set(extension, Number(count));
    onLine(++lines);
  }
  return acknowledged;
}

export async function checkKept(folder: string, acknowledged: ReadonlyMap<string, number>): Promise<void> {
  const store = await openQuietly(folder);
  for (const [extension, count] of acknowledged) {
    const kept = Number(store.get('users', extension)?.name);
    // One more commit of each writer may have been on its way.
    assert.ok(kept === count || kept === count + 1, `${extension}: ${count} acknowledged, ${kept} kept`);
  }
  await store.close();
}

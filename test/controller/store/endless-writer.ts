/**
 * For ./kill.test.ts: eight writers commit to the store in the folder given,
 * each counting up in a user of its own, and print `extension count` for each
 * commit that was acknowledged. Goes on where the last one was killed.
 */

import { writeSync } from 'node:fs';
import { openQuietly, putUser } from './folder.ts';

const turn = new Int32Array(new SharedArrayBuffer(4));
const store = await openQuietly(process.argv[2] ?? '', { compactBytes: 20_000 });

for (const extension of ['100', '101', '102', '103', '104', '105', '106', '107']) {
  void countUp(extension, Number(store.get('users', extension)?.name ?? 0));
}

async function countUp(extension: string, from: number): Promise<never> {
  for (let count = from + 1; ; count++) {
    await store.commit([putUser(extension, String(count))]);
    say(`${extension} ${count}\n`);
  }
}

/** Not through a stream: what it holds back would die with the process. So it waits for who reads slowly. */
function say(line: string): void {
  for (let left = Buffer.from(line); left.length > 0; ) {
    try {
      left = left.subarray(writeSync(1, left));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(turn, 0, 0, 1);
    }
  }
}

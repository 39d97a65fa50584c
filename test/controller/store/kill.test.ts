import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { checkKept, endlessWriter, readAcknowledged } from './acknowledged.ts';
import { openQuietly, withFolder } from './folder.ts';

function spawnWriter(folder: string): ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> } {
  return spawn(process.execPath, [...endlessWriter, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
}

describe('store, killed', (test) => {
  test(
    'every write that was acknowledged before kill -9 is there',
    () =>
      withFolder(async (folder) => {
        for (const enough of [1, 40, 250]) {
          const child = spawnWriter(folder);
          const ended = once(child, 'exit');
          const acknowledged = await readAcknowledged(child.stdout, (lines) => {
            if (lines === enough) child.kill('SIGKILL');
          });
          assert.ok(acknowledged.size > 0);
          await ended; // what it wrote has ended before, and its lock last
          await checkKept(folder, acknowledged);
        }
      }),
    30_000,
  );

  test(
    'the second process is refused while the first lives, and has the store when it was killed',
    () =>
      withFolder(async (folder) => {
        const child = spawnWriter(folder);
        await once(child.stdout, 'data');
        child.stdout.resume();
        try {
          await openQuietly(folder);
          assert.unreachable();
        } catch (error) {
          assert.ok(Fault.is(error, 'store.locked'), String(error));
          assert.ok(error.message.includes(`process ${child.pid}`), error.message);
        }
        child.kill('SIGKILL');
        await once(child, 'exit');
        await (await openQuietly(folder)).close();
      }),
    10_000,
  );
});

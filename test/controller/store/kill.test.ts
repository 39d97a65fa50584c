import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { openQuietly, withFolder } from './folder.ts';

const program = fileURLToPath(new URL('./endless-writer.ts', import.meta.url));

/** Writes until it is killed; each line it prints is a commit it was told is saved. */
function spawnWriter(folder: string): ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> } {
  return spawn(process.execPath, ['--import', 'tsx', program, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe('store, killed', (test) => {
  test(
    'every write that was acknowledged before kill -9 is there',
    () =>
      withFolder(async (folder) => {
        for (const until of [1, 40, 250]) {
          const child = spawnWriter(folder);
          const acknowledged = new Map<string, number>();
          let lines = 0;
          for await (const line of createInterface({ input: child.stdout })) {
            const [extension = '', count = ''] = line.split(' ');
            acknowledged.set(extension, Number(count));
            if (++lines === until) child.kill('SIGKILL');
          }
          assert.ok(lines >= until);
          const store = await openQuietly(folder);
          for (const [extension, count] of acknowledged) {
            const kept = Number(store.get('users', extension)?.name);
            // One more commit of each writer may have been on its way.
            assert.ok(
              kept === count || kept === count + 1,
              `${extension}: ${count} acknowledged, ${kept} kept`,
            );
          }
          await store.close();
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

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { checkKept, endlessWriter, readAcknowledged } from './acknowledged.ts';
import { withFolder } from './folder.ts';

const hasStrace = spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0;

/** Runs the writer with `injection` in its way, to its end; answers how many writers were told of a commit. */
async function runInjected(folder: string, calls: string, injection: string): Promise<Map<string, number>> {
  const inject = ['-e', `trace=${calls}`, '-e', `inject=${calls}:${injection}`];
  const child = spawn(
    'strace',
    ['-f', '-qq', '-o', '/dev/null', ...inject, process.execPath, ...endlessWriter, folder],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [acknowledged] = await Promise.all([readAcknowledged(child.stdout), once(child, 'exit')]);
  return acknowledged;
}

describe('store under strace', (test) => {
  if (!hasStrace) {
    test.skip('system calls that kill or fail', 'there is no strace');
    return;
  }

  test(
    'killed at the k-th system call that writes: it starts, with everything that was acknowledged',
    () =>
      withFolder(async (folder) => {
        for (let k = 1; k <= 40; k++) {
          const calls = 'pwrite64,fsync,fdatasync,rename,ftruncate';
          await checkKept(folder, await runInjected(folder, calls, `signal=KILL:when=${k}`));
        }
      }),
    240_000,
  );

  const failures: [calls: string, error: string][] = [
    ['fdatasync', 'EIO'],
    ['pwrite64', 'ENOSPC'],
    ['pwrite64', 'EROFS'],
    ['fsync', 'EIO'],
  ];
  for (const [calls, error] of failures) {
    test(
      `${calls} answers ${error}: what was acknowledged is there`,
      () =>
        withFolder(async (folder) => {
          for (const when of [3, 6, 12, 40]) {
            const acknowledged = await runInjected(folder, calls, `error=${error}:when=${when}`);
            await checkKept(folder, acknowledged);
            assert.ok(when < 6 || acknowledged.size > 0);
          }
        }),
      60_000,
    );
  }
});

/** A `systemd-notify` that notes down what it is told, for programs that look for one on their PATH. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Below `folder`; `env` is of a service whose manager wants to hear of it five times a second. */
export async function openSystemdNotify(folder: string) {
  const [bin, notes] = [join(folder, 'bin'), join(folder, 'told')];
  await mkdir(bin);
  await writeFile(notes, '');
  const script = `#!/bin/sh\nprintf '%s\\n' "$@" >>'${notes}'\n`;
  await writeFile(join(bin, 'systemd-notify'), script, { mode: 0o755 });
  return {
    env: { PATH: `${bin}:${process.env.PATH}`, NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '600000' },
    told: async () => (await readFile(notes, 'utf8')).split('\n').filter(Boolean),
  };
}

/** `hotdesk backup FILE`: all that the controller keeps, but for its master key. `hotdesk restore` is controller/backup.ts. */

import { writeFile } from 'node:fs/promises';
import { Fault } from '#protocol/fault.ts';
import type { Noun } from './verb.ts';

export const backupNoun: Noun = {
  about: 'all that is kept in one sealed file; without master.key, which is kept elsewhere',
  usual: 'create',
  verbs: {
    create: {
      about: 'as "hotdesk backup FILE"; "hotdesk restore FILE" makes a data folder of it',
      args: ['FILE'],
      async run({ client, args: [file = ''], progress }) {
        progress?.(0, 1);
        const text = (await client.ask('GET', '/backup')) as string;
        try {
          // Never over another: yesterday's may be the one that is needed.
          await writeFile(file, text, { mode: 0o600, flag: 'wx' });
        } catch (cause) {
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new Fault(
            'input.invalid',
            `FILE: cannot write ${file} (${why})`,
            { field: 'FILE' },
            { cause },
          );
        } finally {
          progress?.(1, 1);
        }
        return { type: 'item', item: { file, bytes: text.length } };
      },
    },
  },
};

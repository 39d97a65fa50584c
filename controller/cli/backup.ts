/** `hotdesk backup FILE`: all that the controller keeps, but for its master key. `hotdesk restore` is controller/backup.ts. */

import { writeFile } from 'node:fs/promises';
import { cannot } from './named-file.ts';
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
        // Never over another: yesterday's may be the one that is needed.
        await writeFile(file, text, { mode: 0o600, flag: 'wx' })
          .catch(cannot('write', file))
          .finally(() => progress?.(1, 1));
        return { type: 'item', item: { file, bytes: text.length } };
      },
    },
  },
};

/**
 * /backup: all that is kept, as one file (controller/backup.ts).
 *
 *     GET /backup    → text/plain, sealed with the master key, which is not in it
 */

import { type Route, route } from './route.ts';

export type BackupDeps = { backup(): Promise<string> };

export function backupRoutes({ backup }: BackupDeps): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/backup',
        access: 'owner',
        isTold: true,
        tag: 'backup',
        summary: 'All that is kept, as one sealed file',
        answer: { type: 'text/plain' },
      },
      async ({ c }) => c.body(await backup(), 200, { 'content-type': 'text/plain; charset=us-ascii' }),
    ),
  ];
}

/** What several routes show alike. */

import { z } from 'zod';

export const shownChangeOver = z.strictObject({
  state: z.enum(['pending', 'sent', 'fetched', 'active', 'stuck']),
  reason: z.string().optional(),
  /** Since the session was committed. */
  ms: z.number(),
});

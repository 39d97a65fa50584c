/** The history of a desk: the last things that happened there, for who asks why. */

import * as z from 'zod';

export const deskEvent = z.strictObject({
  at: z.number(),
  type: z.enum(['login', 'logout', 'registered', 'unregistered', 'active', 'stuck']),
  /** Who logged in or out. */
  extension: z.string().max(15).optional(),
  /** As of a session: by what it began or ended. */
  how: z.string().max(16).optional(),
  /** Which limit ended it, or why the phone does not show it. */
  reason: z.string().max(256).optional(),
  /** As whom the phone registered, and from where. */
  aor: z.string().max(64).optional(),
  address: z.string().max(64).optional(),
  /** From the commit to a phone that shows it. */
  ms: z.number().optional(),
});

/** Enough for a fortnight of a busy desk, and little enough to be written anew each time. */
export const maxDeskEvents = 60;

export const deskHistory = z.strictObject({
  device: z.string(),
  /** The latest last. */
  events: z.array(deskEvent).max(maxDeskEvents),
});

export type DeskEvent = z.infer<typeof deskEvent>;
export type DeskHistory = z.infer<typeof deskHistory>;

/**
 * Policies: what a second login does, and when a session ends by itself. A user's
 * comes before his site's, the site's before the system's; what nobody says has no
 * limit. The site is the one of the device.
 *
 *     {"secondDevice": "move", "longestMinutes": 600, "idleMinutes": 120, "endsAt": "20:00"}
 */

import * as z from 'zod';

export const secondDevice = z.enum(['allow', 'move', 'refuse']);

/** `none` where a wider policy has one: no limit here. */
const aLimit = 'is 1 to 44640 minutes (31 days), or "none"';
const minutes = z.union([z.int().min(1, aLimit).max(44_640, aLimit), z.literal('none')], aLimit);

const aTime = 'is a time of day as 20:00, or "none"';
const timeOfDay = z.union(
  [z.string().regex(/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/, aTime), z.literal('none')],
  aTime,
);

const limits = {
  /** From login on. */
  longestMinutes: minutes.optional(),
  /** Since the login or the last call. */
  idleMinutes: minutes.optional(),
  /** A time of day in the site's zone. */
  endsAt: timeOfDay.optional(),
};

/** What a session began with, and keeps: a change of policy ends nobody's session. */
export const sessionLimits = z.strictObject(limits);

export const policy = z.strictObject({ secondDevice: secondDevice.optional(), ...limits });

export type SessionLimits = z.infer<typeof sessionLimits>;
export type Policy = z.infer<typeof policy>;

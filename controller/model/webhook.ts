/** Who else is told of what happens. */

import * as z from 'zod';
import { emergencyContact } from './place.ts';

export const webhookEvents = ['login', 'logout', 'stuck', 'agent-down', 'agent-up', 'emergency'] as const;

export const webhook = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  /** https, or http on loopback; what it resolves to is looked at when it is used. */
  url: emergencyContact,
  events: z.array(z.enum(webhookEvents)).min(1, 'at least one event is needed').max(webhookEvents.length),
  /** Absent: of all. */
  sites: z.array(z.string().max(32)).min(1).max(500).optional(),
  enabled: z.boolean().default(true),
  /** Sealed for `webhook <id>`. */
  secret: z.string().max(512),
});

export type WebhookEvent = (typeof webhookEvents)[number];
export type Webhook = z.infer<typeof webhook>;

/**
 * Redirection services: the vendors' servers that a phone in factory state asks
 * where its config is. Which of them we have an account with, and which phone
 * they are to know, is told or is to be forgotten: the queue is documents, so
 * that it survives a restart.
 */

import { z } from 'zod';

export const redirectionServiceId = z.enum([
  'yealink-rps',
  'yealink-ymcs',
  'snom-sraps',
  'gigaset-grape',
  'fanvil-fdps',
]);

export const redirectionService = z.strictObject({
  id: redirectionServiceId,
  /** As the service calls it: user name, key id, client id. */
  account: z
    .string()
    .regex(/^[^\p{Cc}":]{1,128}$/u, 'an account has no quotes, colons or control characters'),
  /** Sealed for `redirection <id>`. */
  secret: z.string().max(512),
  /** Where it is; absent: where the vendor has it. */
  url: z
    .url({ protocol: /^https?$/ })
    .max(256)
    .optional(),
  /** Yealink RPS: the name of our entry among its servers, of which each is unique in the world. */
  serverName: z
    .string()
    .regex(
      /^[A-Za-z0-9._-]{1,20}$/,
      'a server name is 1 to 20 letters, digits, dots, hyphens and underscores',
    )
    .optional(),
  /** Each device of the vendor is registered when it is added, and removed with it. */
  automatic: z.boolean().default(false),
});

export const redirection = z.strictObject({
  /** `<service> <mac>` */
  id: z.string().max(64),
  service: redirectionServiceId,
  mac: z.string().regex(/^[0-9a-f]{12}$/),
  /** What the service is to have of the phone. */
  wanted: z.enum(['registered', 'removed']),
  /** `waiting`: not yet; `failed`: the service refuses it, and is not asked again before something changes. */
  state: z.enum(['waiting', 'done', 'failed']),
  /** An admin asked for it: it stands whatever the service's `automatic` says. */
  byAdmin: z.boolean(),
  /** SHA-256 of the URL that is registered: the URL itself would open a config. */
  urlHash: z.string().max(64).optional(),
  /** Why not yet, or not at all: for the admin. */
  reason: z.string().max(512).optional(),
  tries: z.int().min(0),
  /** When it is tried, or since when it stands. */
  at: z.number(),
});

export type RedirectionServiceId = z.infer<typeof redirectionServiceId>;
export type RedirectionService = z.infer<typeof redirectionService>;
export type Redirection = z.infer<typeof redirection>;

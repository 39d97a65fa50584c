/**
 * Accounts: who signs in at the page, with a name and a password, and who is
 * signed in. No password is in a document, and no code or cookie that could be used again.
 */

import * as z from 'zod';

/** From the least to the most; what each may do is in docs/security.md. */
export const role = z.enum(['user', 'readOnly', 'siteAdmin', 'admin', 'owner']);

/** As typed, but for case: what people call themselves, or an e-mail address. */
export const accountName = z
  .string()
  .trim()
  .toLowerCase()
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N} ._@+-]{0,63}$/u,
    'a name is 1 to 64 letters, digits, spaces and . _ @ + -, and begins with a letter or digit',
  );

const sites = z.array(z.string().max(32)).min(1).max(100);

export const account = z.strictObject({
  name: accountName,
  role: role.exclude(['user']),
  /** Of a site admin. */
  sites: sites.optional(),
  /** `scrypt:N:salt:hash`. Whoever signed in with another one is signed out. */
  passwordHash: z.string().max(256),
  createdAt: z.number(),
  /** A second factor (RFC 6238). */
  totp: z
    .strictObject({
      /** Sealed for `account <name>`. */
      secret: z.string().max(512),
      /** False until a first code has shown that the secret arrived. */
      isConfirmed: z.boolean(),
      /** The time step of the last code that was taken: none is taken twice. */
      lastStep: z.int(),
      /** SHA-256 of what may be typed instead, once each. */
      recoveryHashes: z.array(z.string().max(64)).max(20),
    })
    .optional(),
});

/** The one way in while there is no account: a link, good once. */
export const setupLink = z.strictObject({
  id: z.literal('setup'),
  /** SHA-256 of the token, hex. */
  hash: z.string().max(64),
  expiresAt: z.number(),
});

/** Somebody at the page. */
export const signIn = z.strictObject({
  /** SHA-256 of the cookie, base64url. */
  id: z.string().length(43),
  subject: z.strictObject({ type: z.enum(['account', 'user']), id: z.string().max(64) }),
  /** SHA-256 of the hash of the password or PIN that was right: with another one it is over. */
  proof: z.string().length(43),
  since: z.number(),
  /** Of the last request, within a few minutes. */
  lastAt: z.number(),
});

export type Role = z.infer<typeof role>;
export type Account = z.infer<typeof account>;
export type SignIn = z.infer<typeof signIn>;
export type SetupLink = z.infer<typeof setupLink>;

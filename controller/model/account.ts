/**
 * Accounts: who signs in at the page, with a name and a password. No password
 * is in a document, and no code that could be used again.
 */

import { z } from 'zod';

/** From the least to the most; what each may do is in docs/security.md. */
export const role = z.enum(['user', 'readOnly', 'siteAdmin', 'admin', 'owner']);

export type Role = z.infer<typeof role>;

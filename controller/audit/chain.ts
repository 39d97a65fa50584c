/**
 * The chain of the audit log: one JSON object a line, and each line's hash
 * covers the hash of the line before. Whoever changes, removes or inserts a line
 * would have to write anew all that follow.
 *
 *     {"sequence":7,"at":"2026-11-23T12:00:00.000Z","who":"anna",…,"prev":"ab…","hash":"cd…"}
 *
 * `hash` is SHA-256 of the line as it would be without it, in hex.
 */

import { createHash } from 'node:crypto';
import { z } from 'zod';

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** One document that was changed: the fields that differ, as far as they may be shown. */
const changed = z.object({
  collection: z.string(),
  id: z.string(),
  before: z.record(z.string(), z.unknown()).optional(),
  after: z.record(z.string(), z.unknown()).optional(),
});

const factsSchema = z.object({
  /** An account, a token, an extension, or `system`. */
  who: z.string(),
  role: z.string().optional(),
  /** Where the request came from: an address, or `local`. */
  from: z.string().optional(),
  /** A route, as `PATCH /users/{ext}`, or an event, as `sign-in`. */
  what: z.string(),
  /** To what or whom, and how it went. */
  details: z.record(z.string(), scalar).optional(),
  changes: z.array(changed).optional(),
});

const entrySchema = factsSchema.extend({ sequence: z.int(), at: z.string(), hash: z.string() });

export type AuditChange = z.infer<typeof changed>;
/** What happened; never with a secret in it. */
export type AuditFacts = z.infer<typeof factsSchema>;
export type AuditEntry = z.infer<typeof entrySchema>;
export const auditEntry = entrySchema;

/** The end of a chain: what the next line continues. */
export type Head = { readonly sequence: number; readonly hash: string };

export const noHead: Head = { sequence: 0, hash: '0'.repeat(64) };

const form = /^(\{"sequence":(\d{1,15}),.*,"prev":"([0-9a-f]{64})"),"hash":"([0-9a-f]{64})"\}$/s;

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/** A line without its end of line, and the head that it makes. */
export function link(head: Head, at: number, facts: AuditFacts): { line: string; head: Head } {
  const sequence = head.sequence + 1;
  const text = JSON.stringify({ sequence, at: new Date(at).toISOString(), ...facts, prev: head.hash });
  const hash = digest(text);
  return { line: `${text.slice(0, -1)},"hash":"${hash}"}`, head: { sequence, hash } };
}

/**
 * The head after a line; a sentence when it does not fit `head`. Without a head
 * it is the first that is left of a chain, and is believed where it begins.
 */
export function follow(head: Head | undefined, line: string): Head | string {
  const [, text, number, prev, hash] = form.exec(line) ?? [];
  if (text === undefined || hash === undefined) return 'is not a line of this log';
  if (digest(`${text}}`) !== hash) return 'has been changed: its hash does not fit';
  const sequence = Number(number);
  if (head !== undefined && sequence !== head.sequence + 1) {
    return `has number ${sequence}, where ${head.sequence + 1} belongs`;
  }
  if (head !== undefined && prev !== head.hash) return 'does not continue the line before';
  return { sequence, hash };
}

/** Where to go on behind a line that does not fit: `verify` will name it, and what follows fits again. */
export const headBehind = (line: string, sequence: number): Head => ({ sequence, hash: digest(line) });

/** Undefined: not a line of this log. */
export function parseEntry(line: string): AuditEntry | undefined {
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

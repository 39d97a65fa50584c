/**
 * A keyed hash for what is made and checked with every request: nonces, tokens,
 * tags, branches. SHA-256 of a secret and a text, of which at most half is shown:
 * so nobody can go on from it to the hash of a longer text, and it needs no HMAC,
 * which costs four times as much.
 */

import { createHmac, hash } from 'node:crypto';

/** 32 bytes; show no more than `shownBytes`. */
export type KeyedHash = (text: string) => Buffer;

export const shownBytes = 12;

/** `purpose`: what is made for one thing is worth nothing for another. */
export function createKeyedHash(key: Uint8Array, purpose: string | Uint8Array): KeyedHash {
  const secret = createHmac('sha256', key).update(purpose).digest('hex');
  return (text) => hash('sha256', `${secret} ${text}`, 'buffer');
}

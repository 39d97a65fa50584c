/**
 * A keyed hash for what is made and checked with every request: nonces, tokens,
 * tags, branches. SHA-256 of a secret and a text, of which less than half is shown:
 * so nobody can go on from it to the hash of a longer text, and it needs no HMAC,
 * which costs four times as much. It is text from beginning to end, for bytes of
 * their own are memory of their own.
 */

import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** 12 bytes in base64url: 16 characters. */
export type KeyedHash = (text: string) => string;

export const keyedChars = 16;

/** `purpose`: what is made for one thing is worth nothing for another. */
export function createKeyedHash(key: Uint8Array, purpose: string | Uint8Array): KeyedHash {
  const secret = createHmac('sha256', key).update(purpose).digest('hex');
  return (text) => hash('sha256', `${secret} ${text}`, 'base64url').slice(0, keyedChars);
}

/** In constant time. */
export const isSameHash = (ours: string, given: string) =>
  ours.length === given.length && timingSafeEqual(Buffer.from(ours, 'latin1'), Buffer.from(given, 'latin1'));

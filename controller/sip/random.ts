/**
 * Random bytes for branches, tags and Call-IDs: drawn from the system a pool at a
 * time, for one draw costs more than all else that a branch does. No byte is
 * given twice.
 */

import { randomBytes } from 'node:crypto';

export function createRandom(poolBytes = 4_096): (bytes: number) => Uint8Array {
  let pool = randomBytes(poolBytes);
  let at = 0;
  return (bytes) => {
    if (bytes > poolBytes) return randomBytes(bytes);
    if (at + bytes > poolBytes) {
      pool = randomBytes(poolBytes);
      at = 0;
    }
    at += bytes;
    return pool.subarray(at - bytes, at);
  };
}

/**
 * Nonces for agents that come through a TLS proxy: signed with their time, so
 * giving them out needs no memory; only those that were used are remembered,
 * until they would have expired.
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '#protocol/clock.ts';

const lifeMs = 30_000;
const maxUsed = 10_000;

export type Nonces = { create(): string /** True once. */; use(nonce: string): boolean };

export function createNonces(clock: Clock): Nonces {
  const key = randomBytes(32);
  const used = new Map<string, number>(); // nonce → when it expires, oldest first

  const sign = (text: string) => createHmac('sha256', key).update(text).digest().subarray(0, 16);

  return {
    create() {
      const text = `${Math.floor(clock.now() + lifeMs)}.${randomBytes(12).toString('base64url')}`;
      return `${text}.${sign(text).toString('base64url')}`;
    },
    use(nonce) {
      const match = /^((\d{1,15})\.[A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{22})$/.exec(nonce);
      const [, text = '', expires = '', signature = ''] = match ?? [];
      if (match === null || !timingSafeEqual(sign(text), Buffer.from(signature, 'base64url'))) return false;
      const now = clock.now();
      for (const [old, until] of used) {
        if (until > now) break;
        used.delete(old);
      }
      // By its text: base64url's last letter has bits that do not count.
      if (Number(expires) <= now || used.has(text) || used.size >= maxUsed) return false;
      used.set(text, Number(expires));
      return true;
    },
  };
}

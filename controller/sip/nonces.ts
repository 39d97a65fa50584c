/**
 * Digest nonces that need no memory before somebody has authenticated:
 *
 *     base64url( milliseconds (6 bytes) | HMAC(salt, milliseconds, flow) (12 bytes) )
 *
 * One is good for a while, on the flow it was given to. What was answered right
 * is remembered per device: the last few nonces with their highest count and
 * the request that used it. So a replay is refused, and a retransmission, which
 * is the same request again, is not.
 *
 * The salt is new at each start and the time is the monotonic one: after a
 * restart every nonce is stale, which costs a phone one round trip.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '#protocol/clock.ts';

export type NonceUse = { device: string; nonce: string; count: number; request: string };

export type Nonces = {
  issue(flow: string): string;
  /** Given by us, to this flow, and not too long ago. */
  isFresh(nonce: string, flow: string): boolean;
  /** False: used before by another request, or older than one we have forgotten. */
  use(use: NonceUse): boolean;
};

export type NoncesOptions = { key: Uint8Array; salt: Uint8Array; clock: Clock; lifeMs?: number };

const timeBytes = 6;
const macBytes = 12;
/** A phone may register with one nonce while it calls with another. */
const maxNonces = 4;

type Used = { nonce: string; count: number; request: string };

export function createNonces({ key, salt, clock, lifeMs = 60_000 }: NoncesOptions): Nonces {
  const used = new Map<string, { latest: Used[]; floor: number }>();

  const sign = (time: Buffer, flow: string) =>
    createHmac('sha256', key).update(salt).update(time).update(flow).digest().subarray(0, macBytes);

  return {
    issue(flow) {
      const time = Buffer.alloc(timeBytes);
      time.writeUIntBE(Math.floor(clock.now()), 0, timeBytes);
      return Buffer.concat([time, sign(time, flow)]).toString('base64url');
    },
    isFresh(nonce, flow) {
      const bytes = Buffer.from(nonce.slice(0, 64), 'base64url');
      if (bytes.length !== timeBytes + macBytes || bytes.toString('base64url') !== nonce) return false;
      const age = clock.now() - issuedAt(bytes);
      return (
        age < lifeMs && timingSafeEqual(bytes.subarray(timeBytes), sign(bytes.subarray(0, timeBytes), flow))
      );
    },
    use({ device, nonce, count, request }) {
      const row = used.get(device) ?? { latest: [], floor: -1 };
      used.set(device, row);
      const known = row.latest.find((each) => each.nonce === nonce);
      if (known === undefined) {
        if (issuedAt(Buffer.from(nonce, 'base64url')) <= row.floor) return false;
        row.latest.unshift({ nonce, count, request });
        for (const old of row.latest.splice(maxNonces)) {
          row.floor = Math.max(row.floor, issuedAt(Buffer.from(old.nonce, 'base64url')));
        }
        return true;
      }
      if (count === known.count && request === known.request) return true;
      if (count <= known.count) return false;
      known.count = count;
      known.request = request;
      return true;
    },
  };
}

const issuedAt = (bytes: Buffer) => bytes.readUIntBE(0, timeBytes);

/**
 * Digest nonces that need no memory before somebody has authenticated:
 *
 *     base64url( milliseconds (6 bytes) | serial (2) | HMAC(salt, both, flow) (12) )
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
  /** `replay`: used before by another request, or older than one we have forgotten. */
  use(use: NonceUse): 'first' | 'repeat' | 'replay';
};

export type NoncesOptions = { key: Uint8Array; salt: Uint8Array; clock: Clock; lifeMs?: number };

const timeBytes = 6;
const headBytes = timeBytes + 2;
const macBytes = 12;
/** A phone may register with one nonce while it calls with another. */
const maxNonces = 4;

type Used = { nonce: string; count: number; request: string };
/** `floor`: the head of the newest nonce that was forgotten; it and all before it are too old. */
type Row = { latest: Used[]; floor: Buffer };

export function createNonces({ key, salt, clock, lifeMs = 60_000 }: NoncesOptions): Nonces {
  const used = new Map<string, Row>();
  let serial = 0;

  const sign = (head: Buffer, flow: string) =>
    createHmac('sha256', key).update(salt).update(head).update(flow).digest().subarray(0, macBytes);

  function isFirstUse(row: Row, use: Used): boolean {
    if (Buffer.compare(headOf(use.nonce), row.floor) <= 0) return false;
    row.latest.unshift(use);
    for (const { nonce } of row.latest.splice(maxNonces)) {
      if (Buffer.compare(headOf(nonce), row.floor) > 0) row.floor = headOf(nonce);
    }
    return true;
  }

  return {
    issue(flow) {
      const head = Buffer.alloc(headBytes);
      head.writeUIntBE(Math.floor(clock.now()), 0, timeBytes);
      serial = (serial + 1) & 0xffff;
      head.writeUInt16BE(serial, timeBytes);
      return Buffer.concat([head, sign(head, flow)]).toString('base64url');
    },
    isFresh(nonce, flow) {
      const bytes = Buffer.from(nonce.slice(0, 64), 'base64url');
      if (bytes.length !== headBytes + macBytes || bytes.toString('base64url') !== nonce) return false;
      const head = bytes.subarray(0, headBytes);
      const age = clock.now() - head.readUIntBE(0, timeBytes);
      return age < lifeMs && timingSafeEqual(bytes.subarray(headBytes), sign(head, flow));
    },
    use({ device, nonce, count, request }) {
      const row = used.get(device) ?? { latest: [], floor: Buffer.alloc(0) };
      used.set(device, row);
      const known = row.latest.find((each) => each.nonce === nonce);
      if (known === undefined) return isFirstUse(row, { nonce, count, request }) ? 'first' : 'replay';
      if (count === known.count) return request === known.request ? 'repeat' : 'replay';
      if (count < known.count) return 'replay';
      known.count = count;
      known.request = request;
      return 'first';
    },
  };
}

const headOf = (nonce: string) => Buffer.from(nonce, 'base64url').subarray(0, headBytes);

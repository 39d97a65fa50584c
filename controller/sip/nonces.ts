/**
 * Digest nonces that need no memory before somebody has authenticated:
 *
 *     base64url( milliseconds (6 bytes) | serial (2) | keyed hash of both and the flow (12) )
 *
 * One is good for a while, on the flow it was given to. What was answered right
 * is remembered per device: of the last few nonces the number that time and serial
 * make, their highest count and the request that used it. So a replay is refused, and a retransmission, which
 * is the same request again, is not.
 *
 * The salt is new at each start and the time is the monotonic one: after a
 * restart every nonce is stale, which costs a phone one round trip.
 */

import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '#protocol/clock.ts';
import { createKeyedHash, shownBytes as macBytes } from './keyed-hash.ts';

/** `order` is what `orderOf` answered for the nonce; `request` is short and equal for a repeat alone. */
export type NonceUse = { device: string; order: number; count: number; request: string };

export type Nonces = {
  issue(flow: string): string;
  /** Grows from one nonce to the next; undefined: not given by us, not to this flow, or too long ago. */
  orderOf(nonce: string, flow: string): number | undefined;
  /** `replay`: used before by another request, or older than one we have forgotten. */
  use(use: NonceUse): 'first' | 'repeat' | 'replay';
};

export type NoncesOptions = { key: Uint8Array; salt: Uint8Array; clock: Clock; lifeMs?: number };

const timeBytes = 6;
const headBytes = timeBytes + 2;
/** A phone may register with one nonce while it calls with another. */
const maxNonces = 4;

type Used = Omit<NonceUse, 'device'>;
/** `floor`: the order of the newest nonce that was forgotten; it and all before it are too old. */
type Row = { latest: Used[]; floor: number };

export function createNonces({ key, salt, clock, lifeMs = 60_000 }: NoncesOptions): Nonces {
  const used = new Map<string, Row>();
  let serial = 0;

  const keyed = createKeyedHash(key, salt);
  const sign = (head: Buffer, flow: string) => keyed(`${head.toString('hex')} ${flow}`).subarray(0, macBytes);

  function rowOf(device: string): Row {
    const known = used.get(device);
    if (known !== undefined) return known;
    const row = { latest: [], floor: -1 };
    used.set(device, row);
    return row;
  }

  function isFirstUse(row: Row, use: Used): boolean {
    if (use.order <= row.floor) return false;
    row.latest.unshift(use);
    const forgotten = row.latest.length > maxNonces ? row.latest.pop() : undefined;
    if (forgotten !== undefined) row.floor = Math.max(row.floor, forgotten.order);
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
    orderOf(nonce, flow) {
      const bytes = Buffer.from(nonce.slice(0, 64), 'base64url');
      if (bytes.length !== headBytes + macBytes || bytes.toString('base64url') !== nonce) return undefined;
      const head = bytes.subarray(0, headBytes);
      const at = head.readUIntBE(0, timeBytes);
      if (clock.now() - at >= lifeMs) return undefined;
      if (!timingSafeEqual(bytes.subarray(headBytes), sign(head, flow))) return undefined;
      // Exact for four years of running, then still in order by a few at a time.
      return at * 0x10000 + head.readUInt16BE(timeBytes);
    },
    use({ device, ...use }) {
      const { order, count, request } = use;
      const row = rowOf(device);
      const known = row.latest.find((each) => each.order === order);
      if (known === undefined) return isFirstUse(row, use) ? 'first' : 'replay';
      if (count === known.count) return request === known.request ? 'repeat' : 'replay';
      if (count < known.count) return 'replay';
      known.count = count;
      known.request = request;
      return 'first';
    },
  };
}

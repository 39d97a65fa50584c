/**
 * Digest nonces that need no memory before somebody has authenticated:
 *
 *     milliseconds and serial, one number in base 36 | keyed hash of it and the flow
 *
 * One is good for a while, on the flow it was given to. What was answered right
 * is remembered per device: of the last few nonces that number, their highest count
 * and the request that used it. So a replay is refused, and a retransmission, which
 * is the same request again, is not.
 *
 * The salt is new at each start and the time is the monotonic one: after a
 * restart every nonce is stale, which costs a phone one round trip.
 */

import type { Clock } from '#protocol/clock.ts';
import { createKeyedHash, isSameHash, keyedChars } from './keyed-hash.ts';

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

const serials = 0x10000;
/** Of any number below 2^53. */
const maxOrderChars = 11;
/** A phone may register with one nonce while it calls with another. */
const maxNonces = 4;

type Used = Omit<NonceUse, 'device'>;
/** `floor`: the order of the newest nonce that was forgotten; it and all before it are too old. */
type Row = { latest: Used[]; floor: number };

export function createNonces({ key, salt, clock, lifeMs = 60_000 }: NoncesOptions): Nonces {
  const used = new Map<string, Row>();
  let serial = 0;

  const keyed = createKeyedHash(key, salt);
  const sign = (order: string, flow: string) => keyed(`${order} ${flow}`);

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
      serial = (serial + 1) % serials;
      // Exact for four years of running, then still in order by a few at a time.
      const order = (Math.floor(clock.now()) * serials + serial).toString(36);
      return order + sign(order, flow);
    },
    orderOf(nonce, flow) {
      const text = nonce.slice(0, -keyedChars);
      if (text.length === 0 || text.length > maxOrderChars) return undefined;
      if (!isSameHash(sign(text, flow), nonce.slice(-keyedChars))) return undefined;
      const order = Number.parseInt(text, 36);
      return clock.now() - Math.floor(order / serials) < lifeMs ? order : undefined;
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

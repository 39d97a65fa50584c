/** The same numbers for the same seed, so that a failure can be repeated. */

export type Random = {
  /** 0 to below `limit`. */
  below(limit: number): number;
  bytes(length: number): Uint8Array;
};

export function createRandom(seed: number): Random {
  let state = (Math.imul(seed, 2_654_435_761) ^ 0x9e3779b9) >>> 0;
  const below = (limit: number) => {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % limit;
  };
  if (state === 0) state = 1;
  return { below, bytes: (length) => Uint8Array.from({ length }, () => below(256)) };
}

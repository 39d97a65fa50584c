/**
 * Which answer of several the caller gets (RFC 3261 16.7 step 6), and what of a
 * phone's answers never gets through:
 *
 *     3xx         becomes 480, unless it is followed (./redirect.ts)
 *     401, 407    become 403: a phone must not have its caller's digest made for it
 *     503         becomes 500 (step 6: it would tell the caller that we are down)
 */

const instead: Readonly<Record<number, number>> = { 401: 403, 407: 403, 503: 500 };

/** `status` of a phone's final answer → what counts. */
export function defused(status: number): number {
  return status >= 300 && status < 400 ? 480 : (instead[status] ?? status);
}

/** What tells the caller how to do better comes before the rest of its class. */
const telling = [415, 420, 421, 422, 484];

/** Index of the best; the answers are all final and not 2xx. -1: there are none. */
export function bestOf(statuses: readonly number[]): number {
  let best = -1;
  statuses.forEach((status, index) => {
    if (best < 0 || rank(status) < rank(statuses[best] ?? 0)) best = index;
  });
  return best;
}

/** Within 4xx: a desk that is busy says more than one that does not want to, and a phone that is off says nothing. */
const late: Readonly<Record<number, number>> = { 486: 1, 408: 3 };

/** 6xx first, else the lowest class. */
function rank(status: number): number {
  if (status >= 600) return 0;
  const within = telling.includes(status) ? 0 : (late[status] ?? 2);
  return Math.floor(status / 100) * 10 + within;
}

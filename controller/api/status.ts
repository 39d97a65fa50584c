/** What the API answers to a fault. Complete by type: a new code must choose here. */

import type { FaultCode } from '#protocol/fault.ts';

export const statusOf = {
  'input.invalid': 400,
  'not.found': 404,
  conflict: 409,
  forbidden: 403,
  'auth.refused': 401,
  'limit.reached': 429,
  unavailable: 503,
  'frame.malformed': 502,
  'frame.too-large': 502,
  'version.mismatch': 502,
  'pin.mismatch': 502,
  'sip.malformed': 502,
  'sdp.malformed': 502,
  'store.corrupt': 500,
  'store.locked': 503,
  'store.failed': 507,
} as const satisfies Record<FaultCode, number>;

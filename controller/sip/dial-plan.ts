/**
 * The dial plan: who calls, what is dialled, at which site, with which sessions
 * → what becomes of it. Pure: no message, no flow, no clock.
 *
 *     dialled                         an idle device         a logged-in user
 *     emergency number of the site    emergency              emergency
 *     login + `*`, login + 100 + `*`  the login line         the login line
 *     logout code                     the login line         the login line
 *     number the site lets idle call  ring                   ring
 *     extension                       403                    ring, 480, 404
 *     a number that an upstream takes 403                    to it, or 403
 *     all else                        403                    404
 *
 * Only what is dialled exactly so counts: `1120900` is no emergency call, and
 * `*77*100` without its last `*` no login.
 */

import type { Site } from '#controller/model/model.ts';
import type { LoginCall } from '#controller/model/ports.ts';
import type { Beyond } from '#controller/sip/upstream/numbers.ts';

type Login = Exclude<LoginCall['request'], { type: 'say' }>;

export type Caller = {
  device: string;
  /** The session's extension; undefined: the device is idle. */
  extension: string | undefined;
};

export type Plan = {
  site: Pick<Site, 'emergencyNumbers' | 'dialCodes' | 'idleMayCall'>;
  isUser(extension: string): boolean;
  /** Devices that the user is logged in at. */
  devicesOf(extension: string): readonly string[];
  /** Where a number that is none of ours goes; absent: nowhere. */
  beyond?(number: string): Beyond;
};

export type Refusal = { type: 'refuse'; status: 403 | 404 | 480; reason: string };

export type Verdict =
  | { type: 'emergency'; number: string }
  | { type: 'line'; request: Login }
  | { type: 'ring'; extension: string; devices: readonly string[] }
  | Extract<Beyond, { type: 'to' }>
  | Refusal;

/** `dialled` is the user part, unescaped: `%2A77%2A` came as `*77*`. */
export function decide(dialled: string, caller: Caller, plan: Plan): Verdict {
  if (isEmergency(dialled, plan.site)) return { type: 'emergency', number: dialled };
  const request = loginRequest(dialled, plan.site.dialCodes);
  if (request !== undefined) return { type: 'line', request };
  const isIdle = caller.extension === undefined;
  if (isIdle && !plan.site.idleMayCall.includes(dialled)) return refuse(403, 'Log in first');
  if (!plan.isUser(dialled)) return isIdle ? refuse(404, 'Not Found') : goBeyond(dialled, plan);
  // A user's own number rings at the other desks only.
  const devices = plan.devicesOf(dialled).filter((device) => device !== caller.device);
  return devices.length > 0 ? { type: 'ring', extension: dialled, devices } : refuse(480, 'Not logged in');
}

function goBeyond(dialled: string, { beyond }: Plan): Verdict {
  const found = beyond?.(dialled) ?? { type: 'none' };
  if (found.type === 'to') return found;
  return found.type === 'denied' ? refuse(403, 'Number not allowed') : refuse(404, 'Not Found');
}

export const isEmergency = (dialled: string, site: Pick<Site, 'emergencyNumbers'>) =>
  site.emergencyNumbers.includes(dialled);

/** Undefined: not one of the codes, or one not finished. */
function loginRequest(dialled: string, codes: Site['dialCodes']): Login | undefined {
  const { login, logout } = codes;
  if (logout !== undefined && dialled === logout) return { type: 'logout' };
  if (login === undefined || !dialled.startsWith(login)) return undefined;
  const rest = dialled.slice(login.length);
  if (rest === '') return { type: 'login' };
  const extension = /^([0-9]{1,15})\*$/.exec(rest)?.[1];
  return extension === undefined ? undefined : { type: 'login', extension };
}

const refuse = (status: Refusal['status'], reason: string): Refusal => ({ type: 'refuse', status, reason });

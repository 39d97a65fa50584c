/**
 * Who logged in and out at a desk, for the audit log: by phone, or as a
 * consequence. What a request did has its entry already.
 */

import type { Tell } from '#controller/model/happening.ts';
import type { How } from '#controller/model/model.ts';
import type { AuditLog } from './log.ts';

const byRequest: readonly How[] = ['admin', 'api', 'self'];
const atPhone: readonly How[] = ['dial', 'key'];

/** Nobody waits for the line: a login does not fail because of it. The log itself says when it cannot be written. */
export function recordSessions(audit: Pick<AuditLog, 'append'>): Tell {
  return (happening) => {
    if (happening.type !== 'login' && happening.type !== 'logout') return;
    const { type, device, extension, how } = happening;
    if (byRequest.includes(how)) return;
    const who = atPhone.includes(how) ? `extension ${extension}` : 'system';
    audit.append({ who, from: device, what: type, details: { device, extension, how } }).catch(() => {});
  };
}

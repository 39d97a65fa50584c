/**
 * Some phones ask who sends them a NOTIFY: a digest challenge (RFC 3261 22.2), to
 * be answered with the credential that the phone itself registers with.
 */

import { Fault } from '#protocol/fault.ts';
import { formatChallenge, isRightResponse, parseCredentials } from '#protocol/sip/digest.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import type { Account } from './make.ts';

const realm = 'phone';

/** What to ask with, in WWW-Authenticate; undefined: `request` has the right answer to `nonce`. */
export function challengeNotify(
  request: SipMessage,
  { authName, password }: Pick<Account, 'authName' | 'password'>,
  nonce: string,
): string | undefined {
  const isRight = request.getAll('Authorization').some((text) => {
    try {
      const credentials = parseCredentials(text);
      const isOurs = credentials.username === authName && credentials.nonce === nonce;
      return isOurs && isRightResponse(credentials, { method: request.method, password });
    } catch (error) {
      if (Fault.is(error)) return false; // unreadable: as if there were none
      throw error;
    }
  });
  return isRight ? undefined : formatChallenge({ realm, nonce, qop: 'auth' });
}

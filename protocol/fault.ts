/**
 * Faults: the failures this system gives names to.
 *
 * A fault is thrown when the caller cannot go on. Answers a caller must be
 * ready for (a wrong PIN, a phone nobody registered) are return values, and a
 * broken invariant of our own is a node:assert. Nothing else is thrown.
 *
 * A fault knows nothing of HTTP or SIP. Each face keeps its own table of
 * `Record<FaultCode, status>`, so a new code does not compile until every
 * face has said what it answers.
 */

export const faultCodes = [
  'input.invalid', //       bad input; `facts.field` names the field or line
  'not.found', //           no such thing; `facts.noun`, `facts.id`
  'conflict', //            exists already, or the revision is not the one expected
  'forbidden', //           known, but not allowed
  'auth.refused', //        not authenticated (one answer for every reason)
  'limit.reached', //       a bound of ours; try later
  'unavailable', //         what is needed is down; try later
  'frame.malformed', //     the peer of a tunnel broke the contract
  'frame.too-large',
  'version.mismatch',
  'pin.mismatch', //        the controller's public key is not the pinned one
  'sip.malformed', //       `facts.status` is what RFC 3261 wants answered
  'sdp.malformed',
  'store.corrupt', //       `facts.file` names the file
  'store.locked', //        another process has the data folder
  'store.failed', //        the disk refused; what was asked is not saved
] as const;

export type FaultCode = (typeof faultCodes)[number];

/** Facts for the log and for the API's answer. Never a PIN, password, token or nonce. */
export type FaultFacts = Readonly<Record<string, string | number | boolean>>;

export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly facts: FaultFacts;

  constructor(code: FaultCode, message: string, facts: FaultFacts = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.facts = facts;
  }

  static is(value: unknown, code?: FaultCode): value is Fault {
    return value instanceof Fault && (code === undefined || value.code === code);
  }
}

/** A port that is taken, a folder that may not be written: the message says all. */
export const isOfTheSystem = (error: unknown): error is Error => error instanceof Error && 'syscall' in error;

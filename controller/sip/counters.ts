/** What the SIP core refused or dropped, by reason: nothing is lost silently. */

export function createCounters() {
  return {
    /** Not SIP as RFC 3261 has it: 400, or nothing when it cannot be answered. */
    malformed: 0,
    /** Messages over which something of ours broke: 500, and a line of log that says what. */
    failed: 0,
    /** Digest asked for: no credentials came with it. */
    challenged: 0,
    /** Unknown device, wrong secret, stale nonce, replay. */
    wrongCredentials: 0,
    /** The right secret, from where too many wrong ones came: asked again, as if it were wrong. */
    blocked: 0,
    /** Too many unauthenticated requests from one address: dropped. */
    limited: 0,
    /** A device through the agent of another site. */
    foreignSite: 0,
    /** REGISTER for somebody else's address of record. */
    foreignAor: 0,
    /** A REGISTER refused for another reason. */
    badRegister: 0,
    /** A Record-Route token of another call, of ours no longer, or from another address. */
    badToken: 0,
    /** Responses and ACKs that belong to nothing. */
    stray: 0,
    /** 403, 404, 480 by the dial plan. */
    refusedCalls: 0,
    /** A request in a dialog that its sender may not send. */
    refusedInDialog: 0,
    /** A phone answered with 3xx, 401 or 407, which is not passed on. */
    defused: 0,
    /** Over a bound of ours: 486, 503, or a desk that is one too many to ring. */
    overloaded: 0,
    registered: 0,
    calls: 0,
    emergencyCalls: 0,
    /** An emergency call with no gateway or no agent to take it there. */
    emergencyFailed: 0,
    subscribed: 0,
    /** SUBSCRIBE or a pickup of what the device may not watch. */
    refusedWatch: 0,
    /** A SUBSCRIBE refused for another reason. */
    badSubscribe: 0,
    notified: 0,
    /** Subscriptions that ended because nobody, or a 481 or the like, answered their NOTIFY. */
    notifyFailed: 0,
    /** NOTIFYs put off because the way to the phone was shut or full. */
    notifyDelayed: 0,
    pickups: 0,
    /** A PBX's NOTIFY of a busy lamp that belongs to no subscription of ours, or cannot be read. */
    badFarNotify: 0,
  };
}

export type Counters = ReturnType<typeof createCounters>;

/**
 * The leg: sip.js as the user agent that answers login calls, over a transport
 * that is two function calls. Retransmission, Vias and digest are the proxy's
 * business (controller/sip); sip.js sees each message once.
 *
 * What sip.js 0.21 does that one must know here:
 *   - it answers only for its own Contact name, so the proxy retargets to `lineUri`
 *   - it writes to the console and logs its configuration unless told not to
 *   - it answers 480 when the media cannot be agreed, so a call is accepted only
 *     after that was tried; a re-INVITE it refuses with 488 by itself
 *   - a BYE asked for before the ACK came is held back until then, as RFC 3261 15 wants
 *   - its timers are the system's: `close` ends them
 */

import {
  EmitterImpl,
  type Invitation,
  type LogLevel,
  type SessionDescriptionHandler,
  SessionState,
  type Transport,
  TransportState,
  URI,
  UserAgent,
} from 'sip.js';
import type { Log } from './dialogue.ts';

const user = 'hotdesk';
const host = 'hotdesk.invalid';

/** The Request-URI of every call to the line. */
export const lineUri = `sip:${user}@${host}`;

/** How a call's SDP is dealt with: rejects to refuse an offer. */
export type Description = { offer(sdp: string): Promise<void>; answer(): string };

export type LegCall = {
  /** Branch of the INVITE's top Via. */
  readonly branch: string;
  readonly callId: string;
  /** The offer; undefined when the INVITE has none, or none that is SDP. */
  readonly offer: string | undefined;
  /** Sends the 200. */
  accept(description: Description): Promise<void>;
  /** Refuses, when that is still possible. */
  reject(status: number): void;
  /** BYE, or a refusal when it was not answered yet. */
  hangUp(): void;
  onAck: () => void;
  /** The phone says that it can send INFO. */
  readonly sendsInfo: boolean;
  /** An INFO with this body came; false: not understood. */
  onInfo: (contentType: string | undefined, body: string) => boolean;
  /** Once, whoever ended it. */
  onEnd: () => void;
};

export type LegOptions = {
  send: (message: string) => void;
  onCall: (call: LegCall) => void;
  log: Log;
};

export type Leg = { receive(message: string): void; close(): Promise<void> };

export function createLeg({ send, onCall, log }: LegOptions): Leg {
  const descriptions = new Map<string, Description>();
  const agent = new UserAgent({
    uri: new URI('sip', user, host),
    contactName: user,
    contactParams: {},
    viaHost: host,
    userAgentString: 'hotdesk',
    transportConstructor: InProcess,
    transportOptions: { send } satisfies InProcessOptions,
    sendInitialProvisionalResponse: false,
    gracefulShutdown: false,
    logBuiltinEnabled: false,
    logConfiguration: false,
    logConnector: (level, category, _label, content) => relayLog(log, level, category, content),
    sessionDescriptionHandlerFactory: (session) => toHandler(descriptions.get(session.id)),
    delegate: {
      onInvite: (invitation) => onCall(toCall(invitation, descriptions, log)),
    },
  });
  // Connecting is in-process and done at once; the promise has nothing to tell.
  agent.start().catch((err: unknown) => log.warn({ err }, 'login line did not start'));

  return {
    receive: (message) => agent.transport.onMessage?.(message),
    close: () => agent.stop(),
  };
}

function toCall(invitation: Invitation, descriptions: Map<string, Description>, log: Log): LegCall {
  const { request } = invitation;
  const call: LegCall = {
    branch: request.viaBranch,
    callId: request.callId,
    offer: isSdp(request.getHeader('Content-Type')) && request.body !== '' ? request.body : undefined,
    sendsInfo: request.getHeaders('Allow').some((value) => /\bINFO\b/i.test(value)),
    async accept(description) {
      descriptions.set(invitation.id, description);
      await invitation.accept();
    },
    reject(statusCode) {
      if (invitation.state !== SessionState.Initial) return;
      settled(invitation.reject({ statusCode }));
    },
    hangUp() {
      if (invitation.state === SessionState.Established) settled(invitation.bye());
      else if (invitation.state === SessionState.Initial || invitation.state === SessionState.Establishing) {
        settled(invitation.reject({ statusCode: 480 }));
      }
    },
    onAck() {},
    onInfo: () => false,
    onEnd() {},
  };
  /** A call that ended on its own in the meantime is no failure. */
  const settled = (done: Promise<unknown>) => {
    done.catch((err: unknown) => log.debug({ err, callId: call.callId }, 'login call was over already'));
  };

  invitation.delegate = {
    onAck: () => call.onAck(),
    onInfo(info) {
      const isUnderstood = call.onInfo(info.request.getHeader('Content-Type'), info.request.body);
      settled(isUnderstood ? info.accept() : info.reject({ statusCode: 415 }));
    },
  };
  invitation.stateChange.addListener((state) => {
    if (state !== SessionState.Terminated) return;
    descriptions.delete(invitation.id);
    call.onEnd();
  });
  return call;
}

function toHandler(description: Description | undefined): SessionDescriptionHandler {
  return {
    hasDescription: isSdp,
    async setDescription(sdp) {
      if (description === undefined) throw new Error('the call is over');
      await description.offer(sdp);
    },
    async getDescription() {
      if (description === undefined) throw new Error('the call is over');
      return { body: description.answer(), contentType: 'application/sdp' };
    },
    sendDtmf: () => false,
    close() {},
  };
}

const isSdp = (contentType: string | undefined) => /^application\/sdp\s*(;|$)/i.test(contentType ?? '');

/** The wording of sip.js may hold a piece of a message: first line, cut short, and for developers only. */
function relayLog(log: Log, level: LogLevel, category: string, content: string): void {
  if (level !== 'error' && level !== 'warn') return;
  const line = String(content).split(/[\r\n]/, 1)[0] ?? '';
  log.debug({ category, line: line.slice(0, 120) }, 'sip.js');
}

type InProcessOptions = { send: (message: string) => void };

/** A transport that is always there: what sip.js sends is handed over at once. */
class InProcess implements Transport {
  /** Written into our Vias; for sip.js it means: reliable, nothing to send twice. */
  readonly protocol = 'TCP';
  readonly #send: (message: string) => void;
  #state: TransportState = TransportState.Disconnected;

  onConnect: (() => void) | undefined;
  onDisconnect: ((error?: Error) => void) | undefined;
  onMessage: ((message: string) => void) | undefined;

  readonly stateChange = new EmitterImpl<TransportState>();

  constructor(_logger: unknown, { send }: InProcessOptions) {
    this.#send = send;
  }

  get state(): TransportState {
    return this.#state;
  }

  isConnected(): boolean {
    return this.#state === TransportState.Connected;
  }

  async connect(): Promise<void> {
    this.#turn(TransportState.Connected);
    this.onConnect?.();
  }

  async disconnect(): Promise<void> {
    this.#turn(TransportState.Disconnected);
    this.onDisconnect?.();
  }

  async dispose(): Promise<void> {
    await this.disconnect();
    this.stateChange.removeAllListeners();
  }

  async send(message: string): Promise<void> {
    if (!this.isConnected()) throw new Error('the login line is closed');
    this.#send(message);
  }

  #turn(state: TransportState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.stateChange.emit(state);
  }
}

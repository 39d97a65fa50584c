/**
 * One user's registration at a PBX (RFC 3261 10.2), for as long as a session
 * lasts: kept up, tried again with back-off, taken back at logout.
 *
 *     trying ─ 200 ──────────────▶ registered ─ before it expires ─▶ trying
 *       │  └── wrong password ──▶ refused ──── after a long pause ──▶ trying
 *       └───── anything else ───▶ failed ───── after a pause ───────▶ trying
 *
 * Not by sip.js: it answers MD5 only, and of several challenges the last; it
 * registers at one server, where here the next address is tried; and the
 * digest, the numbers and the transactions that it would bring are here already,
 * for the calls (./client.ts).
 */

import type { RegistrationState } from '#controller/model/ports.ts';
import type { UpstreamPeer } from '#controller/sip/peer.ts';
import { hostFacing, transportParam, viaFacing } from '#controller/sip/peer.ts';
import type { Clock } from '#protocol/clock.ts';
import { createRequest, type SipMessage } from '#protocol/sip/message.ts';
import { parseNameAddr } from '#protocol/sip/name-addr.ts';
import { parseUri } from '#protocol/sip/uri.ts';
import type { UpstreamClient } from './client.ts';

export type RegistrationOptions = {
  extension: string;
  upstream: string;
  /** Best first; empty while there is no socket. */
  peers(): readonly UpstreamPeer[];
  ask: UpstreamClient['ask'];
  clock: Clock;
  random: (bytes: number) => Uint8Array;
  onChange(state: RegistrationState): void;
  /** He is logged in again, and has another one of the same name there: to take this one back would end that. */
  isReplaced?(): boolean;
  expiresSeconds?: number;
};

export type Registration = {
  readonly state: RegistrationState;
  /** The PBX is back and may have forgotten us. */
  kick(inMs: number): void;
  /** Takes it back, as far as the PBX answers; nothing is tried again. */
  close(): void;
  /** Ends without a word: the controller stops, the session goes on. */
  stop(): void;
};

const firstPauseMs = 2_000;
const longestPauseMs = 120_000;
/** A PBX shuts out who tries a wrong password too often. */
const refusedPauseMs = 60_000;
const longestRefusedPauseMs = 1_800_000;
const refusals = new Set([401, 403, 404, 407]);

export function createRegistration(options: RegistrationOptions): Registration {
  const { extension, upstream, clock, random, onChange, expiresSeconds = 600 } = options;
  const { isReplaced = () => false } = options;
  const token = () => Buffer.from(random(12)).toString('base64url');
  const callId = token();
  const tag = token();
  const state: RegistrationState = { extension, upstream, state: 'trying', since: clock.wall() };
  let cseq = 0;
  let wanted = expiresSeconds;
  let failures = 0;
  let isClosed = false;
  let isStopped = false;
  let isAsking = false;
  let isKicked = false;
  let cancelTimer = () => {};

  function enter(name: RegistrationState['state'], status: number | undefined, nextMs: number): void {
    const isNews = isKicked || state.state !== name || state.status !== status;
    isKicked = false;
    if (isNews) state.since = clock.wall();
    state.state = name;
    if (status === undefined) delete state.status;
    else state.status = status;
    state.nextAt = clock.wall() + nextMs;
    cancelTimer();
    cancelTimer = clock.after(nextMs, attempt);
    if (isNews) onChange(state);
  }

  /** Half to whole of 2^failures pauses, so that a thousand users do not come back in one moment. */
  function pause(first: number, longest: number): number {
    const whole = Math.min(longest, first * 2 ** Math.min(failures++, 16));
    return whole / 2 + (whole / 2) * ((random(1)[0] ?? 0) / 255);
  }

  function build(peer: UpstreamPeer, expires: number): SipMessage {
    const aor = `sip:${extension}@${peer.domain}`;
    const contact = `sip:${extension}@${hostFacing(peer)}${transportParam(peer)}`;
    return createRequest({
      method: 'REGISTER',
      uri: `sip:${peer.domain}${transportParam(peer)}`,
      headers: [
        ['Via', viaFacing(peer, `z9hG4bK${token()}`)],
        ['Max-Forwards', '70'],
        ['From', `<${aor}>;tag=${tag}`],
        ['To', `<${aor}>`],
        ['Call-ID', callId],
        ['CSeq', `${++cseq} REGISTER`],
        ['Contact', `<${contact}>`],
        ['Expires', String(expires)],
        ['Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, NOTIFY'],
      ],
    });
  }

  /** To one address after the other, until one answers. */
  function ask(expires: number, onFinal: (response: SipMessage | undefined) => void): void {
    const left = [...options.peers()];
    const next = (last: SipMessage | undefined) => {
      const peer = left.shift();
      if (peer === undefined) {
        onFinal(last);
        return;
      }
      const tryNext = (response?: SipMessage) => (left.length > 0 ? next(response) : onFinal(response));
      options.ask(build(peer, expires), peer, {
        response(response) {
          const status = statusOf(response);
          if (status >= 500 && status < 600) tryNext(response);
          else if (status >= 200) onFinal(response);
        },
        end: (why) => {
          if (why !== 'done') tryNext();
        },
      });
    };
    next(undefined);
  }

  function attempt(): void {
    cancelTimer();
    if (isClosed || isAsking) return;
    // No socket yet: nothing has failed, and who opens it kicks us.
    if (options.peers().length === 0) return;
    isAsking = true;
    ask(wanted, (response) => {
      isAsking = false;
      const isGranted = response !== undefined && statusOf(response) < 300;
      if (!isClosed) settle(response);
      // He logged out while it was on its way: the PBX would send his calls here until it expires.
      else if (!isStopped && (isGranted || state.state === 'registered') && !isReplaced()) takeBack();
    });
  }

  function settle(response: SipMessage | undefined): void {
    const status = response && statusOf(response);
    if (response !== undefined && status !== undefined && status < 300) {
      failures = 0;
      const seconds = grantedSeconds(response, extension) ?? wanted;
      // Well before it ends; not all users of an office in the same second.
      enter('registered', status, seconds * (700 + ((random(1)[0] ?? 0) % 150)));
      return;
    }
    const asked = status === 423 ? Number(response?.get('Min-Expires')) : Number.NaN;
    if (asked > wanted && asked <= 86_400) {
      wanted = asked;
      attempt();
      return;
    }
    if (refusals.has(status ?? 0)) enter('refused', status, pause(refusedPauseMs, longestRefusedPauseMs));
    else enter('failed', status, pause(firstPauseMs, longestPauseMs));
  }

  const takeBack = () => ask(0, () => undefined);

  cancelTimer = clock.after(0, attempt);
  return {
    state,
    kick(inMs) {
      // A wrong password does not get right by the PBX's restart.
      if (isClosed || state.state === 'refused') return;
      isKicked = true;
      cancelTimer();
      cancelTimer = clock.after(inMs, attempt);
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      cancelTimer();
      if (!isAsking && state.state === 'registered') takeBack();
    },
    stop() {
      isClosed = true;
      isStopped = true;
      cancelTimer();
    },
  };
}

const statusOf = ({ start }: SipMessage) => (start.type === 'response' ? start.status : 0);

/** RFC 3261 10.2.4: of the Contact that is ours, else of all. */
function grantedSeconds(response: SipMessage, extension: string): number | undefined {
  const contacts = response.getAll('Contact').map(parseNameAddr);
  const ours = contacts.find(({ uri }) => uri.startsWith('sip:') && parseUri(uri).user === extension);
  const text = ours?.params.get('expires') ?? response.get('Expires');
  const seconds = Number(text);
  return text !== undefined && seconds >= 10 && seconds <= 86_400 ? seconds : undefined;
}

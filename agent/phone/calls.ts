/**
 * The calls of one phone: one at a time, or, as a gateway, many that are all
 * answered. A call over the limit hears 486, one without audio that we can
 * speak 488. Two at once there are around a transfer: a person who holds a call may
 * dial another, and who is sent on keeps the old call until it is taken from him.
 */

import { type Invitation, Inviter, type Referral, type Session, type URI, type UserAgent } from 'sip.js';
import type { Clock } from '#protocol/clock.ts';
import { openAudio } from './audio.ts';
import { Call, type CallEvent } from './call.ts';
import { isAudioOffer } from './call-media.ts';
import { findReplaced, isEarlyOnly, numberIn } from './transfer.ts';

export type CallsOptions = {
  /** Where RTP is sent from and received. */
  address: string;
  clock: Clock;
  random: (below: number) => number;
  maxCalls: number;
  tones?: readonly number[];
  toneHz?: number | undefined;
  onEvent(event: CallEvent): void;
  onFailure(error: unknown): void;
  /** The last call has ended. */
  onIdle(): void;
};

export class Calls {
  isAutoAnswering = false;
  readonly #options: CallsOptions;
  readonly #calls = new Map<Session, Call>();
  #toneHz: number | undefined;
  #lastId = 0;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.#toneHz = options.toneHz;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** The newest call: the only one a phone has. */
  get current(): Call | undefined {
    return [...this.#calls.values()].at(-1);
  }

  /** False: there is a call already. */
  dial(userAgent: UserAgent, to: URI, number: string): boolean {
    const isConsulting = this.size === 1 && this.current?.media.isHolding === true;
    if (this.size >= this.#options.maxCalls && !isConsulting) return false;
    const call = this.#add(new Inviter(userAgent, to));
    this.#try(call.dial(number));
    return true;
  }

  take(invitation: Invitation): void {
    const { body } = invitation;
    const replaces = invitation.request.getHeader('Replaces');
    if (replaces !== undefined) {
      this.#stepIn(invitation, replaces);
    } else if (this.size >= this.#options.maxCalls) {
      this.#try(invitation.reject({ statusCode: 486 }));
    } else if (body !== undefined && body !== '' && !isAudioOffer(body)) {
      this.#try(invitation.reject({ statusCode: 488 }));
    } else {
      const call = this.#add(invitation);
      const isAtOnce = this.isAutoAnswering || isToBeAnswered(invitation);
      this.#try(call.ring().then(() => (isAtOnce ? call.answer() : undefined)));
    }
  }

  /** sip.js asks who does offer and answer for a session. */
  mediaOf(session: Session): Call['media'] {
    const call = this.#calls.get(session);
    if (call === undefined) throw new Error('a session that is no call of ours');
    return call.media;
  }

  answer(): boolean {
    const ringing = [...this.#calls.values()].find((call) => call.isRinging);
    if (ringing !== undefined) this.#try(ringing.answer());
    return ringing !== undefined;
  }

  hangUp(): boolean {
    const calls = [...this.#calls.values()];
    for (const call of calls) this.#try(call.hangUp());
    return calls.length > 0;
  }

  hold(isHolding: boolean): boolean {
    const call = this.current;
    if (call?.isAnswered !== true) return false;
    this.#try(call.hold(isHolding));
    return true;
  }

  /** Who is in the only call to a number, or who is in the older call into the newer one. */
  transfer(to: URI | undefined): boolean {
    const [first, second] = this.#calls.values();
    const target = to ?? second;
    if (target === undefined || (to !== undefined && this.size > 1)) return false;
    return first?.transfer(target) ?? false;
  }

  press(digits: string): boolean {
    return this.current?.media.sendDtmf(digits) ?? false;
  }

  /** undefined: silence. In calls to come, too. */
  tone(hz: number | undefined): void {
    this.#toneHz = hz;
    for (const call of this.#calls.values()) call.media.audio?.tone(hz);
  }

  /** What hanging up has left behind when nobody answered it. */
  close(): void {
    for (const call of this.#calls.values()) call.close();
    this.#calls.clear();
  }

  /** RFC 3891 3: at once, and without ringing; 481 when we have no such call. */
  #stepIn(invitation: Invitation, replaces: string): void {
    const replaced = findReplaced(replaces, this.#calls.values());
    // A call that rings here is not ours to give: only who began an early dialog may have it replaced.
    if (replaced === undefined || !(replaced.isAnswered || replaced.isCalling)) {
      this.#try(invitation.reject({ statusCode: 481 }));
      return;
    }
    if (this.size > this.#options.maxCalls || (replaced.isAnswered && isEarlyOnly(replaces))) {
      this.#try(invitation.reject({ statusCode: 486 }));
      return;
    }
    const call = this.#add(invitation);
    this.#try(
      call
        .ring()
        .then(() => call.answer())
        .then(() => replaced.hangUp()),
    );
  }

  /** RFC 3515 2.4.2: what becomes of it sip.js tells by NOTIFY. A gateway calls nobody. */
  #follow(referral: Referral): void {
    const number = numberIn(referral);
    if (number === undefined || this.size > 1 || this.#options.maxCalls > 1) {
      this.#try(referral.reject({ statusCode: number === undefined ? 400 : 403 }));
      return;
    }
    this.#try(referral.accept());
    this.#try(this.#add(referral.makeInviter()).dial(number));
  }

  #add(session: Session): Call {
    const { address, clock, random, tones, onEvent, onFailure, onIdle } = this.#options;
    const call = new Call({
      id: ++this.#lastId,
      session,
      clock,
      toneHz: () => this.#toneHz,
      openAudio: (heard) =>
        openAudio({ address, clock, random, ...(tones === undefined ? {} : { tones }), ...heard }),
      onEvent,
      onRefer: (referral) => this.#follow(referral),
      onFailure,
      onEnded: () => {
        this.#calls.delete(session);
        if (this.size === 0) onIdle();
      },
    });
    this.#calls.set(session, call);
    return call;
  }

  #try(going: Promise<unknown>): void {
    going.catch(this.#options.onFailure);
  }
}

/** As for an intercom, or a call picked up: the server says so, and the phone takes requests from nobody else. */
const isToBeAnswered = ({ request }: Invitation) =>
  /;\s*answer-after\s*=\s*0\b/i.test(request.getHeader('Call-Info') ?? '');

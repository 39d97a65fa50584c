/**
 * One call: a sip.js session, its media, and what is told of it.
 *
 *     calling progress* answered (hold | tone | digit | audio)* ended      we called
 *     incoming          answered (hold | tone | digit | audio)* ended      they called
 *
 * `transfer` tells how it goes with a call that we send on (./transfer.ts): once
 * somebody else has it, we hang up.
 *
 * `ended` comes once, whoever ends it, and says who: us, them, or refused.
 */

import {
  Core,
  Invitation,
  Inviter,
  type Notification,
  type Referral,
  type Session,
  SessionState,
  type URI,
} from 'sip.js';
import { formatHostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import type { AudioTerms } from '#protocol/media/negotiate.ts';
import type { Audio } from './audio.ts';
import { CallMedia } from './call-media.ts';
import { type DialogName, refer, statusIn } from './transfer.ts';

/** `call` tells calls apart where there are several: a gateway has many at once. */
export type CallEvent = { call: number } & (
  | { event: 'calling'; number: string }
  | { event: 'progress'; status: number }
  | { event: 'incoming'; from: string; display: string; asserted?: string }
  /** `remoteMedia` is absent while the other side wants no sound. */
  | { event: 'answered'; remoteMedia?: string }
  /** `by` them: they hold us; `direction` as seen from us. */
  | { event: 'hold'; isHeld: boolean; direction: string; remoteMedia?: string }
  | { event: 'transfer'; status: number }
  | { event: 'tone'; hz: number }
  | { event: 'digit'; digit: string }
  | { event: 'audio'; packets: number; levelDb: number }
  | { event: 'ended'; status?: number; by: 'us' | 'them' | 'refused' }
);

type Told = CallEvent extends infer E ? (E extends { call: number } ? Omit<E, 'call'> : never) : never;

export type CallOptions = {
  id: number;
  session: Session;
  clock: Clock;
  openAudio(heard: { onTone(hz: number | undefined): void; onDigit(digit: string): void }): Promise<Audio>;
  /** What to say as soon as there is somebody to hear it. */
  toneHz(): number | undefined;
  onEvent(event: CallEvent): void;
  /** They send us on to somebody else. */
  onRefer(referral: Referral): void;
  onFailure(error: unknown): void;
  onEnded(): void;
};

const reportMs = 1_000;
/** More than a call forks to; the rest cannot be named. */
const maxEarlyTags = 16;

export class Call {
  readonly media: CallMedia;
  readonly session: Session;
  readonly #options: CallOptions;
  #end: { status?: number; by: 'us' | 'them' | 'refused' } = { by: 'us' };
  #isHeld = false;
  #hasHungUp = false;
  #isOpen = true;
  #lastProgress = 0;
  readonly #earlyTags = new Set<string>();
  #isOffering = false;
  #mustOffer = false;
  #stopReports = () => {};

  constructor(options: CallOptions) {
    this.#options = options;
    this.session = options.session;
    this.media = new CallMedia({ open: () => this.#openAudio(), onTerms: (terms) => this.#note(terms) });
    this.session.stateChange.addListener((state) => this.#change(state));
    this.session.delegate = {
      onBye: (bye) => {
        this.#end = { by: 'them' };
        void bye.accept();
      },
      onCancel: () => {
        this.#end = { by: 'them', status: 487 };
      },
      onRefer: (referral) => options.onRefer(referral),
      onNotify: (notification) => this.#noteTransfer(notification),
    };
  }

  get isAnswered(): boolean {
    return this.session.state === SessionState.Established;
  }

  get isRinging(): boolean {
    return this.session instanceof Invitation && this.session.state === SessionState.Initial;
  }

  get isCalling(): boolean {
    return this.session instanceof Inviter && this.session.state === SessionState.Establishing;
  }

  /** The one it has, or those that ring: a call that forks has several. */
  get dialogs(): DialogName[] {
    const { session } = this;
    if (session.dialog !== undefined) return [session.dialog];
    if (!(session instanceof Inviter)) return [];
    const { callId, fromTag } = session.request;
    return [...this.#earlyTags].map((remoteTag) => ({ callId, localTag: fromTag, remoteTag }));
  }

  async dial(number: string): Promise<void> {
    if (!(this.session instanceof Inviter)) return;
    this.#tell({ event: 'calling', number });
    await this.session.invite({
      requestDelegate: {
        onProgress: ({ message }) => this.#progress(message.statusCode ?? 0, message.toTag),
        onReject: ({ message }) => this.#refuse(message.statusCode),
        onRedirect: ({ message }) => this.#refuse(message.statusCode),
      },
    });
  }

  async ring(): Promise<void> {
    const { session } = this;
    if (!(session instanceof Invitation)) return;
    const { uri, displayName } = session.remoteIdentity;
    const asserted = session.assertedIdentity?.uri.user;
    this.#tell({
      event: 'incoming',
      from: uri.user ?? '',
      display: displayName ?? '',
      ...(asserted === undefined ? {} : { asserted }),
    });
    await session.progress();
  }

  async answer(): Promise<void> {
    if (this.session instanceof Invitation && this.isRinging) await this.session.accept();
  }

  async hangUp(): Promise<void> {
    const { session } = this;
    this.#hasHungUp = true;
    if (session.state === SessionState.Established) await session.bye();
    else if (session instanceof Inviter) await cancel(session);
    else if (session instanceof Invitation && this.isRinging) await session.reject({ statusCode: 486 });
  }

  /** By a re-INVITE (RFC 3264 8.4). */
  async hold(isHolding: boolean): Promise<void> {
    this.media.isHolding = isHolding;
    this.#mustOffer = true;
    await this.#offer();
  }

  /** To a number, or into another call of ours. False: there is nobody to send on. */
  transfer(to: URI | Call): boolean {
    if (!this.isAnswered) return false;
    const target = to instanceof Call ? to.session : to;
    return refer(this.session, target, (status) => this.#tell({ event: 'transfer', status }));
  }

  /** RFC 5589 6.1: the call is ours until the other has found who he was sent to. */
  #noteTransfer(notification: Notification): void {
    void notification.accept();
    const status = statusIn(notification);
    if (status === undefined) return;
    this.#tell({ event: 'transfer', status });
    if (status >= 200 && status < 300) this.hangUp().catch(this.#options.onFailure);
  }

  /** One offer at a time (RFC 3261 14.1): what changes meanwhile is offered afterwards. */
  async #offer(): Promise<void> {
    if (!this.#mustOffer || this.#isOffering || !this.isAnswered) return;
    this.#mustOffer = false;
    this.#isOffering = true;
    const finish = () => {
      this.#isOffering = false;
      this.#offer().catch(this.#options.onFailure);
    };
    await this.session.invite({ requestDelegate: { onAccept: finish, onReject: finish } });
  }

  /** A 180 that was sent again is no news. */
  #progress(status: number, tag: string | undefined): void {
    if (tag !== undefined && tag !== '' && this.#earlyTags.size < maxEarlyTags) this.#earlyTags.add(tag);
    if (status !== this.#lastProgress) this.#tell({ event: 'progress', status });
    this.#lastProgress = status;
  }

  /** Whatever becomes of the session: the phone is switched off. */
  close(): void {
    this.#isOpen = false;
    this.#stopReports();
    this.media.close();
  }

  async #openAudio(): Promise<Audio> {
    const audio = await this.#options.openAudio({
      onTone: (hz) => {
        if (hz !== undefined) this.#tell({ event: 'tone', hz });
      },
      onDigit: (digit) => this.#tell({ event: 'digit', digit }),
    });
    audio.tone(this.#options.toneHz());
    return audio;
  }

  /** New terms in a call that is up: they hold us, or no longer. */
  #note(terms: AudioTerms): void {
    const isHeld = !terms.direction.startsWith('send') || terms.target === undefined;
    if (this.isAnswered && isHeld !== this.#isHeld) {
      this.#tell({ event: 'hold', isHeld, direction: terms.direction, ...remoteOf(terms) });
    }
    this.#isHeld = isHeld;
  }

  #change(state: SessionState): void {
    if (state === SessionState.Established) {
      this.#tell({ event: 'answered', ...remoteOf(this.media.terms) });
      this.#report();
    } else if (state === SessionState.Terminated) {
      this.#stopReports();
      this.media.close();
      // sip.js would repeat its 200 to a re-INVITE for ever, when the BYE came before the ACK.
      const { dialog } = this.session;
      if (dialog instanceof Core.SessionDialog) dialog.reinviteUserAgentServer = undefined;
      this.#options.onEnded();
      // sip.js tells the state before the reason: whatever it says in this turn is still heard.
      queueMicrotask(() => this.#tell({ event: 'ended', ...this.#end }));
    }
  }

  #refuse(status: number | undefined): void {
    this.#end = { by: this.#hasHungUp ? 'us' : 'refused', ...(status === undefined ? {} : { status }) };
  }

  #report(): void {
    if (!this.#isOpen) return;
    this.#stopReports = this.#options.clock.after(reportMs, () => {
      if (this.media.audio !== undefined) this.#tell({ event: 'audio', ...this.media.audio.read() });
      this.#report();
    });
  }

  #tell(told: Told): void {
    this.#options.onEvent({ ...told, call: this.#options.id } as CallEvent);
  }
}

const remoteOf = (terms: AudioTerms | undefined) =>
  terms?.target === undefined ? {} : { remoteMedia: formatHostPort(terms.target) };

async function cancel(session: Inviter): Promise<void> {
  if (session.state === SessionState.Initial || session.state === SessionState.Establishing)
    await session.cancel();
}

/**
 * Offer and answer of one call, as sip.js asks for them, and the sound behind.
 *
 *     setDescription(offer), getDescription() → answer     they call, or change the call
 *     getDescription() → offer, setDescription(answer)     we do
 *
 * The socket is opened with the first description and stays through hold,
 * resume and every other re-INVITE. Which terms hold is decided by the last
 * answer, given or taken.
 */

import type { BodyAndContentType, SessionDescriptionHandler } from 'sip.js';
import {
  type AudioTerms,
  createAnswer,
  createOffer,
  createOrigin,
  type Origin,
  readTerms,
} from '#protocol/media/negotiate.ts';
import { type Direction, formatSdp, parseSdp, type Sdp } from '#protocol/media/sdp.ts';
import type { Audio } from './audio.ts';

const contentType = 'application/sdp';

export type CallMediaOptions = { open(): Promise<Audio>; onTerms(terms: AudioTerms): void };

export class CallMedia implements SessionDescriptionHandler {
  /** We hold the other side. */
  isHolding = false;
  terms: AudioTerms | undefined;
  audio: Audio | undefined;
  readonly #open: CallMediaOptions['open'];
  readonly #onTerms: CallMediaOptions['onTerms'];
  #origin: Origin = createOrigin();
  #offered: { sdp: Sdp; terms: AudioTerms } | undefined;
  #isOffering = false;
  #isOpen = true;

  constructor({ open, onTerms }: CallMediaOptions) {
    this.#open = open;
    this.#onTerms = onTerms;
  }

  async getDescription(): Promise<BodyAndContentType> {
    const { local } = await this.#ready();
    const origin = this.#origin;
    this.#origin = { ...origin, version: origin.version + 1 };
    const offered = this.#offered;
    if (offered === undefined) {
      this.#isOffering = true;
      return toBody(createOffer(local, origin, this.isHolding ? 'sendonly' : 'sendrecv'));
    }
    this.#offered = undefined;
    const terms = this.isHolding ? held(offered.terms) : offered.terms;
    const answer = createAnswer(offered.sdp, terms, local, origin);
    this.#agree(terms);
    return toBody(answer);
  }

  /** Rejects when there is nothing in it that we can speak: sip.js answers 488, or hangs up. */
  async setDescription(text: string): Promise<void> {
    await this.#ready();
    const sdp = parseSdp(text);
    const terms = readTerms(sdp);
    if (terms === undefined) throw new Error('no audio that we can speak');
    if (this.#isOffering) this.#agree(terms);
    else this.#offered = { sdp, terms };
    this.#isOffering = false;
  }

  async rollbackDescription(): Promise<void> {
    this.#isOffering = false;
    this.#offered = undefined;
  }

  hasDescription(type: string): boolean {
    return type.toLowerCase().startsWith(contentType);
  }

  sendDtmf(digits: string): boolean {
    return this.audio?.press(digits) ?? false;
  }

  close(): void {
    this.#isOpen = false;
    this.audio?.close();
  }

  async #ready(): Promise<Audio> {
    this.audio ??= await this.#open();
    if (this.#isOpen) return this.audio;
    this.audio.close(); // the call ended while the socket was being opened
    throw new Error('the call has ended');
  }

  #agree(terms: AudioTerms): void {
    this.terms = terms;
    this.audio?.agree(terms);
    this.#onTerms(terms);
  }
}

/** True for a body that `setDescription` would take. */
export function isAudioOffer(text: string): boolean {
  try {
    return readTerms(parseSdp(text)) !== undefined;
  } catch {
    return false; // malformed: no audio in it either
  }
}

const toBody = (sdp: Sdp): BodyAndContentType => ({ body: formatSdp(sdp), contentType });

const withoutReceiving: Record<Direction, Direction> = {
  sendrecv: 'sendonly',
  sendonly: 'sendonly',
  recvonly: 'inactive',
  inactive: 'inactive',
};
const held = (terms: AudioTerms): AudioTerms => ({ ...terms, direction: withoutReceiving[terms.direction] });

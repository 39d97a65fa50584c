/**
 * The talk of one call: what its SDP agreed on, the RTP stream that follows from
 * it, our voice going out and the digits coming in.
 *
 *     offer(sdp)   first offer, or a re-INVITE's: hold, resume, another port
 *     answer()     our side of what stands
 *
 * RTP goes to the port the SDP names at the address the phone's flow has, never
 * to another address the SDP may name: that is how a call would be used to send
 * packets at somebody else. Digits come as telephone events or in SIP INFO, in
 * the way that was first heard: some phones send each press in both. A phone
 * that can do neither cannot use this call; tones in its audio are not taken.
 */

import type { Flow } from '#controller/model/model.ts';
import type { MediaPorts, MediaStream } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import {
  type AudioTerms,
  createAnswer,
  createOrigin,
  type Origin,
  readTerms,
} from '#protocol/media/negotiate.ts';
import { decodeRtp } from '#protocol/media/rtp.ts';
import { formatSdp, parseSdp, type Sdp } from '#protocol/media/sdp.ts';
import { createDigitDetector, type DigitDetector } from '#protocol/media/telephone-event.ts';
import { createPlayer, type Player } from './player.ts';
import type { Sound } from './prompts.ts';

/** RTP never goes to a port a service of the host may listen on. */
const lowestPort = 1_024;

export type TalkOptions = {
  flow: Flow;
  media: MediaPorts;
  clock: Clock;
  /** The phone may send its digits in SIP INFO: telephone events are not needed. */
  sendsInfo: boolean;
  onDigit: (digit: string) => void;
  /** Everything that was to play has been sent. */
  onPlayed: () => void;
  /** The stream is gone for good: nothing is said or heard any more. */
  onLost: () => void;
};

export type Talk = {
  /** Throws `sdp.malformed`, and what MediaPorts.open throws; what stood before then goes on. */
  offer(sdp: string): Promise<'agreed' | 'unacceptable'>;
  answer(): string;
  /** A digit that came in an INFO. */
  info(digit: string): void;
  play(sound: Sound): void;
  hush(): void;
  /** Packets of the phone that were no RTP. */
  readonly junk: number;
  /** Digits that came in another way than the first. */
  readonly doubled: number;
  close(): void;
};

/** What stands: the other side's SDP, read, and the stream that serves it. */
type Agreement = { sdp: Sdp; terms: AudioTerms; port: number; stream: MediaStream };

export function createTalk({ flow, media, clock, sendsInfo, onDigit, onPlayed, onLost }: TalkOptions): Talk {
  let origin: Origin = createOrigin();
  let agreed: Agreement | undefined;
  let player: Player | undefined;
  let detector: DigitDetector | undefined;
  let lastOffer: string | undefined;
  let isClosed = false;
  let junk = 0;
  let doubled = 0;
  let way: 'event' | 'info' | undefined;

  function press(digit: string, by: 'event' | 'info'): void {
    way ??= by;
    if (way === by) onDigit(digit);
    else doubled++;
  }

  function onPacket(bytes: Uint8Array): void {
    const packet = decodeRtp(bytes);
    if (packet === undefined) {
      junk++;
      return;
    }
    const digit = detector?.feed(packet);
    if (digit !== undefined) press(digit, 'event');
  }

  function settle(next: Agreement): void {
    const before = agreed;
    agreed = next;
    if (before !== undefined) origin = { ...origin, version: origin.version + 1 };
    if (before?.stream !== next.stream) before?.stream.close();
    const { eventType } = next.terms;
    if (eventType === undefined) detector = undefined;
    else if (before?.terms.eventType !== eventType)
      detector = createDigitDetector({ payloadType: eventType });
    next.stream.onPacket = onPacket;
    next.stream.onLost = () => {
      if (agreed === next && !isClosed) onLost();
    };

    const isMuted = next.terms.target === undefined || !next.terms.direction.startsWith('send');
    player ??= createPlayer({
      clock,
      encoding: next.terms,
      send: (packet) => agreed?.stream.send(packet),
      onPlayed,
    });
    player.use(next.terms, isMuted);
  }

  return {
    async offer(text) {
      const sdp = parseSdp(text);
      const terms = readTerms(sdp);
      const hasDigits = sendsInfo || terms?.eventType !== undefined;
      // Held from the start by 0.0.0.0 there is nowhere to send: no. Held later: keep the stream for the resume.
      const port = terms?.target?.port ?? agreed?.port;
      if (terms === undefined || !hasDigits || port === undefined || port < lowestPort) {
        return 'unacceptable';
      }
      const stream =
        agreed?.port === port
          ? agreed.stream
          : await media.open(flow, { address: flow.remote.address, port });
      if (isClosed) {
        stream.close();
        return 'unacceptable';
      }
      if (text !== lastOffer) settle({ sdp, terms, port, stream });
      lastOffer = text;
      return 'agreed';
    },
    answer() {
      if (agreed === undefined) throw new Error('nothing to answer');
      return formatSdp(createAnswer(agreed.sdp, agreed.terms, agreed.stream.local, origin));
    },
    play: (sound) => player?.play(sound),
    hush: () => player?.hush(),
    info: (digit) => press(digit, 'info'),
    get junk() {
      return junk;
    },
    get doubled() {
      return doubled;
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      player?.close();
      agreed?.stream.close();
    },
  };
}

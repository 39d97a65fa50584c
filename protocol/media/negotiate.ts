/**
 * Offer and answer (RFC 3264) for the calls we end ourselves: one audio stream,
 * G.711, digits as telephone events. Relayed calls never come here.
 *
 *     m=audio <port> RTP/AVP 8 0 101        every other media of an offer is refused with port 0
 */

import { randomInt } from 'node:crypto';
import type { HostPort } from '#protocol/address.ts';
import { type G711, g711PayloadType } from './g711.ts';
import { type Direction, formatConnection, parseSdp, rtpTarget, type Sdp, type SdpMedia } from './sdp.ts';

/** What a stream was agreed to be. */
export type AudioTerms = {
  /** Position among the offer's media. */
  readonly index: number;
  readonly codec: G711;
  readonly payloadType: number;
  /** Payload type of telephone events; undefined: the other side cannot send digits. */
  readonly eventType: number | undefined;
  /** Where our audio goes; undefined while it is on hold the old way (0.0.0.0). */
  readonly target: HostPort | undefined;
  /** As seen from us. */
  readonly direction: Direction;
};

/** What we tell in the `o=` line: `version` rises when we offer again (RFC 3264 8). */
export type Origin = { readonly id: number; readonly version: number };

/** An offer with both G.711 laws and events. */
export function createOffer(
  local: HostPort,
  origin = createOrigin(),
  direction: Direction = 'sendrecv',
): Sdp {
  const lines = [
    ...sessionLines(local, origin),
    `m=audio ${local.port} RTP/AVP 8 0 101`,
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:0 PCMU/8000',
    ...eventLines(101),
    'a=ptime:20',
    `a=${direction}`,
  ];
  return parseSdp(lines.join('\r\n'));
}

/** What an offer lets us do, or what an answer to our offer settled: undefined when no audio we can speak is in it. */
export function readTerms(remote: Sdp): AudioTerms | undefined {
  const index = remote.media.findIndex(
    (media) => media.kind === 'audio' && media.port !== 0 && /^RTP\/AVPF?$/.test(media.protocol),
  );
  const media = remote.media[index];
  const codec = media === undefined ? undefined : firstG711(media);
  if (media === undefined || codec === undefined) return undefined;
  return {
    index,
    ...codec,
    eventType: eventTypeOf(media),
    target: rtpTarget(remote, index),
    direction: mirrored[media.direction],
  };
}

/** The answer: the codec and payload numbers of the offer, everything else refused. */
export function createAnswer(offer: Sdp, terms: AudioTerms, local: HostPort, origin = createOrigin()): Sdp {
  const lines = sessionLines(local, origin);
  offer.media.forEach((media, index) => {
    if (index === terms.index) lines.push(...answerLines(media, terms, local));
    else lines.push(`m=${media.kind} 0 ${media.protocol} ${media.formats[0] ?? '0'}`);
  });
  return parseSdp(lines.join('\r\n'));
}

export const createOrigin = (): Origin => ({ id: randomInt(1, 2 ** 31), version: 1 });

function answerLines(media: SdpMedia, terms: AudioTerms, local: HostPort): string[] {
  const { codec, payloadType, eventType } = terms;
  const formats = eventType === undefined ? [payloadType] : [payloadType, eventType];
  return [
    `m=audio ${local.port} ${media.protocol} ${formats.join(' ')}`,
    `a=rtpmap:${payloadType} ${codec}/8000`,
    ...(eventType === undefined ? [] : eventLines(eventType)),
    'a=ptime:20',
    `a=${terms.direction}`,
  ];
}

function sessionLines(local: HostPort, { id, version }: Origin): string[] {
  const connection = formatConnection(local.address);
  return ['v=0', `o=- ${id} ${version} ${connection}`, 's=-', `c=${connection}`, 't=0 0'];
}

const eventLines = (type: number) => [`a=rtpmap:${type} telephone-event/8000`, `a=fmtp:${type} 0-15`];

/** The offerer's order is its preference (RFC 3264 6.1). */
function firstG711(media: SdpMedia): { codec: G711; payloadType: number } | undefined {
  for (const payloadType of media.formats.map(Number)) {
    const codec = media.codecs.get(payloadType);
    if (
      codec !== undefined &&
      Object.hasOwn(g711PayloadType, codec.name) &&
      codec.rate === 8_000 &&
      codec.channels === 1
    ) {
      return { codec: codec.name as G711, payloadType };
    }
  }
  return undefined;
}

function eventTypeOf(media: SdpMedia): number | undefined {
  return media.formats.map(Number).find((type) => {
    const codec = media.codecs.get(type);
    // At 8 kHz only: events run on the clock of the audio beside them (RFC 4733 2.1).
    return codec?.name === 'TELEPHONE-EVENT' && codec.rate === 8_000;
  });
}

const mirrored: Record<Direction, Direction> = {
  sendrecv: 'sendrecv',
  sendonly: 'recvonly',
  recvonly: 'sendonly',
  inactive: 'inactive',
};

/**
 * SDP (RFC 8866), as far as phones use it.
 *
 *     v=0                                  session lines, then for each media
 *     o=- 1 1 IN IP4 192.0.2.1
 *     c=IN IP4 192.0.2.1                   connection; a media's own wins
 *     m=audio 49170 RTP/AVP 8 0 101        kind, port, protocol, formats
 *     a=rtpmap:101 telephone-event/8000    payload type → codec
 *     a=fmtp:101 0-15
 *     a=sendrecv                           direction; the session's when absent
 *
 * The lines are the truth and are written back as they were, in their order;
 * everything else is read from them once. Who changes something writes other
 * lines (./readdress.ts).
 *
 * What comes in is hostile: size, counts and every number are bounded, and a
 * NUL is refused (it has ended other people's strings early).
 */

import { isIP } from 'node:net';
import type { HostPort } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';

const maxBytes = 16 * 1024;
const maxLines = 512;
const maxMedia = 32;
const maxFormats = 64;

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
export type SdpLine = { readonly type: string; readonly value: string };
/** `rtpmap`: the codec's name in capitals, as names are compared without case. */
export type RtpCodec = { readonly name: string; readonly rate: number; readonly channels: number };

export type SdpMedia = {
  /** `audio`, `video`, ... */
  readonly kind: string;
  /** 0: refused or switched off. */
  readonly port: number;
  /** `RTP/AVP`, `RTP/SAVP`, ... */
  readonly protocol: string;
  /** Payload types for RTP, words of the protocol otherwise. */
  readonly formats: readonly string[];
  /** Where media goes: this media's `c=`, else the session's. An address as written, or a name. */
  readonly connection: string | undefined;
  readonly direction: Direction;
  /** From `rtpmap`, and from RFC 3551 for the payload types that need none. */
  readonly codecs: ReadonlyMap<number, RtpCodec>;
  readonly fmtp: ReadonlyMap<number, string>;
  /** All of its lines, `m=` first. */
  readonly lines: readonly SdpLine[];
};

export type Sdp = {
  /** The lines before the first `m=`. */
  readonly lines: readonly SdpLine[];
  readonly media: readonly SdpMedia[];
};

/** RFC 3551 table 4: payload types whose codec is known without a rtpmap. */
const staticCodecs: ReadonlyMap<number, RtpCodec> = new Map([
  [0, { name: 'PCMU', rate: 8_000, channels: 1 }],
  [3, { name: 'GSM', rate: 8_000, channels: 1 }],
  [4, { name: 'G723', rate: 8_000, channels: 1 }],
  [8, { name: 'PCMA', rate: 8_000, channels: 1 }],
  [9, { name: 'G722', rate: 8_000, channels: 1 }],
  [13, { name: 'CN', rate: 8_000, channels: 1 }],
  [18, { name: 'G729', rate: 8_000, channels: 1 }],
]);

/** Throws `sdp.malformed`. Bytes that are not UTF-8 are read as Latin-1: old phones write names so. */
export function parseSdp(input: string | Uint8Array): Sdp {
  if (input.length > maxBytes) throw malformed(`over ${maxBytes} bytes`);
  const text = typeof input === 'string' ? input : decodeText(input);
  if (text.includes('\0')) throw malformed('has a NUL');
  const lines = text.split(/\r\n|\n/);
  while (lines.at(-1) === '') lines.pop();
  if (lines.length > maxLines) throw malformed(`over ${maxLines} lines`);

  const [session = [], ...medias] = sections(lines.map(parseLine));
  if (session[0]?.type !== 'v' || session[0].value !== '0') throw malformed('does not begin with v=0');
  if (medias.length > maxMedia) throw malformed(`over ${maxMedia} media`);
  const inherited = { connection: connectionOf(session), direction: directionOf(session) ?? 'sendrecv' };
  return { lines: session, media: medias.map((media) => readMedia(media, inherited)) };
}

export function formatSdp(sdp: Sdp): string {
  const lines = [...sdp.lines, ...sdp.media.flatMap((media) => media.lines)];
  return lines.map(({ type, value }) => `${type}=${value}\r\n`).join('');
}

/**
 * Where to send the media: undefined when it is refused (port 0), on hold the
 * old way (0.0.0.0, RFC 3264 8.4), or no address of one host.
 */
export function rtpTarget(sdp: Sdp, index = 0): HostPort | undefined {
  const media = sdp.media[index];
  const address = media?.connection;
  if (media === undefined || media.port === 0 || address === undefined || !isUnicast(address))
    return undefined;
  return { address, port: media.port };
}

/** `IN IP4 192.0.2.1` for `c=` and the end of `o=`. */
export function formatConnection(address: string): string {
  return `IN ${address.includes(':') ? 'IP6' : 'IP4'} ${address}`;
}

// --- reading -------------------------------------------------------------------

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  }
}

function parseLine(line: string): SdpLine {
  if (line[1] !== '=' || !/[a-z]/.test(line[0] ?? '')) throw malformed('a line is not <letter>=<value>');
  if (line.includes('\r')) throw malformed('has a CR within a line');
  return { type: line.slice(0, 1), value: line.slice(2) };
}

/** Session lines first, then one section for each `m=`. */
function sections(lines: SdpLine[]): SdpLine[][] {
  const all: SdpLine[][] = [[]];
  for (const line of lines) {
    if (line.type === 'm') all.push([]);
    all.at(-1)?.push(line);
  }
  return all;
}

type Inherited = { connection: string | undefined; direction: Direction };

function readMedia(lines: readonly SdpLine[], { connection, direction }: Inherited): SdpMedia {
  const [kind, ports, protocol, ...formats] = (lines[0]?.value ?? '').trim().split(/ +/);
  if (kind === undefined || ports === undefined || protocol === undefined || formats.length === 0) {
    throw malformed('m= is not <media> <port> <protocol> <format> ...');
  }
  if (formats.length > maxFormats) throw malformed(`over ${maxFormats} formats`);
  const isRtp = protocol.includes('RTP/');
  const types = isRtp ? formats.map(readPayloadType) : [];
  return {
    kind,
    port: readNumber(ports.split('/')[0], 65_535, 'port'),
    protocol,
    formats,
    connection: connectionOf(lines) ?? connection,
    direction: directionOf(lines) ?? direction,
    codecs: isRtp ? readCodecs(lines, types) : new Map(),
    fmtp: isRtp ? new Map(numbered(lines, 'fmtp')) : new Map(),
    lines,
  };
}

function readCodecs(lines: readonly SdpLine[], types: readonly number[]): Map<number, RtpCodec> {
  const codecs = new Map<number, RtpCodec>();
  for (const type of types) {
    const known = staticCodecs.get(type);
    if (known !== undefined) codecs.set(type, known);
  }
  for (const [type, mapping] of numbered(lines, 'rtpmap')) {
    const [name = '', rate, channels = '1'] = mapping.trim().split('/');
    if (name === '') throw malformed('a=rtpmap has no codec');
    codecs.set(type, {
      name: name.toUpperCase(),
      rate: readNumber(rate, 1_000_000, 'clock rate'),
      channels: readNumber(channels, 255, 'channels'),
    });
  }
  return codecs;
}

/** `a=name:<payload type> <text>`, each. */
function numbered(lines: readonly SdpLine[], name: string): [number, string][] {
  const found: [number, string][] = [];
  for (const { type, value } of lines) {
    if (type !== 'a' || !value.startsWith(`${name}:`)) continue;
    const [number, ...text] = value.slice(name.length + 1).split(' ');
    found.push([readPayloadType(number), text.join(' ')]);
  }
  return found;
}

/** The last word of `IN IP4 192.0.2.1`, without the TTL of a multicast address. */
function connectionOf(lines: readonly SdpLine[]): string | undefined {
  const line = lines.find(({ type }) => type === 'c');
  if (line === undefined) return undefined;
  const [network, family, address] = line.value.trim().split(/ +/);
  if (network !== 'IN' || (family !== 'IP4' && family !== 'IP6') || address === undefined) {
    throw malformed('c= is not IN IP4|IP6 <address>');
  }
  return address.split('/')[0];
}

const directions: readonly string[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] satisfies Direction[];

const isDirection = ({ type, value }: SdpLine) => type === 'a' && directions.includes(value.trim());

function directionOf(lines: readonly SdpLine[]): Direction | undefined {
  return lines.find(isDirection)?.value.trim() as Direction | undefined;
}

const readPayloadType = (text: string | undefined) => readNumber(text, 127, 'payload type');

function readNumber(text: string | undefined, most: number, what: string): number {
  if (text === undefined || !/^[0-9]{1,10}$/.test(text) || Number(text) > most) {
    throw malformed(`${what} is no number from 0 to ${most}`);
  }
  return Number(text);
}

/** One host's address: not unspecified, not multicast, not broadcast. */
function isUnicast(address: string): boolean {
  const family = isIP(address);
  if (family === 4) {
    const first = Number(address.split('.')[0]);
    return first > 0 && first < 224;
  }
  if (family !== 6) return false;
  const text = address.toLowerCase();
  // IPv4 in IPv6 clothes is never what a phone means, and would walk around the checks above.
  return !text.startsWith('ff') && !text.includes('.') && !/^[0:]*(?:ffff:.*)?$/.test(text);
}

const malformed = (why: string) => new Fault('sdp.malformed', `malformed SDP: ${why}`);

/**
 * SDP that goes on to the other side of a relay: our addresses instead of the
 * sender's, and nothing else changed, to the byte.
 *
 *     m=audio 11780 RTP/AVP 8    → our port; port 0 and what we do not carry stays
 *     c=                         → our address, where it stands; 0.0.0.0 stays on hold (RFC 3264 8.4)
 *     a=rtcp:                    → our port (RFC 3605): RTP's own, or the next above
 *     a=candidate, a=ice-...     → removed, with BUNDLE: each names a way around us (RFC 8839, RFC 9143)
 *     a=crypto, a=fingerprint    stay: the phones' own, end to end
 *
 * Everything is read as Latin-1, a byte a character, so that what we do not
 * know comes out as it went in.
 */

import { isIP } from 'node:net';
import { toCanonical } from '#protocol/address.ts';
import { formatConnection, formatSdp, parseSdp, type Sdp, type SdpLine, type SdpMedia } from './sdp.ts';

/** What is in a packet, as far as a relay must know. */
export type Carried = 'rtp' | 'datagram';

/** What one `m=` line of a phone says of its media. */
export type MediaLine = {
  carries: Carried;
  /** Video is many packets. */
  kind: string;
  /** Where it says it is; undefined while held the old way, and for names. */
  address: string | undefined;
  port: number;
  /** Where it has RTCP when that is not the next port above; the same as `port` with rtcp-mux alone. */
  rtcpPort: number | undefined;
  isMuxed: boolean;
  isSecure: boolean;
  /** It sends nothing, or wants nothing: silence is right. */
  sends: boolean;
  receives: boolean;
  rates: ReadonlyMap<number, number>;
};

/** Throws `sdp.malformed`. */
export function readSdpBody(body: Uint8Array): Sdp {
  return parseSdp(Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1'));
}

export function formatSdpBody(sdp: Sdp): Uint8Array {
  return Buffer.from(formatSdp(sdp), 'latin1');
}

/** One a `m=` line; undefined: refused, switched off, or nothing that goes over UDP streams. */
export function readMediaLines(sdp: Sdp): (MediaLine | undefined)[] {
  return sdp.media.map((media) => {
    const carries = carriedBy(media.protocol);
    if (carries === undefined || media.port === 0 || isMulticast(media.connection)) return undefined;
    const { connection = '' } = media;
    const isHeld = isUnspecified(media.connection);
    return {
      carries,
      kind: media.kind,
      address: isHeld || isIP(connection) === 0 ? undefined : toCanonical(connection),
      port: media.port,
      rtcpPort: rtcpPortOf(media),
      isMuxed: media.lines.some(isMux),
      isSecure: media.protocol.includes('SAVP'),
      sends: media.direction.startsWith('send'),
      receives: media.direction.endsWith('recv') || media.direction === 'recvonly' ? !isHeld : false,
      rates: new Map([...media.codecs].map(([type, { rate }]) => [type, rate])),
    };
  });
}

/** `portAt`: our port for a `m=` line; undefined leaves the line alone. */
export function readdress(
  sdp: Sdp,
  { address, portAt }: { address: string; portAt(index: number): number | undefined },
): Sdp {
  const ours = (index: number) => (sdp.media[index]?.port === 0 ? undefined : portAt(index));
  const sessionAddress = sdp.lines.find(({ type }) => type === 'c');
  return {
    lines: sdp.lines.filter(isKept).map((line) => (line.type === 'c' ? toUs(line, address) : line)),
    media: sdp.media.map((media, index) => {
      const port = ours(index);
      const lines =
        port === undefined ? left(media, sessionAddress) : media.lines.filter(isKept).map(moved(media));
      return { ...media, lines };

      function moved({ port: before }: SdpMedia): (line: SdpLine) => SdpLine {
        return (line) => {
          if (line.type === 'm') return { type: 'm', value: line.value.replace(/^(\S+\s+)\S+/, `$1${port}`) };
          if (line.type === 'c') return toUs(line, address);
          return isRtcpLine(line) ? rtcpTo(line, before, { address, port: port ?? 0 }) : line;
        };
      }
    }),
  };
}

/** A line that is not ours to carry keeps the address it had. */
function left({ lines, port }: SdpMedia, session: SdpLine | undefined): readonly SdpLine[] {
  if (port === 0 || session === undefined || lines.some(({ type }) => type === 'c')) return lines;
  const at = lines.findIndex(({ type }) => type !== 'm' && type !== 'i');
  return lines.toSpliced(at < 0 ? lines.length : at, 0, session);
}

function toUs(line: SdpLine, address: string): SdpLine {
  const held = address.includes(':') ? '::' : '0.0.0.0';
  const was = line.value.trim().split(/ +/)[2]?.split('/')[0];
  return { type: 'c', value: formatConnection(isUnspecified(was) ? held : address) };
}

function rtcpTo(line: SdpLine, before: number, to: { address: string; port: number }): SdpLine {
  const isShared = rtcpPortIn(line) === before;
  const port = isShared ? to.port : to.port + 1;
  // RFC 3605 2.1: the address is only said where it differs from that of `c=`, and here it never does.
  return { type: 'a', value: `rtcp:${port}` };
}

const attribute = (name: RegExp) => (line: SdpLine) => line.type === 'a' && name.test(line.value);
const isMux = attribute(/^rtcp-mux(?:-only)?\s*$/);
const isRtcpLine = attribute(/^rtcp:/);
const isIce = attribute(/^(?:candidate:|remote-candidates:|end-of-candidates|ice-)/);
const isBundle = attribute(/^(?:group:BUNDLE\b|bundle-only)/);
const isKept = (line: SdpLine) => !isIce(line) && !isBundle(line);

function rtcpPortOf({ lines, port }: SdpMedia): number | undefined {
  const line = lines.find(isRtcpLine);
  const said = line && rtcpPortIn(line);
  return said ?? (lines.some(isMux) && line !== undefined ? port : undefined);
}

function rtcpPortIn({ value }: SdpLine): number | undefined {
  const port = Number(/^rtcp:\s*(\d{1,5})\b/.exec(value)?.[1]);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function carriedBy(protocol: string): Carried | undefined {
  if (/^RTP\/S?AVPF?$/i.test(protocol)) return 'rtp';
  return /^(?:udptl|UDP\/TLS\/RTP\/SAVPF?|UDP\/TLS\/UDPTL)$/i.test(protocol) ? 'datagram' : undefined;
}

const isUnspecified = (address: string | undefined) =>
  address !== undefined && /^(?:0\.0\.0\.0|[0:]*::?[0:]*)$/.test(address);

const isMulticast = (address: string | undefined) =>
  address !== undefined && (/^2(?:2[4-9]|3\d)\./.test(address) || /^ff/i.test(address));

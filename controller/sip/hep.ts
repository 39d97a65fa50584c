/**
 * HEP3, as Homer and sngrep take it: "HEP3", the length of all, and chunks of
 * vendor (0), type, length and value, each a big-endian 16-bit number.
 * Source: the HEP3 specification of the Homer project.
 */

import { isIPv6 } from 'node:net';
import type { Traced } from '#controller/model/ports.ts';
import { addressBytes } from './pcap.ts';

const chunk = {
  family: 1,
  protocol: 2,
  source4: 3,
  destination4: 4,
  source6: 5,
  destination6: 6,
  sourcePort: 7,
  destinationPort: 8,
  seconds: 9,
  microseconds: 10,
  payloadType: 11,
  captureId: 12,
  payload: 15,
} as const;

const inet4 = 2;
const inet6 = 10;
const sip = 1;
/** Of this controller among those that send to one Homer. */
const captureId = 2_050;

/** One datagram. */
export function formatHep({ at, direction, transport, local, remote, bytes }: Traced): Buffer {
  const [from, to] = direction === 'in' ? [remote, local] : [local, remote];
  const is6 = isIPv6(from.address) && isIPv6(to.address);
  const chunks = [
    piece(chunk.family, Buffer.of(is6 ? inet6 : inet4)),
    piece(chunk.protocol, Buffer.of(transport === 'udp' ? 17 : 6)),
    piece(is6 ? chunk.source6 : chunk.source4, addressBytes(from.address)),
    piece(is6 ? chunk.destination6 : chunk.destination4, addressBytes(to.address)),
    piece(chunk.sourcePort, uint16(from.port)),
    piece(chunk.destinationPort, uint16(to.port)),
    piece(chunk.seconds, uint32(Math.floor(at / 1_000))),
    piece(chunk.microseconds, uint32(Math.floor((at % 1_000) * 1_000))),
    piece(chunk.payloadType, Buffer.of(sip)),
    piece(chunk.captureId, uint32(captureId)),
    piece(chunk.payload, bytes),
  ];
  const all = Buffer.concat([Buffer.from('HEP3'), uint16(0), ...chunks]);
  all.writeUInt16BE(all.length, 4);
  return all;
}

const headBytes = 6;

function piece(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(headBytes + value.length, 4);
  return Buffer.concat([head, value]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

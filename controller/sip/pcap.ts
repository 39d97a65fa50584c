/**
 * libpcap's file format, version 2.4, of raw IP packets, as Wireshark reads it.
 * Each message is one UDP datagram between the addresses it had on the phone's
 * LAN, whatever carried it: frames of TCP and TLS are no more by then.
 */

import { isIPv6, SocketAddress } from 'node:net';
import type { Traced } from '#controller/model/ports.ts';

const magic = 0xa1b2c3d4;
const rawIp = 101;
const maxPacket = 65_535;
const udp = 17;
const udpHead = 8;

export function formatPcap(messages: readonly Traced[]): Uint8Array<ArrayBuffer> {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(magic, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(maxPacket, 16);
  head.writeUInt32LE(rawIp, 20);
  return new Uint8Array(Buffer.concat([head, ...messages.flatMap(record)]));
}

function record(message: Traced): Buffer[] {
  const packet = packetOf(message);
  const head = Buffer.alloc(16);
  head.writeUInt32LE(Math.floor(message.at / 1_000), 0);
  head.writeUInt32LE(Math.floor((message.at % 1_000) * 1_000), 4);
  head.writeUInt32LE(packet.length, 8);
  head.writeUInt32LE(packet.length, 12);
  return [head, packet];
}

function packetOf({ direction, local, remote, bytes }: Traced): Buffer {
  const [from, to] = direction === 'in' ? [remote, local] : [local, remote];
  const [source, target] = [addressBytes(from.address), addressBytes(to.address)];
  const payload = bytes.subarray(0, maxPacket - 40 - udpHead);
  const datagram = Buffer.alloc(udpHead + payload.length);
  datagram.writeUInt16BE(from.port, 0);
  datagram.writeUInt16BE(to.port, 2);
  datagram.writeUInt16BE(datagram.length, 4);
  payload.copy(datagram, udpHead);
  const pseudo = Buffer.concat([
    source,
    target,
    Buffer.of(0, 0, datagram.length >> 8, datagram.length & 0xff, 0, 0, 0, udp),
  ]);
  // RFC 768: a sum of zero is written as all ones.
  datagram.writeUInt16BE(checksum(Buffer.concat([pseudo, datagram])) || 0xffff, 6);
  const head =
    source.length === 4 ? head4(source, target, datagram.length) : head6(source, target, datagram.length);
  return Buffer.concat([head, datagram]);
}

/** RFC 791 3.1. */
function head4(source: Buffer, target: Buffer, length: number): Buffer {
  const head = Buffer.alloc(20);
  head[0] = 0x45;
  head.writeUInt16BE(head.length + length, 2);
  head[8] = 64;
  head[9] = udp;
  source.copy(head, 12);
  target.copy(head, 16);
  head.writeUInt16BE(checksum(head), 10);
  return head;
}

/** RFC 8200 3. */
function head6(source: Buffer, target: Buffer, length: number): Buffer {
  const head = Buffer.alloc(40);
  head[0] = 0x60;
  head.writeUInt16BE(length, 4);
  head[6] = udp;
  head[7] = 64;
  source.copy(head, 8);
  target.copy(head, 24);
  return head;
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Four or sixteen bytes. */
export function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const [left = '', right] = new SocketAddress({ address, family: 'ipv6' }).address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':')).flatMap(groupsOf);
  const [before, after] = [groups(left), groups(right ?? '')];
  const gap = right === undefined ? [] : Array<number>(8 - before.length - after.length).fill(0);
  return Buffer.from([...before, ...gap, ...after].flatMap((group) => [group >> 8, group & 0xff]));
}

/** `::ffff:192.0.2.1` ends with an IPv4 address. */
function groupsOf(text: string): number[] {
  if (!text.includes('.')) return [Number.parseInt(text, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
  return [(a << 8) | b, (c << 8) | d];
}

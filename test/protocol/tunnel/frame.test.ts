/** The wire by example: a row of `vectors` changes only with protocolVersion. */

import * as assert from 'uvu/assert';
import { Fault, type FaultCode } from '#protocol/fault.ts';
import {
  decodeFrames,
  decodeHello,
  emptyBody,
  encodeFrames,
  encodeHello,
  type Frame,
  headerBytes,
  maxBodyBytes,
  maxMessageBytes,
} from '#protocol/tunnel/frame.ts';
import { describe } from '#test/support/describe.ts';
import { hex } from '#test/support/hex.ts';
import { createRandom } from '#test/support/random.ts';

const sip: Frame = { type: 'sip', channel: 7, number: 1, body: hex('53495020') };
const ack: Frame = { type: 'ack', channel: 0, number: 0x01020304, body: emptyBody };

// biome-ignore format: a table
const vectors: { name: string; wire: string; frames: Frame[] }[] = [
  { name: 'sip',              wire: '11 00 0004 00000007 00000001 53495020', frames: [sip] },
  { name: 'ack',              wire: '02 00 0000 00000000 01020304',          frames: [ack] },
  { name: 'two in a message', wire: '02 00 0000 00000000 01020304  11 00 0004 00000007 00000001 53495020', frames: [ack, sip] },
  { name: 'rtp',              wire: '20 00 0001 ffffffff 00000000 80',       frames: [{ type: 'rtp', channel: 0xffff_ffff, number: 0, body: hex('80') }] },
  { name: 'an empty sip',     wire: '11 00 0000 00000001 ffffffff',          frames: [{ type: 'sip', channel: 1, number: 0xffff_ffff, body: emptyBody }] },
  { name: 'credit for all',   wire: '34 00 0000 00000000 00010000',          frames: [{ type: 'http.window', channel: 0, number: 65_536, body: emptyBody }] },
  { name: 'credit for one',   wire: '34 00 0000 00000003 00000400',          frames: [{ type: 'http.window', channel: 3, number: 1_024, body: emptyBody }] },
];

// biome-ignore format: a table
const rejected: { name: string; wire: string; code: FaultCode }[] = [
  { name: 'an empty message',              wire: '',                                         code: 'frame.malformed' },
  { name: 'a header cut short',            wire: '02 00 0000 00000000 010203',               code: 'frame.malformed' },
  { name: 'a body cut short',              wire: '11 00 0004 00000007 00000001 534950',      code: 'frame.malformed' },
  { name: 'a byte behind the last frame',  wire: '02 00 0000 00000000 01020304 00',          code: 'frame.malformed' },
  { name: 'a type nobody knows',           wire: '7f 00 0000 00000001 00000000',             code: 'frame.malformed' },
  { name: 'type zero',                     wire: '00 00 0000 00000000 00000000',             code: 'frame.malformed' },
  { name: 'a second byte in use',          wire: '02 01 0000 00000000 01020304',             code: 'frame.malformed' },
  { name: 'an ack with a body',            wire: '02 00 0001 00000000 01020304 00',          code: 'frame.malformed' },
  { name: 'a control message on a flow',   wire: '10 00 0002 00000001 00000001 7b7d',        code: 'frame.malformed' },
  { name: 'sip on the link itself',        wire: '11 00 0001 00000000 00000001 53',          code: 'frame.malformed' },
  { name: 'an HTTP body without a stream', wire: '32 00 0001 00000000 00000000 53',          code: 'frame.malformed' },
  { name: 'a message over the limit',      wire: '00'.repeat(maxMessageBytes + 1),           code: 'frame.too-large' },
];

describe('frame', (test) => {
  for (const { name, wire, frames } of vectors) {
    test(`encodes ${name}`, () => assert.equal(plain(encodeFrames(frames)), hex(wire)));
    test(`decodes ${name}`, () => assert.equal(decodeFrames(hex(wire)), frames));
  }

  for (const { name, wire, code } of rejected) {
    test(`rejects ${name}`, () => assert.throws(() => decodeFrames(hex(wire)), isFault(code)));
  }

  test('takes a frame as long as a message', () => {
    const frame: Frame = { type: 'sip', channel: 1, number: 1, body: new Uint8Array(maxBodyBytes) };
    const message = encodeFrames([frame]);
    assert.is(message.length, maxMessageBytes);
    assert.is(decodeFrames(message)[0]?.body.length, maxBodyBytes);
  });

  test('refuses to make a message that the other end would refuse', () => {
    const frame: Frame = { type: 'sip', channel: 1, number: 1, body: new Uint8Array(maxBodyBytes) };
    assert.throws(() => encodeFrames([frame, ack]));
  });

  test('meets any bytes with frames or a fault', () => {
    for (let seed = 1; seed <= 20_000; seed++) {
      const wire = noise(seed);
      try {
        assert.equal(plain(encodeFrames(decodeFrames(wire))), wire, `seed ${seed}`);
      } catch (error) {
        assert.ok(Fault.is(error), `seed ${seed}: ${String(error)}`);
      }
    }
  });
});

describe('hello', (test) => {
  const hello = { version: 1, epoch: '0011223344556677', seen: '8899aabbccddeeff', received: 9 };

  test('has its wire', () => {
    const wire = '01 00 0014 00000000 00000009 00000001 0011223344556677 8899aabbccddeeff';
    assert.equal(plain(encodeFrames([encodeHello(hello)])), hex(wire));
    assert.equal(decodeFrames(hex(wire)).map(decodeHello), [hello]);
  });

  test('of a later version may be longer', () => {
    const frame = encodeHello(hello);
    assert.equal(decodeHello({ ...frame, body: Buffer.concat([frame.body, hex('ff')]) }), hello);
  });

  test('cut short is refused', () => {
    const frame = encodeHello(hello);
    assert.throws(() => decodeHello({ ...frame, body: frame.body.subarray(1) }), isFault('frame.malformed'));
  });

  test('comes first', () => assert.throws(() => decodeHello(ack), isFault('frame.malformed')));
});

/** One to four frames that are right, then, most times, a byte changed or bytes cut off. */
function noise(seed: number): Uint8Array {
  const random = createRandom(seed);
  if (seed % 4 === 0) return random.bytes(random.below(40));
  const codes = [0x01, 0x02, 0x03, 0x04, 0x10, 0x11, 0x20, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35];
  const parts = Array.from({ length: 1 + random.below(4) }, () => {
    const part = Buffer.alloc(headerBytes + random.below(6));
    part[0] = codes[random.below(codes.length)] ?? 0;
    part.writeUInt16BE(part.length - headerBytes, 2);
    part.writeUInt32BE(random.below(3), 4);
    part.writeUInt32BE(random.below(0xffff_ffff), 8);
    return part;
  });
  const wire = new Uint8Array(Buffer.concat(parts));
  if (seed % 4 === 1) wire[random.below(wire.length)] = random.below(256);
  return seed % 4 === 2 ? wire.subarray(0, random.below(wire.length)) : wire;
}

const plain = (bytes: Uint8Array) => new Uint8Array(bytes);
const isFault = (code: FaultCode) => (error: unknown) => Fault.is(error, code);

import * as assert from 'uvu/assert';
import { decodeRtp, encodeRtp, type RtpPacket } from '#protocol/media/rtp.ts';
import { describe } from '#test/support/describe.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const packet = (parts: Partial<RtpPacket>): RtpPacket => ({
  payloadType: 8,
  sequence: 1,
  timestamp: 160,
  ssrc: 0xdead_beef,
  marker: false,
  payload: hex('d5d5'),
  ...parts,
});

// biome-ignore format: a table
const vectors: { name: string; wire: string; packet: RtpPacket }[] = [
  { name: 'a packet',              wire: '80 08 0001 000000a0 deadbeef d5d5', packet: packet({}) },
  { name: 'a marker',              wire: '80 88 0001 000000a0 deadbeef d5d5', packet: packet({ marker: true }) },
  { name: 'the largest numbers',   wire: '80 ff ffff ffffffff ffffffff d5d5', packet: packet({ payloadType: 127, marker: true, sequence: 65_535, timestamp: 0xffff_ffff, ssrc: 0xffff_ffff }) },
  { name: 'an empty payload',      wire: '80 08 0001 000000a0 deadbeef',      packet: packet({ payload: hex('') }) },
];

// biome-ignore format: a table
const read: { name: string; wire: string; packet: RtpPacket }[] = [
  { name: 'two CSRCs',                    wire: '82 08 0001 000000a0 deadbeef 00000001 00000002 d5d5',      packet: packet({}) },
  { name: 'an extension',                 wire: '90 08 0001 000000a0 deadbeef bede 0001 11223344 d5d5',     packet: packet({}) },
  { name: 'an empty extension',           wire: '90 08 0001 000000a0 deadbeef bede 0000 d5d5',              packet: packet({}) },
  { name: 'padding',                      wire: 'a0 08 0001 000000a0 deadbeef d5d5 000003',                 packet: packet({}) },
  { name: 'padding that is all there is', wire: 'a0 08 0001 000000a0 deadbeef 0002',                        packet: packet({ payload: hex('') }) },
  { name: 'CSRC, extension and padding',  wire: 'b1 08 0001 000000a0 deadbeef 00000001 bede 0001 11223344 d5d5 01', packet: packet({}) },
];

// biome-ignore format: a table
const refused: { name: string; wire: string }[] = [
  { name: 'nothing',                     wire: '' },
  { name: 'a header cut short',          wire: '80 08 0001 000000a0 deadbe' },
  { name: 'version 1',                   wire: '40 08 0001 000000a0 deadbeef d5d5' },
  { name: 'a STUN request',              wire: '00 01 0000 2112a442 000000000000000000000000' },
  { name: 'an RTCP sender report',       wire: '80 c8 0006 deadbeef 000000000000000000000000' },
  { name: 'an RTCP receiver report',     wire: '81 c9 0007 deadbeef 000000000000000000000000' },
  { name: 'CSRCs past the end',          wire: '8f 08 0001 000000a0 deadbeef d5d5' },
  { name: 'an extension without length', wire: '90 08 0001 000000a0 deadbeef bede' },
  { name: 'an extension past the end',   wire: '90 08 0001 000000a0 deadbeef bede ffff 11223344' },
  { name: 'padding of 0',                wire: 'a0 08 0001 000000a0 deadbeef d5d5 00' },
  { name: 'padding past the payload',    wire: 'a0 08 0001 000000a0 deadbeef d5d5 ff' },
];

describe('rtp', (test) => {
  for (const { name, wire, packet } of vectors) {
    test(`encodes ${name}`, () => assert.equal(encodeRtp(packet), hex(wire)));
  }
  for (const { name, wire, packet } of [...vectors, ...read]) {
    test(`decodes ${name}`, () => assert.equal(decodeRtp(hex(wire)), packet));
  }
  for (const { name, wire } of refused) {
    test(`takes ${name} for no RTP`, () => assert.is(decodeRtp(hex(wire)), undefined));
  }

  test('wraps sequence and timestamp', () => {
    const [sequence, timestamp] = [65_536 + 5, 2 ** 32 + 7];
    assert.equal(
      decodeRtp(encodeRtp(packet({ sequence, timestamp }))),
      packet({ sequence: 5, timestamp: 7 }),
    );
  });

  test('reads from the middle of a larger buffer', () => {
    const bytes = hex('ffff 80 08 0001 000000a0 deadbeef d5d5 ffff');
    assert.equal(decodeRtp(bytes.subarray(2, -2)), packet({}));
  });

  test('meets any bytes with a packet or undefined', () => {
    for (let seed = 1; seed <= 5_000; seed++) {
      const bytes = new Uint8Array(seed % 40);
      let x = seed;
      for (let i = 0; i < bytes.length; i++) {
        x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
        bytes[i] = i === 0 ? 0x80 | ((x >>> 16) & 0x3f) : x >>> 16;
      }
      const packet = decodeRtp(bytes);
      if (packet !== undefined) assert.ok(packet.payload.length <= bytes.length - 12, `seed ${seed}`);
    }
  });
});

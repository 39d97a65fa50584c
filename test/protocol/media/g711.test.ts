import * as assert from 'uvu/assert';
import { decodeG711, encodeG711, type G711, g711Silence } from '#protocol/media/g711.ts';
import { describe } from '#test/support/describe.ts';

/** Linear sample, its byte, and what the byte gives back: ends, zero and segment borders of G.711's tables. */
// biome-ignore format: a table
const samples: { codec: G711; linear: number; byte: number; back: number }[] = [
  { codec: 'PCMU', linear: 0,       byte: 0xff, back: 0 },
  { codec: 'PCMU', linear: 8,       byte: 0xfe, back: 8 },
  { codec: 'PCMU', linear: -8,      byte: 0x7e, back: -8 },
  { codec: 'PCMU', linear: 1_000,   byte: 0xce, back: 988 },
  { codec: 'PCMU', linear: -1_000,  byte: 0x4e, back: -988 },
  { codec: 'PCMU', linear: 10_000,  byte: 0x9c, back: 9_852 },
  { codec: 'PCMU', linear: 32_767,  byte: 0x80, back: 32_124 },
  { codec: 'PCMU', linear: -32_768, byte: 0x00, back: -32_124 },
  { codec: 'PCMA', linear: 0,       byte: 0xd5, back: 8 },
  { codec: 'PCMA', linear: -1,      byte: 0x55, back: -8 },
  { codec: 'PCMA', linear: 16,      byte: 0xd4, back: 24 },
  { codec: 'PCMA', linear: 1_000,   byte: 0xfa, back: 1_008 },
  { codec: 'PCMA', linear: -1_000,  byte: 0x7a, back: -1_008 },
  { codec: 'PCMA', linear: 10_000,  byte: 0xb6, back: 9_984 },
  { codec: 'PCMA', linear: 32_767,  byte: 0xaa, back: 32_256 },
  { codec: 'PCMA', linear: -32_768, byte: 0x2a, back: -32_256 },
];

describe('g711', (test) => {
  for (const { codec, linear, byte, back } of samples) {
    test(`${codec}: ${linear} is 0x${byte.toString(16)}`, () => {
      assert.equal(encodeG711(codec, Int16Array.of(linear)), Uint8Array.of(byte));
      assert.equal(decodeG711(codec, Uint8Array.of(byte)), Int16Array.of(back));
    });
  }

  for (const codec of ['PCMA', 'PCMU'] as const) {
    test(`${codec}: every byte comes back from its sample`, () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const again = encodeG711(codec, decodeG711(codec, bytes));
      // mu-law has two zeros (G.711 table 2b); minus zero comes back as plus zero.
      if (codec === 'PCMU') bytes[0x7f] = 0xff;
      assert.equal(again, bytes);
    });

    test(`${codec}: no sample is off by more than its segment's step`, () => {
      const linear = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
      const back = decodeG711(codec, encodeG711(codec, linear));
      for (const [i, sample] of linear.entries()) {
        const off = Math.abs(sample - (back[i] ?? 0));
        assert.ok(off <= Math.max(16, Math.abs(sample) / 16), `${sample} came back as ${back[i]}`);
      }
    });

    test(`${codec}: silence is a sample of zero`, () => {
      assert.equal(encodeG711(codec, Int16Array.of(0)), Uint8Array.of(g711Silence[codec]));
    });
  }
});

/**
 * G.711: A-law (PCMA, payload type 8) and mu-law (PCMU, payload type 0), one
 * byte a sample at 8 kHz, from and to 16-bit linear.
 *
 *     A-law    s eee mmmm   even bits inverted, s = 1 for positive, 13-bit range
 *     mu-law   s eee mmmm   all bits inverted, s = 1 for negative, 14-bit range, bias 33
 *
 * Both laws are kept as a table of 256 for decoding; encoding finds the segment
 * by the highest bit that is set.
 */

export type G711 = 'PCMA' | 'PCMU';

/** RFC 3551: the payload types both codecs always have. */
export const g711PayloadType = { PCMU: 0, PCMA: 8 } as const satisfies Record<G711, number>;

/** What digital silence is in each law: a sample of zero. */
export const g711Silence = { PCMU: 0xff, PCMA: 0xd5 } as const satisfies Record<G711, number>;

export function decodeG711(codec: G711, bytes: Uint8Array): Int16Array {
  const table = tables[codec];
  const samples = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) samples[i] = table[bytes[i] ?? 0] ?? 0;
  return samples;
}

export function encodeG711(codec: G711, samples: Int16Array): Uint8Array {
  const encode = codec === 'PCMA' ? encodeAlaw : encodeMulaw;
  const bytes = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i++) bytes[i] = encode(samples[i] ?? 0);
  return bytes;
}

function encodeAlaw(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  // One's complement for negatives (G.711 table 1a): -1 and 0 are the two smallest steps.
  const size = (sample >= 0 ? sample : ~sample) >> 3;
  const exponent = Math.max(0, 27 - Math.clz32(size));
  const mantissa = (size >> Math.max(1, exponent)) & 0x0f;
  return (sign | (exponent << 4) | mantissa) ^ 0x55;
}

function decodeAlaw(byte: number): number {
  const code = byte ^ 0x55;
  const exponent = (code >> 4) & 0x07;
  const mantissa = code & 0x0f;
  const size = exponent === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1);
  return (code & 0x80) !== 0 ? size : -size;
}

const mulawBias = 33 << 2;
const mulawClip = 32_635;

function encodeMulaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const size = Math.min(Math.abs(sample), mulawClip) + mulawBias;
  const exponent = 24 - Math.clz32(size);
  const mantissa = (size >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

function decodeMulaw(byte: number): number {
  const code = ~byte & 0xff;
  const size = (((code & 0x0f) << 3) + mulawBias) << ((code >> 4) & 0x07);
  return (code & 0x80) !== 0 ? mulawBias - size : size - mulawBias;
}

const tables: Record<G711, Int16Array> = {
  PCMA: Int16Array.from({ length: 256 }, (_, byte) => decodeAlaw(byte)),
  PCMU: Int16Array.from({ length: 256 }, (_, byte) => decodeMulaw(byte)),
};

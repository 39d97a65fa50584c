/**
 * WAV files as prompts are: RIFF, one `fmt ` chunk, one `data` chunk; PCM, mono,
 * 8 or 16 bit, 8 or 16 kHz. Anything else is refused with what it is, so that a
 * prompt somebody recorded in another format is an error and not noise in a call.
 */

import { Fault } from '#protocol/fault.ts';

export const promptRate = 8_000;
const pcm = 1;
/** The format proper follows in the chunk (WAVE_FORMAT_EXTENSIBLE); some recorders write it for plain PCM. */
const extensible = 0xfffe;

type Format = { tag: number; channels: number; rate: number; bits: number };

/** Samples of 16 bit at 8 kHz. Throws `input.invalid` naming `file`. */
export function decodeWav(bytes: Uint8Array, file: string): Int16Array {
  const wav = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (wav.toString('latin1', 0, 4) !== 'RIFF' || wav.toString('latin1', 8, 12) !== 'WAVE') {
    throw invalid(file, 'is no WAV file');
  }
  const chunkOfFormat = chunk(wav, 'fmt ');
  const body = chunk(wav, 'data');
  if (chunkOfFormat === undefined || chunkOfFormat.length < 16 || body === undefined)
    throw invalid(file, 'is cut short');
  const format = readFormat(chunkOfFormat);
  const { tag, channels, rate, bits } = format;
  const isTaken = [8, 16].includes(bits) && [promptRate, 2 * promptRate].includes(rate);
  if (tag !== pcm || channels !== 1 || !isTaken)
    throw invalid(file, `is ${nameOf(format)}, not mono PCM of 8 or 16 bit at 8 or 16 kHz`);

  const samples = bits === 16 ? read16(body) : read8(body);
  return rate === promptRate ? samples : halve(samples);
}

function readFormat(from: Buffer): Format {
  const tag = from.readUInt16LE(0);
  return {
    tag: tag === extensible && from.length >= 26 ? from.readUInt16LE(24) : tag,
    channels: from.readUInt16LE(2),
    rate: from.readUInt32LE(4),
    bits: from.readUInt16LE(14),
  };
}

const names: Readonly<Record<number, string>> = {
  1: 'PCM',
  2: 'ADPCM',
  3: 'floating point',
  6: 'A-law',
  7: 'µ-law',
  85: 'MP3',
};

function nameOf({ tag, channels, rate, bits }: Format): string {
  const width = channels === 1 ? 'mono' : channels === 2 ? 'stereo' : `${channels} channels`;
  return `${width}, ${names[tag] ?? `format ${tag}`} of ${bits} bit at ${rate / 1_000} kHz`;
}

const read16 = (body: Buffer) =>
  Int16Array.from({ length: body.length >> 1 }, (_, i) => body.readInt16LE(i * 2));

/** Of 8 bit, and of no other, samples are unsigned. */
const read8 = (body: Buffer) => Int16Array.from(body, (sample) => (sample - 128) << 8);

const taps = 63;
/** Of the rate of 16 kHz: 3.6 kHz, so that what 8 kHz cannot hold is gone at 4 kHz and does not fold back. */
const cutoff = 0.225;

/** A low pass, as a Hamming-windowed sinc. */
const lowPass = Float64Array.from({ length: taps }, (_, i) => {
  const at = i - (taps - 1) / 2;
  const sinc = at === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * at) / (Math.PI * at);
  return sinc * (0.54 - 0.46 * Math.cos((2 * Math.PI * i) / (taps - 1)));
});

/** 16 kHz to 8 kHz. */
function halve(samples: Int16Array): Int16Array {
  const middle = (taps - 1) / 2;
  return Int16Array.from({ length: samples.length >> 1 }, (_, n) => {
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) sum += (lowPass[tap] ?? 0) * (samples[2 * n + tap - middle] ?? 0);
    return Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  });
}

function chunk(wav: Buffer, name: string): Buffer | undefined {
  for (let at = 12; at + 8 <= wav.length; ) {
    const size = wav.readUInt32LE(at + 4);
    const body = wav.subarray(at + 8, at + 8 + size);
    if (wav.toString('latin1', at, at + 4) === name) return body.length === size ? body : undefined;
    at += 8 + size + (size & 1); // chunks begin at even offsets
  }
  return undefined;
}

const invalid = (file: string, why: string) =>
  new Fault('input.invalid', `prompt ${file} ${why}`, { field: file });

/**
 * WAV files as the prompts are: RIFF, one `fmt ` chunk, one `data` chunk; PCM,
 * mono, 16 bit, 8 kHz. Anything else is refused, so that a prompt somebody
 * recorded in another format is an error at start and not noise in a call.
 */

import { Fault } from '#protocol/fault.ts';

const wanted = { format: 1, channels: 1, rate: 8_000, bits: 16 };

/** Throws `input.invalid` naming `file`. */
export function decodeWav(bytes: Uint8Array, file: string): Int16Array {
  const wav = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (wav.toString('latin1', 0, 4) !== 'RIFF' || wav.toString('latin1', 8, 12) !== 'WAVE') {
    throw invalid(file, 'is no WAV file');
  }
  const format = chunk(wav, 'fmt ');
  const samples = chunk(wav, 'data');
  if (format === undefined || format.length < 16 || samples === undefined)
    throw invalid(file, 'is cut short');
  const found = {
    format: format.readUInt16LE(0),
    channels: format.readUInt16LE(2),
    rate: format.readUInt32LE(4),
    bits: format.readUInt16LE(14),
  };
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw invalid(file, 'is not 8 kHz mono 16-bit PCM');

  return Int16Array.from({ length: samples.length >> 1 }, (_, i) => samples.readInt16LE(i * 2));
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

/** WAV files, as recorders write them. */

export type WavParts = {
  tag?: number;
  channels?: number;
  rate?: number;
  bits?: number;
  seconds?: number;
  /** Of the tone in them; 0: a constant level, which is plain ASCII at 8 bit. */
  hertz?: number;
};

export function wavOf({
  tag = 1,
  channels = 1,
  rate = 8_000,
  bits = 16,
  seconds = 1,
  hertz = 0,
}: WavParts): Buffer {
  const width = bits / 8;
  const body = Buffer.alloc(Math.round(seconds * rate) * channels * width, 0x40);
  if (hertz > 0) {
    for (let i = 0; i * width * channels < body.length; i++) {
      const level = 0.5 * Math.sin((2 * Math.PI * hertz * i) / rate);
      if (bits === 16) body.writeInt16LE(Math.round(level * 32_767), i * channels * 2);
      else if (bits === 8) body.writeUInt8(Math.round(level * 127) + 128, i * channels);
    }
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + body.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(tag, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * channels * width, 28);
  head.writeUInt16LE(channels * width, 32);
  head.writeUInt16LE(bits, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(body.length, 40);
  return Buffer.concat([head, body]);
}

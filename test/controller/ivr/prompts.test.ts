import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { prompts } from '#controller/ivr/machine.ts';
import { loadVoices, promptsFolder } from '#controller/ivr/prompts.ts';
import { decodeWav } from '#controller/ivr/wav.ts';
import { Fault } from '#protocol/fault.ts';
import { decodeG711 } from '#protocol/media/g711.ts';
import { powerOf } from '#protocol/media/tone.ts';
import { describe } from '#test/support/describe.ts';
import { type WavParts, wavOf } from '#test/support/wav.ts';

describe('prompts', (test) => {
  const voices = loadVoices();

  for (const language of ['en', 'de'] as const) {
    for (const prompt of prompts) {
      test(`${language} ${prompt}: short, loud enough, and silent at its end`, () => {
        const samples = decodeG711('PCMA', voices[language][prompt].PCMA);
        const seconds = samples.length / 8_000;
        assert.ok(seconds > 0.5 && seconds < 5, `${seconds} s`);
        const level = 10 * Math.log10(powerOf(samples) / 32_768 ** 2);
        assert.ok(level > -28 && level < -15, `${level} dBFS`);
        assert.ok(powerOf(samples.subarray(-1_600)) < 20 ** 2, '200 ms of silence');
      });
    }
  }

  test('the table of texts has every prompt, in every language', () => {
    const rows = readFileSync(`${promptsFolder()}texts.tsv`, 'utf8')
      .split('\n')
      .filter((row) => row !== '' && !row.startsWith('#'))
      .map((row) => row.split('\t'));
    assert.equal(rows.map(([name]) => name).sort(), [...prompts].sort());
    for (const row of rows) assert.is(row.filter((text) => text.trim() !== '').length, 3, row[0]);
  });

  test('a folder without prompts is an error that names the file', () => {
    assert.throws(() => loadVoices('/nowhere'), /nowhere\/en\/extension\.wav/);
  });
});

describe('wav', (test) => {
  const good = () => readFileSync(`${promptsFolder()}en/goodbye.wav`);

  // biome-ignore format: a table
  const taken: { name: string; parts: WavParts }[] = [
    { name: '8 bit, 8 kHz',   parts: { bits: 8 } },
    { name: '16 bit, 8 kHz',  parts: {} },
    { name: '8 bit, 16 kHz',  parts: { bits: 8, rate: 16_000 } },
    { name: '16 bit, 16 kHz', parts: { rate: 16_000 } },
  ];
  for (const { name, parts } of taken) {
    test(`takes ${name}: as long, as loud, and a tone is that tone`, () => {
      const samples = decodeWav(wavOf({ hertz: 1_000, seconds: 0.5, ...parts }), 'x');
      assert.is(samples.length, 4_000);
      const [all, tone] = [powerOf(samples), toneOf(samples, 1_000)];
      assert.ok(Math.abs(10 * Math.log10(all / (0.125 * 32_768 ** 2))) < 0.2, `${all}`);
      assert.ok(tone / all > 0.98, `${tone} of ${all}`);
    });
  }

  test('what 8 kHz cannot hold is gone from 16 kHz, and does not come back as another tone', () => {
    const samples = decodeWav(wavOf({ hertz: 5_000, seconds: 0.5, rate: 16_000 }), 'x').subarray(40, -40);
    assert.ok(10 * Math.log10(powerOf(samples) / (0.125 * 32_768 ** 2)) < -40, `${powerOf(samples)}`);
  });

  // biome-ignore format: a table
  const named: { parts: WavParts; says: RegExp }[] = [
    { parts: { rate: 44_100, channels: 2 }, says: /is stereo, PCM of 16 bit at 44\.1 kHz, not mono PCM/ },
    { parts: { tag: 6, bits: 8 },           says: /is mono, A-law of 8 bit at 8 kHz/ },
    { parts: { tag: 3, bits: 32 },          says: /is mono, floating point of 32 bit/ },
    { parts: { tag: 0x1234 },               says: /is mono, format 4660 of/ },
  ];
  for (const { parts, says } of named) {
    test(`says what a refused one is: ${says.source}`, () => {
      assert.throws(() => decodeWav(wavOf({ seconds: 0.1, ...parts }), 'x'), says);
    });
  }

  test('takes plain PCM in the extensible format', () => {
    const plain = wavOf({ hertz: 440, seconds: 0.1 });
    const rest = Buffer.alloc(24);
    rest.writeUInt16LE(22, 0);
    rest.writeUInt16LE(1, 8);
    const wav = Buffer.concat([plain.subarray(0, 36), rest, plain.subarray(36)]);
    wav.writeUInt32LE(40, 16);
    wav.writeUInt16LE(0xfffe, 20);
    assert.equal(decodeWav(wav, 'x'), decodeWav(plain, 'x'));
  });

  // biome-ignore format: a table
  const refused: { name: string; change: (wav: Buffer) => Uint8Array }[] = [
    { name: 'nothing',              change: () => new Uint8Array() },
    { name: 'no RIFF',              change: (wav) => put(wav, 0, 0x58) },
    { name: 'no WAVE',              change: (wav) => put(wav, 8, 0x58) },
    { name: 'no format',            change: (wav) => put(wav, 12, 0x58) },
    { name: 'A-law',                change: (wav) => put(wav, 20, 6) },
    { name: 'stereo',               change: (wav) => put(wav, 22, 2) },
    { name: '15.9 kHz',             change: (wav) => put(wav, 25, 0x3e) },
    { name: '24 bits',              change: (wav) => put(wav, 34, 24) },
    { name: 'data cut short',       change: (wav) => wav.subarray(0, -2) },
    { name: 'a chunk without end',  change: (wav) => put(wav, 19, 0xff) },
  ];
  for (const { name, change } of refused) {
    test(`refuses ${name}`, () => {
      assert.throws(
        () => decodeWav(change(good()), 'x.wav'),
        (e: unknown) => Fault.is(e, 'input.invalid') && e.facts.field === 'x.wav',
      );
    });
  }

  test('reads past chunks it does not know', () => {
    const wav = good();
    const note = Buffer.concat([Buffer.from('LIST'), Buffer.from([3, 0, 0, 0, 1, 2, 3, 0])]);
    const longer = Buffer.concat([wav.subarray(0, 36), note, wav.subarray(36)]);
    assert.equal(decodeWav(longer, 'x'), decodeWav(wav, 'x'));
  });
});

/** Mean power of what of `samples` is of that frequency. */
function toneOf(samples: Int16Array, hertz: number): number {
  let [re, im] = [0, 0];
  samples.forEach((sample, i) => {
    re += sample * Math.cos((2 * Math.PI * hertz * i) / 8_000);
    im += sample * Math.sin((2 * Math.PI * hertz * i) / 8_000);
  });
  return (2 * (re ** 2 + im ** 2)) / samples.length ** 2;
}

function put(bytes: Buffer, at: number, value: number): Buffer {
  bytes[at] = value;
  return bytes;
}

import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { prompts } from '#controller/ivr/machine.ts';
import { loadVoices, promptsFolder } from '#controller/ivr/prompts.ts';
import { decodeWav } from '#controller/ivr/wav.ts';
import { Fault } from '#protocol/fault.ts';
import { decodeG711 } from '#protocol/media/g711.ts';
import { powerOf } from '#protocol/media/tone.ts';
import { describe } from '#test/support/describe.ts';

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
  const refused: { name: string; change: (wav: Buffer) => Uint8Array }[] = [
    { name: 'nothing',              change: () => new Uint8Array() },
    { name: 'no RIFF',              change: (wav) => put(wav, 0, 0x58) },
    { name: 'no WAVE',              change: (wav) => put(wav, 8, 0x58) },
    { name: 'no format',            change: (wav) => put(wav, 12, 0x58) },
    { name: 'A-law',                change: (wav) => put(wav, 20, 6) },
    { name: 'stereo',               change: (wav) => put(wav, 22, 2) },
    { name: '16 kHz',               change: (wav) => put(wav, 25, 0x3e) },
    { name: '8 bits',               change: (wav) => put(wav, 34, 8) },
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

function put(bytes: Buffer, at: number, value: number): Buffer {
  bytes[at] = value;
  return bytes;
}

/**
 * The prompts built in: what the login call says, per language, ready to be sent
 * in either law of G.711. Read once at start, and all of them: a missing prompt
 * must not be found out by a caller. A company's own come over them: ./own-prompts.ts.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Site } from '#controller/model/model.ts';
import { encodeG711, type G711 } from '#protocol/media/g711.ts';
import { type Prompt, prompts } from './machine.ts';
import { decodeWav } from './wav.ts';

export type Language = Site['language'];
export const languages: readonly Language[] = ['en', 'de'];

/** The same samples in both laws: the law may change in a call, the place in the prompt stays. */
export type Sound = Readonly<Record<G711, Uint8Array>>;
export type Voice = Readonly<Record<Prompt, Sound>>;
export type Voices = Readonly<Record<Language, Voice>>;

/** Beside this file, in the source tree and in the bundle alike: the build copies the folder. */
export function promptsFolder(): string {
  return fileURLToPath(new URL('./prompts/', import.meta.url));
}

export const promptFile = (folder: string, language: Language, name: Prompt) =>
  `${folder}/${language}/${name}.wav`;

/** Throws `input.invalid` naming the file that is no prompt. */
export function loadVoices(folder = promptsFolder()): Voices {
  return { en: loadVoice(folder, 'en'), de: loadVoice(folder, 'de') };
}

function loadVoice(folder: string, language: Language): Voice {
  const sounds = prompts.map((name) => {
    const file = promptFile(folder, language, name);
    return [name, toSound(decodeWav(readFileSync(file), file))];
  });
  return Object.fromEntries(sounds) as Record<Prompt, Sound>;
}

export const toSound = (samples: Int16Array): Sound => ({
  PCMA: encodeG711('PCMA', samples),
  PCMU: encodeG711('PCMU', samples),
});

/** What each of them says, in its language. */
export function loadTexts(
  folder = promptsFolder(),
): Readonly<Record<Language, Readonly<Record<string, string>>>> {
  const rows = readFileSync(`${folder}/texts.tsv`, 'utf8')
    .split('\n')
    .filter((row) => row !== '' && !row.startsWith('#'))
    .map((row) => row.split('\t'));
  const column = (at: number) => Object.fromEntries(rows.map((row) => [row[0] ?? '', row[at] ?? '']));
  return { en: column(1), de: column(2) };
}

/**
 * The prompts: what the login call says, per language, ready to be sent in
 * either law of G.711. Read once at start, and all of them: a missing prompt
 * must not be found out by a caller.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Site } from '#controller/model/model.ts';
import { encodeG711, type G711 } from '#protocol/media/g711.ts';
import { type Prompt, prompts } from './machine.ts';
import { decodeWav } from './wav.ts';

export type Language = Site['language'];

/** The same samples in both laws: the law may change in a call, the place in the prompt stays. */
export type Sound = Readonly<Record<G711, Uint8Array>>;
export type Voice = Readonly<Record<Prompt, Sound>>;
export type Voices = Readonly<Record<Language, Voice>>;

/** Beside this file, in the source tree and in the bundle alike: the build copies the folder. */
export function promptsFolder(): string {
  return fileURLToPath(new URL('./prompts/', import.meta.url));
}

/** Throws `input.invalid` naming the file that is no prompt. */
export function loadVoices(folder = promptsFolder()): Voices {
  return { en: loadVoice(`${folder}/en`), de: loadVoice(`${folder}/de`) };
}

function loadVoice(folder: string): Voice {
  return Object.fromEntries(prompts.map((name) => [name, loadSound(`${folder}/${name}.wav`)])) as Record<
    Prompt,
    Sound
  >;
}

function loadSound(file: string): Sound {
  const samples = decodeWav(readFileSync(file), file);
  return { PCMA: encodeG711('PCMA', samples), PCMU: encodeG711('PCMU', samples) };
}

/**
 * A company's own recordings of the prompts, over those built in:
 * `DATA/prompts/<language>/<name>.wav`, as they were sent. The next call that
 * says one says the new one; a call that is saying it goes on with the old.
 *
 * One that cannot be read at start is left where it is, and told: the one built
 * in is said instead, for without a voice nobody could log in.
 */

import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder, readIfThere, replaceFile, syncFolder, writeAll } from '#controller/store/files.ts';
import { Fault } from '#protocol/fault.ts';
import type { Log } from './dialogue.ts';
import { type Prompt, prompts } from './machine.ts';
import {
  type Language,
  languages,
  loadTexts,
  loadVoices,
  promptFile,
  promptsFolder,
  toSound,
  type Voices,
} from './prompts.ts';
import { decodeWav, promptRate } from './wav.ts';

const minSeconds = 0.2;
/** Of a call, which is two minutes at most, enough is to be left for digits. */
const maxSeconds = 20;
/** After the last word, so that a phone plays it before the BYE; those built in have it. */
const tailSamples = promptRate / 4;
const builtInRevision = 0;

type PromptPlace = { language: Language; name: Prompt };

type PromptState = PromptPlace & {
  /** What the one built in says, and any other should. */
  text: string;
  isOwn: boolean;
  seconds: number;
  /** Another one for another recording. */
  revision: number;
};

export type OwnPrompts = {
  /** As they are now, at any time. */
  readonly voices: Voices;
  list(): readonly PromptState[];
  /** The WAV file. */
  read(place: PromptPlace): Promise<Buffer>;
  /** Throws `input.invalid` for what is no prompt, `conflict` where it is not of that revision any more. */
  put(place: PromptPlace, wav: Buffer, revision: number): Promise<void>;
  /** Back to the one built in. */
  remove(place: PromptPlace, revision: number): Promise<void>;
};

export async function openOwnPrompts({ data, log }: { data: string; log: Log }): Promise<OwnPrompts> {
  const builtIn = loadVoices();
  const texts = loadTexts();
  const folder = join(data, 'prompts');
  const places = languages.flatMap((language) => prompts.map((name) => ({ language, name })));
  const voices = { en: { ...builtIn.en }, de: { ...builtIn.de } } satisfies Voices;
  /** Revision by file: of those that are the company's own. */
  const own = new Map<string, number>();
  let last: Promise<void> = Promise.resolve();

  const fileOf = ({ language, name }: PromptPlace) => promptFile(folder, language, name);

  function use(place: PromptPlace, wav: Buffer, sound = toSound(samplesOf(wav, nameOf(place)))): void {
    voices[place.language][place.name] = sound;
    own.set(fileOf(place), revisionOf(wav));
  }

  /** One after the other: what a revision is compared with is not about to change. */
  function inTurn(place: PromptPlace, revision: number, run: () => Promise<void>): Promise<void> {
    const done = last.then(async () => {
      if (revision !== (own.get(fileOf(place)) ?? builtInRevision))
        throw new Fault('conflict', 'the prompt has changed meanwhile', { status: 412 });
      await run();
    });
    last = done.catch(() => {});
    return done;
  }

  for (const place of places) {
    const wav = await readIfThere(fileOf(place));
    if (wav === undefined) continue;
    try {
      use(place, wav);
    } catch (err) {
      log.warn({ err, file: fileOf(place) }, 'a prompt cannot be used; the one built in is said instead');
    }
  }

  return {
    voices,
    list: () =>
      places.map((place) => ({
        ...place,
        text: texts[place.language][place.name] ?? '',
        isOwn: own.has(fileOf(place)),
        seconds: Math.round((voices[place.language][place.name].PCMA.length / promptRate) * 100) / 100,
        revision: own.get(fileOf(place)) ?? builtInRevision,
      })),
    read: (place) =>
      readFile(
        own.has(fileOf(place)) ? fileOf(place) : promptFile(promptsFolder(), place.language, place.name),
      ),
    put(place, wav, revision) {
      const sound = toSound(samplesOf(wav, nameOf(place)));
      return inTurn(place, revision, async () => {
        await makeFolder(dirname(fileOf(place)));
        const handle = await replaceFile(fileOf(place), (opened) => writeAll(opened, wav, 0));
        await handle.close();
        await syncFolder(dirname(fileOf(place)));
        use(place, wav, sound);
      });
    },
    remove: (place, revision) =>
      inTurn(place, revision, async () => {
        if (!own.has(fileOf(place))) return;
        await rm(fileOf(place));
        await syncFolder(dirname(fileOf(place)));
        own.delete(fileOf(place));
        voices[place.language][place.name] = builtIn[place.language][place.name];
      }),
  };
}

const nameOf = ({ language, name }: PromptPlace) => `${language}/${name}`;

/** Never that of one built in. */
const revisionOf = (wav: Buffer) => 1 + createHash('sha256').update(wav).digest().readUIntBE(0, 6);

/** Throws `input.invalid`. */
function samplesOf(wav: Buffer, name: string): Int16Array {
  const samples = decodeWav(wav, name);
  const seconds = samples.length / promptRate;
  if (seconds < minSeconds || seconds > maxSeconds) {
    const why = `lasts ${seconds.toFixed(1)} s, not ${minSeconds} to ${maxSeconds} s`;
    throw new Fault('input.invalid', `prompt ${name} ${why}`, { field: name });
  }
  const longer = new Int16Array(samples.length + tailSamples);
  longer.set(samples);
  return longer;
}

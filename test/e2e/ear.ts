/**
 * Hears what the login call says: taps the RTP that the agent has from the
 * controller, and names each prompt by its frames, as they came over the wire.
 */

import type { dialTunnel } from '#agent/tunnel.ts';
import type { Prompt } from '#controller/ivr/machine.ts';
import { type Language, loadVoices } from '#controller/ivr/prompts.ts';
import { formatHostPort } from '#protocol/address.ts';
import { decodeRtp } from '#protocol/media/rtp.ts';

const frameSamples = 160;
const frameMs = 20;

/** `at`: when its first frame came, or would have. */
export type Heard = { prompt: Prompt; language: Language; at: number };

export type Ear = {
  /** What was said into the call whose sound comes from `media`, an `answered` event's `remoteMedia`. */
  heard(media: string | undefined): readonly Heard[];
  tap(dial: typeof dialTunnel): typeof dialTunnel;
};

type Frame = { prompt: Prompt; language: Language; index: number };
type Listening = { heard: Heard[]; last: Frame | undefined };

export function createEar(): Ear {
  const frames = framesOf();
  const streams = new Map<string, Listening>();
  const byNumber = new Map<number, Listening>();

  function listen(stream: number, bytes: Uint8Array): void {
    const listening = byNumber.get(stream);
    const frame = frames.get(Buffer.from(decodeRtp(bytes)?.payload ?? []).toString('latin1'));
    if (listening === undefined || frame === undefined) return;
    const { last, heard } = listening;
    const goesOn =
      last?.prompt === frame.prompt && last.language === frame.language && last.index < frame.index;
    listening.last = frame;
    const { prompt, language, index } = frame;
    if (!goesOn) heard.push({ prompt, language, at: performance.now() - index * frameMs });
  }

  return {
    heard: (media) => streams.get(media ?? '')?.heard ?? [],
    tap: (dial) => (options) => {
      const tunnel = dial({
        ...options,
        onRtp(stream, packet) {
          listen(stream, packet);
          options.onRtp(stream, packet);
        },
      });
      const control: typeof tunnel.control = (message) => {
        if (message.type === 'media.opened') {
          const listening = { heard: [], last: undefined };
          byNumber.set(message.stream, listening);
          streams.set(formatHostPort(message.local), listening);
        }
        tunnel.control(message);
      };
      return Object.create(tunnel, { control: { value: control }, isUp: { get: () => tunnel.isUp } });
    },
  };
}

/** Every frame that stands in one prompt of one language only, in either law. */
function framesOf(): ReadonlyMap<string, Frame> {
  const found = new Map<string, Frame | undefined>();
  for (const [language, voice] of Object.entries(loadVoices())) {
    for (const [prompt, sound] of Object.entries(voice)) {
      for (const bytes of [sound.PCMA, sound.PCMU]) {
        for (let at = 0; at + frameSamples <= bytes.length; at += frameSamples) {
          const payload = Buffer.from(bytes.subarray(at, at + frameSamples)).toString('latin1');
          const frame = { prompt, language, index: at / frameSamples } as Frame;
          found.set(payload, found.has(payload) ? undefined : frame);
        }
      }
    }
  }
  return new Map([...found].filter((entry): entry is [string, Frame] => entry[1] !== undefined));
}

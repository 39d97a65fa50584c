/**
 * Tones: a sine to send and a detector that names the one heard. Mono, 16-bit
 * linear, 8 kHz unless told.
 *
 * The detector is Goertzel's filter over blocks of 100 ms, so tones 15 Hz apart
 * (425 and 440) are told apart. A tone counts once it carried most of the power
 * of two blocks in a row; what is heard changes when two blocks agree again.
 */

export const sampleRate = 8_000;

export type ToneOptions = {
  hz: number;
  /** Peak, of 32 767. */
  amplitude?: number;
  rate?: number;
};

/** Answers the next `count` samples each time it is called; the phase goes on. */
export function createTone({
  hz,
  amplitude = 8_000,
  rate = sampleRate,
}: ToneOptions): (count: number) => Int16Array {
  const turn = (2 * Math.PI * hz) / rate;
  let phase = 0;
  return (count) => {
    const samples = new Int16Array(count);
    for (let i = 0; i < count; i++) {
      samples[i] = Math.round(amplitude * Math.sin(phase));
      phase = (phase + turn) % (2 * Math.PI);
    }
    return samples;
  };
}

export type ToneDetectorOptions = {
  /** The tones looked for. */
  hz: number | readonly number[];
  rate?: number;
  /** How finely tones are told apart: 1000 / blockMs Hz. */
  blockMs?: number;
  /** Part of a block's power that must be the tone's, 0 to 1. */
  purity?: number;
  /** Root mean square below which a block is silence. */
  floor?: number;
};

export type ToneDetector = {
  /** The tone heard after these samples: one of `hz`, or undefined. */
  feed(samples: Int16Array): number | undefined;
};

export function createToneDetector({
  hz,
  rate = sampleRate,
  blockMs = 100,
  purity = 0.6,
  floor = 100,
}: ToneDetectorOptions): ToneDetector {
  const tones = typeof hz === 'number' ? [hz] : [...hz];
  const block = new Int16Array(Math.round((rate * blockMs) / 1_000));
  let filled = 0;
  let candidate: number | undefined;
  let heard: number | undefined;

  function judge(): void {
    const tone = strongest();
    if (tone === candidate) heard = tone;
    candidate = tone;
  }

  function strongest(): number | undefined {
    const total = powerOf(block);
    if (total < floor * floor) return undefined;
    let best: number | undefined;
    let most = purity * total;
    for (const tone of tones) {
      const power = tonePower(block, tone, rate);
      if (power > most) [best, most] = [tone, power];
    }
    return best;
  }

  return {
    feed(samples) {
      for (let from = 0; from < samples.length; ) {
        const part = samples.subarray(from, from + block.length - filled);
        block.set(part, filled);
        filled += part.length;
        from += part.length;
        if (filled === block.length) {
          judge();
          filled = 0;
        }
      }
      return heard;
    },
  };
}

/** Mean square. */
export function powerOf(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : sum / samples.length;
}

/** The part of `powerOf(samples)` that is a sine of `hz`. */
function tonePower(samples: Int16Array, hz: number, rate: number): number {
  const turn = (2 * Math.PI * hz) / rate;
  const factor = 2 * Math.cos(turn);
  let last = 0;
  let beforeLast = 0;
  for (const sample of samples) {
    const now = sample + factor * last - beforeLast;
    beforeLast = last;
    last = now;
  }
  const magnitude = last * last + beforeLast * beforeLast - factor * last * beforeLast;
  return (2 * magnitude) / (samples.length * samples.length);
}

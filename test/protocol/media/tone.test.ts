import * as assert from 'uvu/assert';
import { decodeG711, encodeG711 } from '#protocol/media/g711.ts';
import { createTone, createToneDetector, powerOf } from '#protocol/media/tone.ts';
import { describe } from '#test/support/describe.ts';

const telephone = [425, 440, 480, 620, 697, 770, 852, 941, 1_209, 1_336, 1_477, 1_633];

describe('tone', (test) => {
  for (const hz of telephone) {
    test(`${hz} Hz is known among all the others, through G.711`, () => {
      for (const codec of ['PCMA', 'PCMU'] as const) {
        const detector = createToneDetector({ hz: telephone });
        const heard = decodeG711(codec, encodeG711(codec, createTone({ hz })(2_400)));
        assert.is(detector.feed(heard), hz);
      }
    });
  }

  // biome-ignore format: a table
  const sounds: { name: string; samples: Int16Array; hears: number | undefined }[] = [
    { name: 'silence',                   samples: new Int16Array(4_000),                                            hears: undefined },
    { name: 'a tone that is too soft',   samples: createTone({ hz: 440, amplitude: 50 })(4_000),                    hears: undefined },
    { name: 'a soft tone',               samples: createTone({ hz: 440, amplitude: 400 })(4_000),                   hears: 440 },
    { name: 'another tone',              samples: createTone({ hz: 1_000 })(4_000),                                 hears: undefined },
    { name: 'a tone 15 Hz away',         samples: createTone({ hz: 455 })(4_000),                                   hears: undefined },
    { name: 'noise',                     samples: noise(4_000, 8_000),                                              hears: undefined },
    { name: 'a tone in some noise',      samples: add(createTone({ hz: 440 })(4_000), noise(4_000, 3_000)),         hears: 440 },
    { name: 'a tone in a louder tone',   samples: add(createTone({ hz: 440 })(4_000), createTone({ hz: 1_000, amplitude: 12_000 })(4_000)), hears: undefined },
    { name: 'a click of it (one block)', samples: createTone({ hz: 440 })(900),                                     hears: undefined },
  ];
  for (const { name, samples, hears } of sounds) {
    test(`${name}: ${hears ?? 'no tone'}`, () => {
      assert.is(createToneDetector({ hz: 440 }).feed(samples), hears);
    });
  }

  test('follows the tone from packet to packet: on, another, off', () => {
    const detector = createToneDetector({ hz: [440, 620] });
    const trail: (number | undefined)[] = [];
    const a = createTone({ hz: 440 });
    const b = createTone({ hz: 620 });
    for (let packet = 0; packet < 60; packet++) {
      const samples = packet < 20 ? a(160) : packet < 40 ? b(160) : new Int16Array(160);
      const heard = detector.feed(samples);
      if (packet === 0 || heard !== trail.at(-1)) trail.push(heard);
    }
    assert.equal(trail, [undefined, 440, 620, undefined]);
  });

  test('the phase goes on from piece to piece', () => {
    const whole = createTone({ hz: 441 })(480);
    const pieces = createTone({ hz: 441 });
    assert.equal(Int16Array.of(...pieces(100), ...pieces(1), ...pieces(379)), whole);
  });

  test('the power of a sine is half the square of its peak', () => {
    const power = powerOf(createTone({ hz: 400, amplitude: 1_000 })(8_000));
    assert.ok(Math.abs(power - 500_000) < 2_000, `${power}`);
  });
});

/** The same for every run, so a failure can be repeated. */
function noise(count: number, amplitude: number): Int16Array {
  let x = 1;
  return Int16Array.from({ length: count }, () => {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
    return (x / 2 ** 31 - 1) * amplitude;
  });
}

function add(a: Int16Array, b: Int16Array): Int16Array {
  return a.map((sample, i) => sample + (b[i] ?? 0));
}

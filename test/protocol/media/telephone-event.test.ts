import * as assert from 'uvu/assert';
import type { RtpPacket } from '#protocol/media/rtp.ts';
import { createDigitDetector, encodeDigit } from '#protocol/media/telephone-event.ts';
import { describe } from '#test/support/describe.ts';

/**
 * What a phone sent, one a row: `digit timestamp/duration`, `!` the marker, `E`
 * the end; `<n` puts the packet n places back in sequence, `@` another SSRC,
 * `p96` another payload type. Times in samples of 8 kHz.
 */
// biome-ignore format: a table
const streams: { name: string; packets: string; digits: string }[] = [
  { name: 'one press of seven packets',           packets: '!1 1000/160, 1 1000/320, 1 1000/480, 1 1000/640, 1 1000/800E, 1 1000/800E, 1 1000/800E', digits: '1' },
  { name: 'three presses, 21 packets',            packets: `${press('1', 1_000)}, ${press('0', 3_000)}, ${press('9', 5_000)}`, digits: '109' },
  { name: 'the same digit three times',           packets: `${press('1', 1_000)}, ${press('1', 3_000)}, ${press('1', 5_000)}`, digits: '111' },
  { name: 'every digit there is',                 packets: [...'0123456789*#ABCD'].map((digit, i) => press(digit, 1_000 * i)).join(', '), digits: '0123456789*#ABCD' },
  { name: 'all ends lost',                        packets: '!1 1000/160, 1 1000/320, !2 3000/160, 2 3000/320',                digits: '12' },
  { name: 'all but an end lost',                  packets: '1 1000/800E, 2 3000/800E',                                       digits: '12' },
  { name: 'the marker lost',                      packets: '1 1000/320, 1 1000/800E, 1 3000/320, 1 3000/800E',               digits: '11' },
  { name: 'ends sent ten times',                  packets: `!1 1000/160${', 1 1000/800E'.repeat(10)}`,                       digits: '1' },
  { name: 'a late end after the next press',      packets: '!1 1000/160, 1 1000/800E, !2 3000/160, <2 1 1000/800E, 2 3000/800E', digits: '12' },
  { name: 'a late start after the next press',    packets: '1 1000/800E, !2 3000/160, <3 !1 1000/160, 2 3000/800E',          digits: '12' },
  { name: 'packets out of order within a press',  packets: '1 1000/480, <2 !1 1000/160, <1 1 1000/320, 1 1000/800E',         digits: '1' },
  { name: 'timestamps that wrap between presses', packets: `${press('1', 0xffff_fc00)}, ${press('2', 0x400)}`,               digits: '12' },
  { name: 'a late packet over the wrap',          packets: '!1 4294966000/800E, !2 500/160, <2 1 4294966000/800E, 2 500/800E', digits: '12' },
  { name: 'a press of 10 s in two segments',      packets: '!1 1000/160, 1 1000/32000, 1 1000/65535, 1 66535/160, 1 66535/14465E', digits: '1' },
  { name: 'the border of the segments lost',      packets: '!1 1000/160, 1 1000/65000, 1 66535/1600, 1 66535/14465E',        digits: '1' },
  { name: 'a press of 20 s in three segments',    packets: '!1 1000/65535, 1 66535/65535, 1 132070/28930E',                  digits: '1' },
  { name: 'the same digit after a long one',      packets: '!1 1000/65535, 1 66535/160E, !1 70000/160, 1 70000/800E',        digits: '11' },
  { name: 'another digit where a segment was due', packets: '!1 1000/65535, 2 66535/160',                                    digits: '12' },
  { name: 'a sender that began anew',             packets: `${press('1', 90_000)}, ${press('2', 1_000)}`,                    digits: '12' },
  { name: 'another source with older timestamps', packets: `${press('1', 90_000)}, @!2 1000/160, @2 1000/800E`,              digits: '12' },
  { name: 'another payload type',                 packets: 'p96 !1 1000/160, p0 1 1000/800E',                                digits: '' },
  { name: 'duration 0 in the first packet',       packets: '!1 1000/0, 1 1000/160, 1 1000/800E',                             digits: '1' },
];

describe('telephone-event', (test) => {
  for (const { name, packets, digits } of streams) {
    test(`hears ${name}`, () => {
      const detector = createDigitDetector({ payloadType: 101 });
      const heard = parse(packets).map((packet) => detector.feed(packet) ?? '');
      assert.is(heard.join(''), digits);
    });
  }

  test('does not hear what is no digit', () => {
    const detector = createDigitDetector({ payloadType: 101 });
    for (const payload of [[], [1], [1, 0, 0], [16, 0, 0, 160], [255, 255, 255, 255]]) {
      const packet = { payloadType: 101, ssrc: 1, sequence: 1, timestamp: 1, marker: true };
      assert.is(detector.feed({ ...packet, payload: Uint8Array.from(payload) }), undefined);
    }
  });

  test('encodes a press: marker first, duration grows, the end three times', () => {
    const packets = encodeDigit({
      digit: '#',
      payloadType: 101,
      ssrc: 7,
      sequence: 0xfffe,
      timestamp: 1_000,
      durationMs: 60,
    });
    assert.equal(
      packets.map(({ payload }) => Buffer.from(payload).toString('hex')),
      ['0b0a00a0', '0b0a0140', '0b8a01e0', '0b8a01e0', '0b8a01e0'],
    );
    assert.equal(
      packets.map(({ marker }) => marker),
      [true, false, false, false, false],
    );
    assert.equal(
      packets.map(({ sequence }) => sequence),
      [0xfffe, 0xffff, 0, 1, 2],
    );
    assert.ok(packets.every(({ timestamp, ssrc }) => timestamp === 1_000 && ssrc === 7));
  });

  test('hears what it encodes, with every second packet lost', () => {
    const detector = createDigitDetector({ payloadType: 101 });
    let heard = '';
    let [sequence, timestamp] = [65_500, 0xffff_f000];
    for (const digit of '0123456789*#ABCD') {
      const packets = encodeDigit({ digit, payloadType: 101, ssrc: 7, sequence, timestamp });
      for (const packet of packets.filter((_, i) => i % 2 === 1)) heard += detector.feed(packet) ?? '';
      sequence += packets.length;
      timestamp += 2_000;
    }
    assert.is(heard, '0123456789*#ABCD');
  });

  test('refuses to encode what is no digit', () => {
    const press = { payloadType: 101, ssrc: 1, sequence: 1, timestamp: 1 };
    for (const digit of ['', 'E', '12', 'a']) assert.throws(() => encodeDigit({ ...press, digit }));
    assert.throws(() => encodeDigit({ ...press, digit: '1', durationMs: 8_200 }));
  });
});

/** Seven packets of one press. */
function press(digit: string, at: number): string {
  const steps = [160, 320, 480, 640].map((duration) => `${digit} ${at}/${duration}`);
  return `!${steps.join(', ')}, ${digit} ${at}/800E, ${digit} ${at}/800E, ${digit} ${at}/800E`;
}

function parse(text: string): RtpPacket[] {
  return text.split(', ').map((packet, i) => {
    const pattern = /^(?:<(\d+) )?(?:p(\d+) )?(@)?(!)?(.) (\d+)\/(\d+)(E)?$/;
    const [, back = '0', type = '101', other, marker, digit = '', timestamp, duration, end] =
      pattern.exec(packet) ?? [];
    assert.ok(timestamp, packet);
    const length = Number(duration);
    return {
      payloadType: Number(type),
      ssrc: other === undefined ? 1 : 2,
      sequence: (65_530 + i - Number(back)) & 0xffff,
      timestamp: Number(timestamp) >>> 0,
      marker: marker !== undefined,
      payload: Uint8Array.of(
        '0123456789*#ABCD'.indexOf(digit),
        end === undefined ? 10 : 0x8a,
        length >> 8,
        length & 0xff,
      ),
    };
  });
}

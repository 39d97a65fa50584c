/** The phone's sound: pace, what is said, what is heard, and a call of two over real sockets. */

import * as assert from 'uvu/assert';
import { openAudio, pace } from '#agent/phone/audio.ts';
import { createListener } from '#agent/phone/listener.ts';
import { createSender } from '#agent/phone/sender.ts';
import { systemClock } from '#protocol/clock.ts';
import type { AudioTerms } from '#protocol/media/negotiate.ts';
import { encodeRtp, type RtpPacket } from '#protocol/media/rtp.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

const pcma = { codec: 'PCMA', payloadType: 8 } as const;

describe('pace', (test) => {
  test('keeps to the clock, not to the last packet', () => {
    const clock = createFakeClock();
    let runs = 0;
    const stop = pace({ clock, everyMs: 20, run: () => runs++ });
    clock.advance(1_000);
    assert.is(runs, 50);
    stop();
    clock.advance(1_000);
    assert.is(runs, 50);
    assert.is(clock.pending(), 0);
  });

  test('catches up a little and not for ever', () => {
    const clock = createFakeClock();
    let runs = 0;
    const late = { ...clock, after: (ms: number, run: () => void) => clock.after(ms + 1_000, run) };
    const stop = pace({ clock: late, everyMs: 20, run: () => runs++ });
    clock.advance(1_020);
    stop();
    assert.is(runs, 6);
  });
});

describe('sender', (test) => {
  const create = () => createSender({ random: () => 0xfffe });

  test('sequence and timestamp go on and wrap, and only the first has the marker', () => {
    const sender = create();
    const packets = [1, 2, 3].map(() => sender.next(pcma));
    assert.equal(
      packets.map(({ sequence }) => sequence),
      [0xfffe, 0xffff, 0],
    );
    assert.equal(
      packets.map(({ timestamp }) => timestamp - 0xfffe),
      [0, 160, 320],
    );
    assert.equal(
      packets.map(({ marker }) => marker),
      [true, false, false],
    );
    assert.equal([...new Set(packets.flatMap(({ payload }) => [...payload]))], [0xd5]);
  });

  test('a press is events instead of sound, with sound before the next', () => {
    const sender = create();
    assert.ok(sender.press('1#', 101));
    const types = Array.from({ length: 24 }, () => sender.next(pcma).payloadType);
    assert.equal(runs(types), ['101×7', '8×4', '101×7', '8×6']);
  });

  test('does not take more digits than it will ever send', () => {
    const sender = create();
    assert.ok(sender.press('1'.repeat(64), 101));
    assert.not.ok(sender.press('1', 101));
  });

  test('what it says, a listener hears', () => {
    const heard: string[] = [];
    const listener = createListener({
      onTone: (hz) => heard.push(`${hz}`),
      onDigit: (digit) => heard.push(digit),
    });
    const terms = { codec: 'PCMU', payloadType: 96, eventType: 97 } as const;
    listener.agree(terms);
    const sender = create();
    const speak = (packets: number) => {
      for (let i = 0; i < packets; i++) listener.feed(encodeRtp(sender.next(terms)));
    };
    speak(20);
    sender.tone(425);
    speak(20);
    sender.tone(440);
    speak(20);
    sender.press('4711*', 97);
    speak(60);
    sender.tone(undefined);
    speak(20);
    assert.equal(heard, ['425', '440', '4', '7', '1', '1', '*', 'undefined']);
    assert.is(listener.dropped, 0);
  });
});

describe('listener', (test) => {
  const create = () => createListener({ onTone: () => {}, onDigit: () => {} });
  const packet = (change: Partial<RtpPacket>): RtpPacket => ({
    payloadType: 8,
    sequence: 1,
    timestamp: 1,
    ssrc: 1,
    marker: false,
    payload: new Uint8Array(160).fill(0xd5),
    ...change,
  });

  test('counts and drops what nobody agreed on', () => {
    const listener = create();
    listener.feed(Buffer.from('hello'));
    listener.feed(encodeRtp(packet({ payloadType: 18 })));
    listener.feed(encodeRtp(packet({})));
    assert.is(listener.dropped, 2);
    assert.is(listener.read().packets, 1);
  });

  test('level: silence, and a tone of a quarter of full scale', () => {
    const listener = create();
    assert.equal(listener.read(), { packets: 0, levelDb: -127 });
    const sender = createSender({ random: () => 1 });
    listener.feed(encodeRtp(sender.next(pcma)));
    assert.ok(listener.read().levelDb < -70);
    sender.tone(480);
    listener.feed(encodeRtp(sender.next(pcma)));
    assert.equal(listener.read(), { packets: 2, levelDb: -15 });
  });
});

describe('audio', (test) => {
  test('two of them talk; a third is not listened to', async () => {
    const heard: string[] = [];
    const open = (name: string, address = '127.0.0.1') =>
      openAudio({
        address,
        clock: systemClock,
        random: () => 7,
        onTone: (hz) => heard.push(`${name} ${hz}`),
        onDigit: (digit) => heard.push(`${name} ${digit}`),
      });
    const [anna, bob, eve] = [await open('anna'), await open('bob'), await open('eve', '127.0.0.2')];
    try {
      const terms = (target: AudioTerms['target'], eventType = 101): AudioTerms => ({
        index: 0,
        ...pcma,
        eventType,
        target,
        direction: 'sendrecv',
      });
      assert.not.ok(anna.press('1'), 'nothing is agreed yet');
      anna.agree(terms(bob.local));
      bob.agree(terms(anna.local));
      anna.tone(440);
      bob.tone(480);
      assert.ok(bob.press('12'));
      await until('both tones and the digits', () => heard.length === 4);
      // Until the one it was told of has sent, whoever sends first would be heard.
      eve.tone(620);
      eve.agree(terms(anna.local));
      await until('what came from elsewhere is dropped', () => anna.dropped > 0);
      assert.equal([...heard].sort(), ['anna 1', 'anna 2', 'anna 480', 'bob 440']);
      assert.is(anna.local.port % 2, 0);
    } finally {
      for (const audio of [anna, bob, eve, eve]) audio.close();
    }
  });
});

/** 8, 8, 101 → 8×2, 101×1 */
function runs(values: number[]): string[] {
  const all: [number, number][] = [];
  for (const value of values) {
    const last = all.at(-1);
    if (last?.[0] === value) last[1]++;
    else all.push([value, 1]);
  }
  return all.map(([value, count]) => `${value}×${count}`);
}

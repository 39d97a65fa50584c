import * as assert from 'uvu/assert';
import { RtpQueue } from '#protocol/tunnel/rtp-queue.ts';
import { describe } from '#test/support/describe.ts';
import { connect, createPair } from './link-pair.ts';

const packet = (number: number) => Uint8Array.of(number);
const numbers = (frames: { body: Uint8Array }[]) => frames.map(({ body }) => body[0]);

describe('RTP queue', (test) => {
  test('gives out what came, in order and numbered', () => {
    const queue = new RtpQueue();
    queue.push(3, packet(1), 0);
    queue.push(4, packet(2), 0);
    assert.equal(
      queue.take(0).map(({ type, channel, number, body }) => [type, channel, number, body[0]]),
      [
        ['rtp', 3, 1, 1],
        ['rtp', 4, 2, 2],
      ],
    );
    assert.equal(queue.take(0), []);
  });

  test('drops what waited for more than 60 ms, oldest first', () => {
    const queue = new RtpQueue();
    queue.push(1, packet(1), 0);
    queue.push(1, packet(2), 20);
    queue.push(1, packet(3), 40);
    assert.equal(numbers(queue.take(61)), [2, 3]);
    assert.is(queue.dropped, 1);
  });

  test('lets a key wait for up to 3 s, bare or under SRTP, in its place among the voice', () => {
    for (const length of [16, 20, 26]) {
      const queue = new RtpQueue();
      const key = (number: number) => new Uint8Array(length).fill(number, 0, 1);
      queue.push(1, key(1), 0);
      queue.push(1, packet(2), 1);
      queue.push(1, key(3), 1);
      queue.push(1, packet(4), 2_999);
      queue.push(1, key(5), 3_000);
      assert.equal(numbers(queue.take(3_001)), [3, 4, 5]);
      assert.is(queue.dropped, 2);
    }
  });

  test('holds back while what is under way takes 60 ms longer than it has to', () => {
    const queue = new RtpQueue();
    const sendAt = (now: number, number = 0) => {
      queue.push(1, packet(number), now);
      return numbers(queue.take(now));
    };
    sendAt(0);
    queue.acknowledged(1, 30); // the way takes 30 ms
    assert.equal(sendAt(100, 7), [7]);
    assert.equal(sendAt(190, 8), [8], 'at 90 ms it may still come');
    assert.equal(sendAt(191, 9), [], 'now it stands somewhere');
    assert.equal(sendAt(240, 10), []);
    queue.acknowledged(3, 252);
    assert.equal(numbers(queue.take(252)), [10], 'what is not overdue goes on');
    assert.is(queue.dropped, 1);
  });

  test('gets used to a longer way', () => {
    const queue = new RtpQueue();
    const underway: { number: number; at: number }[] = [];
    let now = 0;
    const speak = (ms: number, tripMs: number) => {
      for (const end = now + ms; now < end; now += 20) {
        while (underway[0] !== undefined && underway[0].at + tripMs <= now) {
          queue.acknowledged(underway.shift()?.number ?? 0, now);
        }
        queue.push(1, packet(0), now);
        for (const { number } of queue.take(now)) underway.push({ number, at: now });
      }
    };
    speak(6_000, 20);
    assert.is(queue.dropped, 0);
    speak(12_000, 300);
    const before = queue.dropped;
    assert.ok(before > 0, 'at first it looks like a queue');
    speak(10_000, 300);
    assert.is(queue.dropped, before);
  });

  test('is bounded', () => {
    const queue = new RtpQueue({ maxPackets: 10 });
    for (let i = 0; i < 25; i++) queue.push(1, packet(i), 0);
    assert.equal(numbers(queue.take(0)), [15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
    assert.is(queue.dropped, 15);
  });
});

describe('media link', (test) => {
  test('carries RTP one turn a message, and acknowledges it', () => {
    const { a, b, settle, pass } = createPair('media');
    const cable = connect(a.link, b.link);
    const before = cable.messages.length;
    for (let i = 0; i < 10; i++) a.link.sendRtp(2, packet(i));
    settle();
    assert.is(cable.messages.length, before + 1);
    assert.equal(numbers(b.frames), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    pass(30);
    assert.is(cable.messages.length, before + 2);
  });

  test('over a way that stands still sends no more than 60 ms of voice and drops the rest', () => {
    const { a, b, clock, settle } = createPair('media');
    const cable = connect(a.link, b.link, { held: true });
    cable.deliver();
    const speak = (ms: number) => {
      for (let t = 0; t < ms; t += 20) {
        a.link.sendRtp(2, packet(t));
        settle();
        clock.advance(20);
        settle();
      }
    };
    for (let i = 0; i < 10; i++) {
      speak(20);
      cable.deliver();
    }
    const heard = b.frames.length;
    const sent = a.link.counters.sent;
    speak(1_000);
    assert.ok(a.link.counters.sent - sent <= 8, `${a.link.counters.sent - sent} packets and pings`);
    assert.ok(a.link.droppedRtp >= 40);
    cable.deliver();
    cable.deliver();
    settle();
    speak(20);
    cable.deliver();
    assert.ok(b.frames.length > heard, 'and goes on afterwards');
  });

  test('sends nothing while it is down', () => {
    const { a, b, settle } = createPair('media');
    connect(a.link, b.link).cut();
    a.link.sendRtp(2, packet(1));
    connect(a.link, b.link);
    settle();
    assert.equal(b.frames, []);
    assert.is(a.link.counters.refused, 1);
  });
});

import * as assert from 'uvu/assert';
import { encodeFrames, type Frame } from '#protocol/tunnel/frame.ts';
import { describe } from '#test/support/describe.ts';
import { createRandom } from '#test/support/random.ts';
import { connect, createPair, type End } from './link-pair.ts';

describe('link', (test) => {
  test('comes up fresh on both ends', () => {
    const { a, b } = createPair();
    connect(a.link, b.link);
    assert.equal([a.events, b.events], [['fresh'], ['fresh']]);
    assert.ok(a.link.isUp && b.link.isUp);
  });

  test('carries SIP and control in order', () => {
    const { a, b, settle } = createPair();
    connect(a.link, b.link);
    a.link.sendKept('control', 0, text('flow'));
    a.link.sendKept('sip', 7, text('INVITE'));
    settle();
    assert.equal(said(b), ['control 0 flow', 'sip 7 INVITE']);
  });

  test('loses the frame that its owner cannot take, and no other', () => {
    const taken: number[] = [];
    const pair = createPair('signal', {
      onFrame({ channel }) {
        if (channel === 8) throw new TypeError('what is this?');
        taken.push(channel);
      },
    });
    const { a, b, settle } = pair;
    connect(a.link, b.link);
    for (const flow of [7, 8, 9]) a.link.sendKept('sip', flow, text('x'));
    settle();
    a.link.sendKept('sip', 10, text('x'));
    settle();
    assert.equal(taken, [7, 9, 10]);
    assert.equal(b.events, ['fresh', 'failed: what is this?']);
    assert.is(b.link.counters.failed, 1);
    assert.ok(a.link.isUp && b.link.isUp);
  });

  test('gathers one turn into one message', () => {
    const { a, b, settle } = createPair();
    const cable = connect(a.link, b.link);
    const before = cable.messages.length;
    for (let i = 1; i <= 30; i++) a.link.sendKept('sip', i, text('x'));
    settle();
    assert.is(cable.messages.length, before + 1);
    assert.is(b.frames.length, 30);
  });

  test('never makes a message over 64 KiB', () => {
    const { a, b, settle } = createPair();
    const cable = connect(a.link, b.link);
    for (let i = 1; i <= 20; i++) a.link.sendKept('sip', i, new Uint8Array(9_000));
    settle();
    assert.is(b.frames.length, 20);
    assert.ok(cable.messages.every(({ length }) => length <= 65_536));
  });

  test('sends again what was not acknowledged, and only that', () => {
    const { a, b, settle, pass } = createPair();
    const first = connect(a.link, b.link);
    a.link.sendKept('sip', 1, text('one'));
    settle();
    pass(30); // the acknowledgement
    first.blackhole();
    a.link.sendKept('sip', 1, text('two'));
    settle();
    first.cut();
    a.link.sendKept('sip', 1, text('three')); // in the gap
    connect(a.link, b.link);
    settle();
    assert.equal(said(b), ['sip 1 one', 'sip 1 two', 'sip 1 three']);
    assert.equal(a.events, ['fresh', 'down: cut', 'up']);
    assert.is(b.link.counters.repeated, 0);
  });

  test('gives the owner what was not acknowledged when the other end is a new one', () => {
    const pair = createPair();
    const { a, b, settle } = pair;
    const first = connect(a.link, b.link, { held: false });
    first.blackhole();
    a.link.sendKept('sip', 1, text('lost'));
    settle();
    first.cut();
    const c = pair.createEnd();
    connect(a.link, c.link);
    assert.equal(a.events, ['fresh', 'down: cut', 'fresh']);
    assert.equal(a.unacknowledged.map(written), ['sip 1 lost']);
    assert.equal(said(c), []);
  });

  test('is gone after the gap: sending answers false, and the next start is fresh for both', () => {
    const { a, b, pass } = createPair();
    connect(a.link, b.link).cut();
    assert.ok(a.link.sendKept('sip', 1, text('kept for a while')));
    pass(19_990);
    assert.not(a.link.isGone);
    pass(20);
    assert.ok(a.link.isGone);
    assert.not(a.link.sendKept('sip', 1, text('too late')));
    assert.is(a.link.counters.dropped, 1);
    connect(a.link, b.link);
    assert.equal(a.events, ['fresh', 'down: cut', 'gone', 'fresh']);
    assert.equal(b.events, ['fresh', 'down: cut', 'gone', 'fresh']);
  });

  test('starts fresh for both when only one end had given up', () => {
    const pair = createPair();
    const b = pair.createEnd();
    const a = createPair('signal', { clock: pair.clock, gapMs: 1_000 }).a;
    connect(a.link, b.link).cut();
    pair.pass(2_000);
    connect(a.link, b.link);
    assert.equal(a.events, ['fresh', 'down: cut', 'gone', 'fresh']);
    assert.equal(b.events, ['fresh', 'down: cut', 'fresh']);
  });

  test('refuses what is more than it may keep', () => {
    const { a } = createPair('signal', { maxQueuedBytes: 1_000 });
    assert.ok(a.link.sendKept('sip', 1, new Uint8Array(900)));
    assert.not(a.link.sendKept('sip', 1, new Uint8Array(900)));
    assert.is(a.link.counters.refused, 1);
  });

  test('forgets HTTP with the socket', () => {
    const { a, b, settle } = createPair();
    connect(a.link, b.link).cut();
    assert.not(a.link.sendPlain('http.end', 1));
    connect(a.link, b.link);
    assert.ok(a.link.sendPlain('http.end', 1));
    settle();
    assert.equal(said(b), ['http.end 1 ']);
  });

  test('notices silence after 6 s and tells the round trip before', () => {
    const { a, b, pass } = createPair();
    const cable = connect(a.link, b.link);
    pass(2_010);
    assert.is(a.link.latencyMs, 0);
    cable.blackhole();
    pass(5_900);
    assert.ok(a.link.isUp);
    pass(200);
    assert.equal(a.events, ['fresh', 'down: nothing heard']);
    assert.equal(b.events, ['fresh', 'down: nothing heard']);
  });

  test('lives on when nothing but pings is said', () => {
    const { a, b, pass } = createPair();
    connect(a.link, b.link);
    pass(60_000);
    assert.equal([a.events, b.events], [['fresh'], ['fresh']]);
  });

  test('does not take its own standstill for the death of the other end', () => {
    const { a, b, clock, settle, pass } = createPair();
    connect(a.link, b.link);
    pass(1_000);
    const { now } = clock;
    const later = now() + 60_000; // as after a suspended machine: every timer is late at once
    clock.now = () => Math.max(now(), later);
    clock.advance(6_000);
    settle();
    assert.ok(a.link.isUp && b.link.isUp);
  });

  test('answers a probe', async () => {
    const { a, b, settle, pass } = createPair();
    const cable = connect(a.link, b.link);
    const alive = a.link.probe(1_000);
    settle();
    assert.is(await alive, true);
    cable.blackhole();
    const dead = a.link.probe(1_000);
    pass(1_010);
    assert.is(await dead, false);
  });

  test('lets a second socket take the place of the first', () => {
    const { a, b, settle } = createPair();
    const first = connect(a.link, b.link);
    first.blackhole();
    connect(a.link, b.link);
    a.link.sendKept('sip', 1, text('x'));
    settle();
    assert.equal(said(b), ['sip 1 x']);
    assert.ok(first.closed.some((line) => line.includes('another socket')));
  });

  test('closes a socket that says no hello', () => {
    const { a, pass } = createPair();
    const closed: string[] = [];
    a.link.connect({ send() {}, close: (code, reason) => closed.push(`${code} ${reason}`) });
    pass(5_010);
    assert.equal(closed, ['1008 no hello']);
    assert.equal(a.events, []);
  });

  test('takes nothing after close', () => {
    const { a, b } = createPair();
    const cable = connect(a.link, b.link);
    a.link.close(1001, 'closing');
    a.link.close();
    assert.equal(cable.closed, ['1001 closing']);
    assert.not(a.link.sendKept('sip', 1, text('x')));
    assert.equal(b.events, ['fresh', 'down: closing']);
  });
});

describe('link, out of contract', (test) => {
  const sip: Frame = { type: 'sip', channel: 1, number: 1, body: text('x') };
  // biome-ignore format: a table
  const rows: { name: string; bytes: Uint8Array; kind?: 'media'; code: number }[] = [
    { name: 'noise',                      bytes: Uint8Array.of(1, 2, 3),                                    code: 1002 },
    { name: 'a number left out',          bytes: encodeFrames([{ ...sip, number: 3 }]),                     code: 1002 },
    { name: 'an ack of the future',       bytes: encodeFrames([{ ...sip, type: 'ack', channel: 0, number: 9, body: text('') }]), code: 1002 },
    { name: 'rtp on the signal socket',   bytes: encodeFrames([{ ...sip, type: 'rtp' }]),                   code: 1002 },
    { name: 'sip on the media socket',    bytes: encodeFrames([sip]), kind: 'media',                        code: 1002 },
    { name: 'a message too large',        bytes: new Uint8Array(65_537),                                    code: 1009 },
  ];
  for (const { name, bytes, kind, code } of rows) {
    test(`closes at ${name}`, () => {
      const { a, b } = createPair(kind);
      const closed: number[] = [];
      const hello: Uint8Array[] = [];
      b.link.connect({ send: (message) => hello.push(message), close() {} });
      const wire = a.link.connect({ send() {}, close: (why) => closed.push(why) });
      for (const message of hello) wire.message(message);
      wire.message(bytes);
      assert.equal(closed, [code]);
      assert.is(a.frames.length, 0);
    });
  }

  test('closes at another version', () => {
    const { a } = createPair();
    const closed: string[] = [];
    const body = Buffer.alloc(20);
    body.writeUInt32BE(2);
    const wire = a.link.connect({ send() {}, close: (code, reason) => closed.push(`${code} ${reason}`) });
    wire.message(encodeFrames([{ type: 'hello', channel: 0, number: 0, body }]));
    assert.equal(closed, ['1002 the other end speaks version 2']);
  });
});

describe('link under failure', (test) => {
  test('delivers once and in order, whatever breaks when', () => {
    for (let seed = 1; seed <= 300; seed++) breakAndMend(seed);
  });
});

/** Two ends send each other numbers, over cables that lose their last messages when they break. */
function breakAndMend(seed: number): void {
  const random = createRandom(seed);
  const { a, b, settle, clock } = createPair();
  let cable = connect(a.link, b.link, { held: true });
  let next = 0;
  for (let step = 0; step < 120; step++) {
    const dice = random.below(20);
    if (dice < 8) {
      for (const { link } of [a, b]) {
        const isControl = random.below(4) === 0;
        link.sendKept(isControl ? 'control' : 'sip', isControl ? 0 : 1, text(`${++next}`));
      }
    } else if (dice < 14) cable.deliver(1 + random.below(4));
    else if (dice < 17) clock.advance(random.below(100));
    else if (dice < 18) cable.cut();
    else {
      cable.cut();
      cable = connect(a.link, b.link, { held: true });
    }
    settle();
  }
  cable.cut();
  cable = connect(a.link, b.link);
  settle();
  for (const end of [a, b]) {
    const numbers = end.frames.map(({ body }) => Number(Buffer.from(body).toString()));
    assert.equal(
      numbers,
      [...numbers].sort((x, y) => x - y),
      `seed ${seed}`,
    );
    assert.is(new Set(numbers).size, numbers.length, `seed ${seed}`);
  }
  // What a fresh start handed back may or may not have arrived; everything else did, once.
  const arrived = [a, b].flatMap(({ frames }) => frames);
  const handedBack = [a, b].flatMap(({ unacknowledged }) => unacknowledged);
  const known = new Set([...arrived, ...handedBack].map(({ body }) => Buffer.from(body).toString()));
  assert.is(known.size, next, `seed ${seed}`);
  assert.ok(arrived.length >= next - handedBack.length, `seed ${seed}`);
}

function text(content: string): Uint8Array {
  return Buffer.from(content);
}

const written = ({ type, channel, body }: Frame) => `${type} ${channel} ${Buffer.from(body).toString()}`;
const said = (end: End) => end.frames.map(written);

import * as assert from 'uvu/assert';
import { createPlayer } from '#controller/ivr/player.ts';
import type { Sound } from '#controller/ivr/prompts.ts';
import type { Clock } from '#protocol/clock.ts';
import { decodeRtp, type RtpPacket } from '#protocol/media/rtp.ts';
import { describe } from '#test/support/describe.ts';

const pcma = { codec: 'PCMA', payloadType: 8 } as const;
const pcmu = { codec: 'PCMU', payloadType: 110 } as const;

describe('player', (test) => {
  test('timers that are always 7 ms late do not add up', () => {
    const world = open();
    for (let timer = 0; timer < 500; timer++) world.fire(7);
    // The 500th packet is due at 499 * 20 ms, and came 7 ms late.
    assert.is(world.now(), 499 * 20 + 7);
    assert.is(world.packets.length, 500);
    world.player.close();
  });

  test('a short standstill is caught up with packets at once', () => {
    const world = open();
    world.fire();
    world.fire(80);
    for (let timer = 0; timer < 4; timer++) world.fire();
    assert.is(world.now(), 100);
    assert.is(world.packets.length, 6);
    assert.equal(world.gaps(), [160, 160, 160, 160, 160]);
    world.player.close();
  });

  test('a long standstill is left out: one step of the timestamp, a marker, and on at 20 ms', () => {
    const world = open();
    world.fire();
    world.fire(980);
    world.fire();
    assert.equal(world.gaps(), [50 * 160, 160]);
    assert.equal(
      world.packets.map(({ marker }) => marker),
      [true, true, false],
    );
    assert.is(world.now(), 1_020);
    world.player.close();
  });

  test('plays one after the other, fills the last frame with silence, tells once', () => {
    const world = open();
    world.player.play(sound(160, 1));
    world.player.play(sound(200, 2));
    for (let timer = 0; timer < 5; timer++) world.fire();
    assert.equal(
      world.packets.map(({ payload }) => [payload[0], payload[39], payload[40], payload[159]]),
      [
        [1, 1, 1, 1],
        [2, 2, 2, 2],
        [2, 2, 0xd5, 0xd5],
        [0xd5, 0xd5, 0xd5, 0xd5],
        [0xd5, 0xd5, 0xd5, 0xd5],
      ],
    );
    assert.equal(world.played, [40]);
    world.player.close();
  });

  test('hush stops in the middle and tells nothing', () => {
    const world = open();
    world.player.play(sound(1_600, 1));
    world.fire();
    world.fire();
    world.player.hush();
    world.fire();
    assert.equal(
      world.packets.map(({ payload }) => payload[0]),
      [1, 1, 0xd5],
    );
    assert.equal(world.played, []);
    world.player.close();
  });

  test('goes on in another law at the same place; muted, time passes and nothing is sent', () => {
    const world = open();
    world.player.play(sound(800, 1, 2));
    world.fire();
    world.player.use(pcmu, false);
    world.fire();
    world.player.use(pcmu, true);
    world.fire();
    world.fire();
    world.player.use(pcma, false);
    world.fire();
    assert.equal(
      world.packets.map(({ payloadType, payload, marker }) => [payloadType, payload[0], marker]),
      [
        [8, 1, true],
        [110, 2, false],
        [8, 1, true],
      ],
    );
    assert.equal(world.gaps(), [160, 3 * 160]);
    assert.equal(world.played, [80]);
    world.player.close();
  });

  test('nothing is sent after close, and no timer stays', () => {
    const world = open();
    world.fire();
    world.player.close();
    world.player.close();
    assert.is(world.pending(), 0);
  });
});

function sound(samples: number, pcmaByte: number, pcmuByte = pcmaByte): Sound {
  return { PCMA: new Uint8Array(samples).fill(pcmaByte), PCMU: new Uint8Array(samples).fill(pcmuByte) };
}

/** A player on a clock whose one timer fires when told, and late when told. */
function open() {
  const packets: RtpPacket[] = [];
  const played: number[] = [];
  let now = 0;
  let timer: { at: number; run: () => void } | undefined;
  const clock: Clock = {
    now: () => now,
    wall: () => now,
    after(ms, run) {
      const mine = { at: now + ms, run };
      timer = mine;
      return () => {
        if (timer === mine) timer = undefined;
      };
    },
  };
  const player = createPlayer({
    clock,
    encoding: pcma,
    send(bytes) {
      const packet = decodeRtp(bytes);
      assert.ok(packet);
      packets.push(packet);
    },
    onPlayed: () => played.push(now),
  });
  return {
    player,
    packets,
    played,
    now: () => now,
    pending: () => (timer === undefined ? 0 : 1),
    fire(lateMs = 0) {
      const due = timer;
      timer = undefined;
      assert.ok(due);
      now = Math.max(now, due.at) + lateMs;
      due.run();
    },
    /** From each packet's timestamp to the next one's. */
    gaps: () => packets.slice(1).map(({ timestamp }, i) => (timestamp - (packets[i]?.timestamp ?? 0)) >>> 0),
  };
}

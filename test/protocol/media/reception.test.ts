import * as assert from 'uvu/assert';
import { Reception } from '#protocol/media/reception.ts';
import { encodeRtp } from '#protocol/media/rtp.ts';
import { describe } from '#test/support/describe.ts';

type Sent = { sequence: number; at?: number; timestamp?: number; ssrc?: number };

/** Packets of 20 ms; `at` is when one came. */
function receptionOf(sent: Sent[], rate?: number): Reception {
  const reception = new Reception(rate === undefined ? undefined : () => rate);
  sent.forEach(({ sequence, ssrc = 1, ...more }, index) => {
    const { timestamp = index * 160, at = index * 20 } = more;
    const packet = { payloadType: 8, sequence, timestamp, ssrc, marker: false, payload: new Uint8Array(160) };
    reception.receive(encodeRtp(packet), at);
  });
  return reception;
}

const run = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ sequence: (first + index) & 0xffff }));

describe('reception', (test) => {
  // biome-ignore format: a table
  const rows: [what: string, sent: Sent[], packets: number, lost: number][] = [
    ['nothing',                           [],                                             0, 0],
    ['all of them',                       run(100, 50),                                  50, 0],
    ['over the wrap',                     run(65_530, 20),                               20, 0],
    ['one missing',                       [...run(1, 5), ...run(7, 5)],                  10, 1],
    ['one late',                          [1, 2, 4, 3, 5].map((sequence) => ({ sequence })), 5, 0],
    ['one doubled',                       [1, 2, 2, 3].map((sequence) => ({ sequence })),  4, 0],
    ['missing over the wrap',             [{ sequence: 65_534 }, { sequence: 1 }],        2, 2],
    ['another sender, the same numbers',  [...run(1, 3), { sequence: 1, ssrc: 2 }],       4, 0],
    ['a sender that starts anew',         [...run(1, 3), ...run(30_000, 3)],              6, 0],
    ['loss before and after a new start', [{ sequence: 1 }, { sequence: 3 }, { sequence: 9_000 }, { sequence: 9_002 }], 4, 2],
  ];
  for (const [what, sent, packets, lost] of rows) {
    test(what, () => {
      const { report } = receptionOf(sent);
      assert.equal({ packets: report.packets, lost: report.lost }, { packets, lost });
    });
  }

  test('even steps are no jitter, at any clock rate', () => {
    assert.is(receptionOf(run(1, 50)).report.jitterMs, 0);
    const wide = run(1, 50).map((one, index) => ({ ...one, timestamp: index * 960 }));
    assert.is(receptionOf(wide, 48_000).report.jitterMs, 0);
  });

  test('a packet that swings by 10 ms gives 10 ms in the long run', () => {
    const swinging = run(1, 400).map((one, index) => ({ ...one, at: index * 20 + (index % 2) * 10 }));
    const { jitterMs } = receptionOf(swinging).report;
    assert.ok(jitterMs > 9.5 && jitterMs < 10.5, `${jitterMs} ms`);
  });

  test('time stamps that wrap are no jitter', () => {
    const sent = run(1, 10).map((one, index) => ({
      ...one,
      timestamp: (2 ** 32 - 480 + index * 160) % 2 ** 32,
    }));
    assert.is(receptionOf(sent).report.jitterMs, 0);
  });
});

import * as assert from 'uvu/assert';
import type { CallReport } from '#controller/media/history.ts';
import { createQuality } from '#controller/media/quality.ts';
import { describe } from '#test/support/describe.ts';

type Stream = CallReport['streams'][number];

const stream = (from: string, to: string, numbers: Partial<Stream>): Stream => ({
  ...{
    kind: 'audio',
    from,
    to,
    isLost: false,
    packets: 0,
    lost: 0,
    jitterMs: 0,
    rtcp: 0,
    dropped: 0,
    silences: 0,
  },
  ...numbers,
});

function call(
  streams: Stream[],
  devices: CallReport['devices'] = { from: 'HD0001', to: 'HD0002' },
): CallReport {
  const [since, endedAt] = ['2026-01-02T03:04:05.000Z', '2026-01-02T03:05:05.000Z'];
  return {
    id: 'c',
    from: '100',
    to: '101',
    devices,
    sites: [],
    agents: [],
    since,
    endedAt,
    media: 'controller',
    streams,
  };
}

describe('call quality', (test) => {
  test('is summed for each desk, what it heard apart from what it sent', () => {
    const quality = createQuality();
    for (const jitterMs of [9, 4]) {
      quality.add(
        call([
          stream('100', '101', { packets: 500, lost: 5, jitterMs }),
          stream('101', '100', { packets: 400, silences: 1 }),
        ]),
      );
    }
    const [first, second] = quality.list();
    assert.equal([first?.device, first?.calls, second?.device], ['HD0001', 2, 'HD0002']);
    assert.equal(first?.sent, { packets: 1_000, lost: 10, jitterMs: 9, silences: 0 });
    assert.equal(first?.heard, { packets: 800, lost: 0, jitterMs: 0, silences: 2 });
    assert.equal(second?.heard, first?.sent);
  });

  test('is of desks alone, and of media that somebody of us carried', () => {
    const quality = createQuality();
    quality.add(call([stream('100', '030123', { packets: 9 })], { from: 'HD0001' }));
    quality.add(call([], { from: 'HD0007' }));
    assert.equal(
      quality.list().map(({ device }) => device),
      ['HD0001'],
    );
  });

  test('of 10,000 desks: the one longest without a call goes', () => {
    const quality = createQuality();
    const one = (device: string) =>
      quality.add(call([stream('100', '101', { packets: 1 })], { from: device }));
    for (let number = 0; number < 10_000; number++) one(`HD${number}`);
    one('HD0');
    one('HD10000');
    const names = new Set(quality.list().map(({ device }) => device));
    assert.equal([names.size, names.has('HD0'), names.has('HD1')], [10_000, true, false]);
  });
});

import * as assert from 'uvu/assert';
import { createCalls } from '#controller/sip/calls.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

function start() {
  const free: string[] = [];
  const clock = createFakeClock();
  return {
    free,
    clock,
    calls: createCalls({ clock, onFree: (device) => free.push(device), maxCallMs: 1_000 }),
  };
}

describe('calls', (test) => {
  test('an answered call lasts until its end, without a gap', () => {
    const { calls, free } = start();
    const release = calls.hold('HD1');
    calls.confirm('d', ['HD1', 'HD2']);
    calls.confirm('d', ['HD1', 'HD2']);
    release();
    release();
    assert.equal([free, calls.count('HD1'), calls.count('HD2')], [[], 1, 1]);
    calls.finish('d');
    calls.finish('d');
    assert.equal([free, calls.count('HD1'), calls.dialogs], [['HD1', 'HD2'], 0, 0]);
  });

  test('the second call goes on when the first ends', () => {
    const { calls, free } = start();
    calls.confirm('d', ['HD1']);
    calls.confirm('e', ['HD1']);
    calls.finish('d');
    assert.equal(free, []);
    calls.finish('e');
    assert.equal(free, ['HD1']);
  });

  test('a lost BYE is made good by time, or by the restart of the phone', () => {
    const { calls, free, clock } = start();
    calls.confirm('d', ['HD1', 'HD2']);
    clock.advance(1_000);
    assert.equal(free, ['HD1', 'HD2']);
    calls.confirm('e', ['HD1']);
    calls.forget('HD1');
    assert.equal([free, clock.pending()], [['HD1', 'HD2', 'HD1'], 0]);
    calls.confirm('f', ['HD1']);
    calls.close();
    assert.is(clock.pending(), 0);
  });
});

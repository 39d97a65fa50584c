/** What the service manager is told, and what when it does not ask. */

import * as assert from 'uvu/assert';
import { createSdNotify } from '#protocol/sd-notify.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

function open(env: Record<string, string>) {
  const told: string[] = [];
  const clock = createFakeClock();
  const run = (program: string, lines: readonly string[]) => told.push([program, ...lines].join(' '));
  return { told, clock, notify: createSdNotify({ env, clock, run }) };
}

const asked = { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '60000000' };

describe('the service manager', (test) => {
  test('is told what there is to tell', () => {
    const { told, notify } = open(asked);
    notify.tell('READY=1', 'STATUS=the tunnel is up');
    assert.equal(told, ['systemd-notify READY=1 STATUS=the tunnel is up']);
  });

  test('hears three times in its time that all is well, and nothing when it is not', () => {
    const { told, clock, notify } = open(asked);
    let isWell = true;
    notify.keepWatch(() => isWell);
    clock.advance(60_000);
    assert.is(told.length, 3);
    isWell = false;
    clock.advance(60_000);
    assert.is(told.length, 3);
    isWell = true;
    clock.advance(20_000);
    assert.is(told.length, 4);
    notify.close();
    assert.is(clock.pending(), 0);
    assert.equal(new Set(told), new Set(['systemd-notify WATCHDOG=1']));
  });

  test('that keeps no watch hears of nothing but what is told', () => {
    const { told, clock, notify } = open({ NOTIFY_SOCKET: '/run/x' });
    notify.keepWatch(() => true);
    assert.is(clock.pending(), 0);
    assert.equal(told, []);
  });

  test('that asks for nothing is told nothing', () => {
    const { told, clock, notify } = open({ WATCHDOG_USEC: '60000000' });
    notify.tell('READY=1');
    notify.keepWatch(() => true);
    assert.is(clock.pending(), 0);
    assert.equal(told, []);
  });
});

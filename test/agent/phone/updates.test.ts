/** When the phone fetches its files, told by a clock that moves when told. */

import * as assert from 'uvu/assert';
import { createUpdates, type UpdateKind } from '#agent/phone/updates.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

function create() {
  const clock = createFakeClock();
  const runs: UpdateKind[] = [];
  const state = { isIdle: true, failures: 0, applied: 0, end: (_error?: Error) => {} };
  const updates = createUpdates({
    clock,
    isIdle: () => state.isIdle,
    fetch: (kind) => {
      runs.push(kind);
      const apply = async () => {
        state.applied += 1;
      };
      return new Promise((resolve, reject) => {
        state.end = (error) => (error === undefined ? resolve(apply) : reject(error));
      });
    },
    onFailure: () => state.failures++,
  });
  const end = async (error?: Error) => {
    state.end(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, runs, state, updates, end };
}

describe('updates', (test) => {
  test('at once when idle, else when the call is over', () => {
    const { runs, state, updates } = create();
    state.isIdle = false;
    updates.ask('update');
    assert.equal(runs, []);
    state.isIdle = true;
    updates.goOn();
    updates.goOn();
    assert.equal(runs, ['update']);
  });

  test('a call begun while the files are on their way is over before they take effect', async () => {
    const { runs, state, updates, end } = create();
    updates.ask('update');
    state.isIdle = false;
    await end();
    updates.ask('update');
    assert.equal([runs.length, state.applied], [1, 0]);
    state.isIdle = true;
    updates.goOn();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal([runs.length, state.applied], [2, 1]);
  });

  test('what is asked for meanwhile is done once, and a reboot is not forgotten', async () => {
    const { runs, updates, end } = create();
    updates.ask('update');
    for (const kind of ['update', 'reboot', 'update'] as const) updates.ask(kind);
    await end();
    await end();
    assert.equal(runs, ['update', 'reboot']);
  });

  test('a failure is tried again after 1, 2, 4 … 30 s, and success begins anew', async () => {
    const { clock, runs, updates, end, state } = create();
    updates.ask('reboot');
    for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
      const before = runs.length;
      await end(new Error('no'));
      clock.advance(seconds * 1_000 - 1);
      assert.is(runs.length, before);
      clock.advance(1);
      assert.is(runs.length, before + 1);
    }
    await end();
    updates.ask('update');
    await end(new Error('no'));
    clock.advance(1_000);
    assert.equal([runs.at(0), runs.at(-1), state.failures], ['reboot', 'update', 8]);
  });

  test('a check-sync does not wait for the next try', async () => {
    const { clock, runs, updates, end } = create();
    updates.ask('update');
    await end(new Error('no'));
    updates.ask('update');
    assert.is(clock.pending(), 0);
    assert.equal(runs, ['update', 'update']);
  });

  test('after the end nothing is begun', async () => {
    const { clock, runs, updates, end, state } = create();
    updates.ask('update');
    updates.close();
    await end(new Error('aborted'));
    updates.ask('update');
    assert.equal([runs.length, state.failures, clock.pending()], [1, 0, 0]);
  });
});

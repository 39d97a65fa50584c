/** How busy an agent says it is. */

import * as assert from 'uvu/assert';
import { createLoad } from '#agent/load.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

describe('load', (test) => {
  test('is what was used since the last look, of one core', () => {
    const clock = createFakeClock();
    let cpuMicros = 5_000_000;
    const load = createLoad(clock, () => ({ cpuMicros, memory: 42 }));
    clock.advance(10_000);
    cpuMicros += 2_500_000;
    assert.equal(load(), { cpu: 25, memory: 42 });
    clock.advance(60_000);
    assert.equal(load(), { cpu: 0, memory: 42 });
  });

  test('of this process it is something', () => {
    const { cpu, memory } = createLoad(createFakeClock())();
    assert.ok(cpu >= 0 && memory > 1_000_000);
  });
});

/** When an acknowledgement leaves by itself. */

import * as assert from 'uvu/assert';
import { Acknowledging } from '#protocol/tunnel/acknowledging.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

type Doing = 'frame' | 'take' | 'stop' | number;

// A number: so many ms go by. Then: at which ms after the start it was due.
const rows: [what: string, doing: Doing[], due: number[]][] = [
  ['nothing came', [100], []],
  ['one came', ['frame', 100], [20]],
  ['several came: 20 ms after the first', ['frame', 10, 'frame', 100], [20]],
  ['it left with something else', ['frame', 10, 'take', 100], []],
  ['another came after that: 20 ms for that one', ['frame', 10, 'take', 5, 'frame', 100], [35]],
  ['again and again, each in time', ['frame', 15, 'take', 'frame', 15, 'take', 'frame', 15, 'take', 100], []],
  ['the socket fell', ['frame', 10, 'stop', 100], []],
  ['and another took its place', ['frame', 10, 'stop', 'frame', 100], [30]],
];

describe('acknowledging', (it) => {
  for (const [what, doing, expected] of rows) {
    it(what, () => {
      const clock = createFakeClock();
      const start = clock.now();
      const due: number[] = [];
      const acknowledging = new Acknowledging(clock, () => {
        due.push(clock.now() - start);
        acknowledging.take();
      });
      for (const each of doing) {
        if (each === 'frame') acknowledging.received();
        else if (each === 'take') acknowledging.take();
        else if (each === 'stop') acknowledging.stop();
        else clock.advance(each);
      }
      assert.equal(due, expected);
      assert.is(clock.pending(), 0, 'no timer is left');
    });
  }

  it('32 frames wait no longer', () => {
    const acknowledging = new Acknowledging(createFakeClock(), () => {});
    const answers = Array.from({ length: 32 }, () => acknowledging.received());
    assert.equal(answers.indexOf(true), 31);
    assert.ok(acknowledging.take());
    assert.not(acknowledging.take());
    assert.not(acknowledging.received(), 'counting begins anew');
  });
});

/** A port that could not be bound is free for the next call. */

import * as assert from 'uvu/assert';
import { openPair } from '#agent/media/pair.ts';
import { createPortPool } from '#protocol/media/port-pool.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

describe('a pair of RTP ports', (test) => {
  test('that the system refuses is given back', async () => {
    const range = { first: 40_000, last: 40_007 };
    const pool = createPortPool({ range, clock: createFakeClock(), random: () => 0, restMs: 0 });
    const { free } = pool;
    // An address of nobody's (RFC 5737): another port would not mend it.
    const error = await openPair('192.0.2.1', pool).catch((why: unknown) => why);
    assert.is((error as NodeJS.ErrnoException).code, 'EADDRNOTAVAIL');
    assert.is(pool.free, free);
  });
});

/** `kill -9` of the controller: who watched before watches after, and no phone had to do anything for it. */

import * as assert from 'uvu/assert';
import { withPrograms } from '#test/e2e/programs.ts';
import { anna, ben } from '#test/e2e/world.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

describe('busy lamps after kill -9', (test) => {
  test('of the controller go on', async () => {
    await withPrograms(
      async ({ ask, desk, controller, startController, agentIsUp }) => {
        const keys = [{ type: 'blf', value: ben.extension, label: ben.name }];
        await ask('PATCH', `/users/${anna.extension}`, { keys });
        const [first, second] = [await desk('HD0001'), await desk('HD0002')];
        await ask('POST', '/sessions', { device: 'HD0001', extension: anna.extension });
        await first.saw('lamp', { position: 2, state: 'idle' });
        // Longer than a note waits for the disk: what kill -9 may take is a tenth of a second.
        await ask('POST', '/sessions', { device: 'HD0002', extension: ben.extension });
        await second.saw('registered', { aor: ben.extension });
        const told = async () => {
          const { items } = (await ask('GET', '/counters')) as { items: { name: string; count: number }[] };
          return items.find(({ name }) => name === 'sip.notified')?.count ?? 0;
        };
        await controller.kill();
        await startController();
        await agentIsUp();
        await until('the phone is told anew', async () => (await told()) > 0, 15_000);
        const from = first.mark();
        second.phone.call(anna.extension);
        await first.saw('lamp', { position: 2, state: 'busy' }, from);
        second.phone.hangUp();
        await first.saw('lamp', { position: 2, state: 'idle' }, from);
        assert.is(first.count('registered', from), 0);
      },
      { desks: 2 },
    );
  }, 90_000);
});

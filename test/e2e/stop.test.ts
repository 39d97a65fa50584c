/** SIGTERM: each program lets go of what it has, in peace and at once. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { hotdeskAgent, start, withPrograms } from './programs.ts';

const deadlineMs = 60_000;

describe('SIGTERM', (test) => {
  test(
    'of a phone in a call: it hangs up; of agent and controller: exit 0',
    async () => {
      await withPrograms(async (programs) => {
        await programs.agentIsUp();
        const { provisioningUrl } = (await programs.ask('GET', '/devices/HD0001')) as {
          provisioningUrl: string;
        };
        const args = ['phone', '--url', provisioningUrl, '--mac', '001565d00001', '--listen', '127.0.0.1'];
        const phone = start(hotdeskAgent, args, 'open');
        programs.defer(() => phone.kill());
        await until(
          'it is registered',
          () => phone.out.some((line) => line.includes('"registered"')),
          10_000,
        );
        phone.child.stdin?.write('call 112\n');
        await until('it is answered', () => phone.out.some((line) => line.includes('"answered"')), 10_000);
        assert.is(await phone.kill('SIGTERM'), 0);
        await programs.gateway.saw('ended', { by: 'them' });

        const begun = performance.now();
        assert.is(await programs.agent.kill('SIGTERM'), 0);
        assert.is(await programs.controller.kill('SIGTERM'), 0);
        assert.ok(performance.now() - begun < 10_000);
      });
    },
    deadlineMs,
  );
});

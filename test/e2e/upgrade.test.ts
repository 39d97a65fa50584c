/** A new version of the agent while people talk, and one that does not come up. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { buildOf } from './builds.ts';
import { type Programs, withPrograms } from './programs.ts';
import { anna, ben, type Desk } from './world.ts';

type Agent = {
  isUp: boolean;
  version?: string;
  upgrade?: { version: string; state: string; reason?: string };
};

async function agentOf({ ask }: Programs): Promise<Agent | undefined> {
  const { items } = (await ask('GET', '/agents')) as { items: Agent[] };
  return items[0];
}

async function replaceController(programs: Programs, more: readonly string[], file: string): Promise<void> {
  await programs.controller.kill('SIGTERM');
  await programs.startController(more, file);
}

async function call(first: Desk, second: Desk): Promise<void> {
  const mark = first.mark();
  first.phone.call(ben.extension);
  await first.saw('answered', {}, mark);
  await hears(first, second, 697);
}

/** Of two tones after each other the second must be another one to be told. */
async function hears(first: Desk, second: Desk, hz: number): Promise<void> {
  const mark = second.mark();
  first.phone.tone(hz);
  await second.saw('tone', { hz }, mark);
}

async function hangUp(first: Desk, second: Desk): Promise<void> {
  const mark = second.mark();
  first.phone.hangUp();
  await second.saw('ended', { by: 'them' }, mark);
}

describe('an upgrade of the agent', (test) => {
  test('waits for the call to end; the next one does not come up, and the one before is back; nobody is cut off', async () => {
    await withPrograms(
      async (programs) => {
        const [first, second] = [await programs.desk('HD0001'), await programs.desk('HD0002')];
        for (const [device, extension] of [
          ['HD0001', anna.extension],
          ['HD0002', ben.extension],
        ] as const) {
          await programs.ask('POST', '/sessions', { device, extension });
          await until('it has changed over', async () => {
            const { changeOver } = (await programs.ask('GET', `/devices/${device}`)) as {
              changeOver?: { state: string };
            };
            return changeOver?.state === 'active';
          });
        }
        second.phone.autoAnswer(true);

        // The agent that nobody watches is offered nothing, so that there is a call before there is an offer.
        await replaceController(programs, [], await buildOf(programs.folder, '0.2.0'));
        await programs.agentIsUp();
        await call(first, second);
        assert.is(await programs.agent.kill('SIGTERM'), 0);
        assert.match(programs.agent.err(), /"unknownControl":[1-9]/, 'so did the controller');
        await programs.startAgent(['--supervised']);
        await until(
          'it has the new version',
          async () => (await agentOf(programs))?.upgrade?.state === 'ready',
        );
        assert.is((await agentOf(programs))?.version, '0.1.0', 'it waits');
        await hears(first, second, 770);
        await hangUp(first, second);
        await until('it is upgraded', async () => (await agentOf(programs))?.version === '0.2.0', 20_000);
        await call(first, second);

        // What was kept runs from the start.
        await programs.agent.kill('SIGTERM');
        await programs.startAgent(['--supervised', '--upgrade-seconds', '3']);
        await until('it is up', async () => (await agentOf(programs))?.isUp);
        assert.is((await agentOf(programs))?.version, '0.2.0');

        // This one dials what no controller has, and calls hold up nothing.
        const broken = await buildOf(programs.folder, '0.3.0', (text) =>
          text.replaceAll('/v1/tunnel/signal', '/v1/tunnel/nowhere'),
        );
        await replaceController(programs, ['--upgrade-wait', '0'], broken);
        const after = await until(
          'the version before is back',
          async () => {
            const agent = await agentOf(programs);
            return agent?.isUp && agent.upgrade?.state === 'rolledBack' ? agent : undefined;
          },
          40_000,
        );
        assert.is(after.version, '0.2.0');
        assert.is(after.upgrade?.version, '0.3.0');
        assert.match(after.upgrade?.reason ?? '', /^it did not (reach the controller in time|start)$/);
        await hears(first, second, 770);
        await hangUp(first, second);
        await call(first, second);

        // What did not come up is not tried again.
        const { items } = (await programs.ask('GET', '/counters')) as {
          items: { name: string; count: number }[];
        };
        const count = (name: string) => items.find((each) => each.name === `release.${name}`)?.count;
        assert.equal([count('offered'), count('called')], [1, 1]);
        const unknown = items.find(({ name }) => name === 'tunnel.unknownControl');
        assert.ok((unknown?.count ?? 0) > 0, 'the agent of a later version said what nobody knew');
      },
      { desks: 2 },
    );
  }, 120_000);
});

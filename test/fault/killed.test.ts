/** `kill -9`, and back: nothing is half done, and nobody has to do anything again. */

import * as assert from 'uvu/assert';
import { type Programs, withPrograms } from '#test/e2e/programs.ts';
import { anna, ben, type Desk, dialLogin } from '#test/e2e/world.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

const deadlineMs = 90_000;

async function stateOf({ ask }: Programs, device: string): Promise<Record<string, unknown>> {
  return (await ask('GET', `/devices/${device}`)) as Record<string, unknown>;
}

async function becomes(programs: Programs, device: string, extension: string): Promise<void> {
  await until(
    `${device} shows ${extension}`,
    async () => {
      const { changeOver, registered } = (await stateOf(programs, device)) as {
        changeOver: { state: string };
        registered: { aor: string } | null;
      };
      return changeOver.state === 'active' && registered?.aor === extension;
    },
    20_000,
  );
}

async function seat(programs: Programs, device: string, extension: string): Promise<void> {
  await programs.ask('POST', '/sessions', { device, extension });
  await becomes(programs, device, extension);
}

/** As somebody who waits for the voice: after a restart the socket for it may be up a moment after the other. */
async function logInWhenAsked(desk: Desk): Promise<void> {
  const from = await dialLogin(desk, anna);
  const isHeard = () => desk.events.slice(from).some((each) => each.event === 'audio' && each.packets > 0);
  await until('the voice', isHeard);
  desk.phone.dtmf(`${anna.pin}#`);
  await desk.saw('ended', { by: 'them' }, from);
}

/** Runs `story` with one desk. */
const atDesk = (story: (programs: Programs, desk: Desk) => Promise<void>) => () =>
  withPrograms(async (programs) => story(programs, await programs.desk('HD0001')));

describe('kill -9', (test) => {
  test(
    'of the controller while its voice talks: no half login, the phone is free, the next login works',
    atDesk(async (programs, desk) => {
      const before = await dialLogin(desk, anna);
      await desk.saw('audio', {}, before); // it talks
      desk.phone.dtmf(anna.pin.slice(0, 2));
      await programs.controller.kill();
      await programs.startController();
      await programs.agentIsUp();
      assert.equal(await programs.ask('GET', '/sessions'), { items: [] });
      const { changeOver, extension, registered } = await stateOf(programs, 'HD0001');
      assert.is(extension, null);
      assert.is((changeOver as { state: string }).state, 'active');
      assert.ok(registered, 'its registration was kept');

      desk.phone.hangUp(); // a call that nobody knows any more
      await desk.saw('ended', { by: 'us' }, before);
      await logInWhenAsked(desk);
      await becomes(programs, 'HD0001', anna.extension);
    }),
    deadlineMs,
  );

  test(
    'of the controller between the commit and the change-over: it goes on where it was',
    atDesk(async (programs, desk) => {
      await dialLogin(desk, anna);
      desk.phone.dtmf(`${anna.pin}#`);
      await until('the commit', async () => {
        const { items } = (await programs.ask('GET', '/sessions')) as { items: object[] };
        return items.length === 1;
      });
      await programs.controller.kill();
      desk.phone.hangUp();
      await programs.startController();
      await becomes(programs, 'HD0001', anna.extension);
      await desk.saw('registered', { aor: anna.extension });
    }),
    deadlineMs,
  );

  test(
    'of both after an edit that no phone could hear of: the phone is told, and shows it, by itself',
    atDesk(async (programs, desk) => {
      await seat(programs, 'HD0001', anna.extension);
      await desk.saw('registered', { aor: anna.extension }); // it heard the answer, too
      await programs.agent.kill();
      const from = desk.mark();
      await programs.ask('PATCH', `/users/${anna.extension}`, { name: 'Anna Sommer' });
      await programs.controller.kill();
      await programs.startController();
      await programs.startAgent();
      await desk.saw('provisioned', { displayName: 'Anna Sommer' }, from, 30_000);
      assert.is(desk.count('registered', from), 0, 'its session and its secret stay');
    }),
    deadlineMs,
  );

  test(
    'of the agent while the voice talks: the call ends, and the next login works',
    atDesk(async (programs, desk) => {
      const before = await dialLogin(desk, anna);
      await desk.saw('audio', {}, before);
      await programs.agent.kill();
      await programs.startAgent();
      await desk.saw('ended', { by: 'them' }, before);
      await logInWhenAsked(desk);
      await becomes(programs, 'HD0001', anna.extension);
    }),
    deadlineMs,
  );

  test(
    'of the agent in a call: phones are reached again, and call, without registering anew',
    async () => {
      await withPrograms(
        async (programs) => {
          const [first, second] = [await programs.desk('HD0001'), await programs.desk('HD0002')];
          await seat(programs, 'HD0001', anna.extension);
          await seat(programs, 'HD0002', ben.extension);
          second.phone.autoAnswer(true);
          first.phone.call(ben.extension);
          await first.saw('answered');
          const marks = [first.mark(), second.mark()] as const;

          await programs.agent.kill();
          first.phone.tone(697);
          await second.saw('tone', { hz: 697 }, marks[1]); // from phone to phone
          await programs.startAgent();
          await programs.agentIsUp();
          first.phone.hangUp();
          await second.saw('ended', { by: 'them' }, marks[1]);

          const again = [first.mark(), second.mark()] as const;
          second.phone.call(anna.extension);
          await first.saw('incoming', { from: ben.extension }, again[0]);
          first.phone.answer();
          await Promise.all([first.saw('answered', {}, again[0]), second.saw('answered', {}, again[1])]);
          second.phone.hangUp();
          await first.saw('ended', { by: 'them' }, again[0]);
          assert.equal([first.count('registered', marks[0]), second.count('registered', marks[1])], [0, 0]);
        },
        { desks: 2 },
      );
    },
    deadlineMs,
  );
});

/**
 * Three headless phones, 100, 101 and 102, at one agent: 101 sends 100 on to 102,
 * blind and attended. Who hears whom is told by the tone of each.
 */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { anna, ben, type Desk, inWorld, type World } from './world.ts';

const carla = { extension: '102', name: 'Carla Dietz', pin: '7304' };
const people = [anna, ben, carla] as const;
const tones = { anna: 440, ben: 480, carla: 620 } as const;

type Office = { world: World; anna: Desk; ben: Desk; carla: Desk };

/** All at their desks, and 100 talks to 101. At the end nothing is left of any call. */
const inOffice = (story: (office: Office) => Promise<void>) =>
  inWorld(
    async (world) => {
      const sit = async (index: number, toneHz: number) => {
        const device = `HD000${index + 1}`;
        const extension = people[index]?.extension;
        await world.ask('POST', '/sessions', { device, extension });
        const desk = await world.desk(device, { toneHz });
        await desk.saw('registered', { aor: extension ?? '' });
        return desk;
      };
      const office = {
        world,
        anna: await sit(0, tones.anna),
        ben: await sit(1, tones.ben),
        carla: await sit(2, tones.carla),
      };
      await talk(office.anna, office.ben, '101');
      await hear(office.ben, tones.anna);
      await hear(office.anna, tones.ben);
      await story(office);
      await nothingLeft(office);
    },
    { desks: people.length, people },
  );

async function talk(caller: Desk, called: Desk, number: string): Promise<void> {
  const from = [caller.mark(), called.mark()] as const;
  assert.ok(caller.phone.call(number));
  await called.saw('incoming', {}, from[1]);
  assert.ok(called.phone.answer());
  await caller.saw('answered', {}, from[0]);
  await called.saw('answered', {}, from[1]);
}

const hear = (desk: Desk, hz: number, from = 0) => desk.saw('tone', { hz }, from);

async function nothingLeft({ world, ...desks }: Office): Promise<void> {
  for (const desk of Object.values(desks)) {
    const begun = desk.count('calling') + desk.count('incoming');
    await until('all calls have ended', () => desk.count('ended') === begun);
  }
  await until('the controller knows of no call', async () => {
    const { items } = (await world.ask('GET', '/calls')) as { items: { endedAt?: string }[] };
    return items.every(({ endedAt }) => endedAt !== undefined);
  });
}

describe('a transfer', (test) => {
  test(
    'blind: 102 rings, answers, and talks to 100',
    () =>
      inOffice(async ({ anna, ben, carla }) => {
        const from = { anna: anna.mark(), ben: ben.mark() };
        assert.ok(ben.phone.transfer('102'));
        assert.is((await carla.saw('incoming')).from, '100');
        assert.ok(carla.phone.answer());
        await ben.saw('transfer', { status: 200 }, from.ben);
        await ben.saw('ended', { by: 'us' }, from.ben);
        await anna.saw('ended', { by: 'them' }, from.anna);
        await hear(anna, tones.carla, from.anna);
        await hear(carla, tones.anna);
        anna.phone.hangUp();
        await carla.saw('ended', { by: 'them' });
      }),
    30_000,
  );

  test(
    'attended: 100 is held, 101 asks 102, and leaves the two to each other',
    () =>
      inOffice(async ({ anna, ben, carla }) => {
        const from = { anna: anna.mark(), ben: ben.mark() };
        assert.ok(ben.phone.hold(true));
        await anna.saw('hold', { isHeld: true }, from.anna);
        await talk(ben, carla, '102');
        await hear(ben, tones.carla, from.ben);
        await hear(carla, tones.ben);

        const asked = carla.mark();
        assert.ok(ben.phone.transfer());
        await carla.saw('answered', {}, asked);
        await ben.saw('transfer', { status: 200 }, from.ben);
        await until('101 is out of both calls', () => ben.count('ended', from.ben) === 2);
        await hear(anna, tones.carla, from.anna);
        await hear(carla, tones.anna, asked);
        // They may hear each other before 101's BYE is here.
        await anna.saw('ended', { by: 'them' }, from.anna);
        await carla.saw('ended', {}, asked);
        assert.is(anna.count('ended', from.anna), 1);
        assert.is(carla.count('ended', asked), 1);
        carla.phone.hangUp();
        await until('100 is told', () => anna.count('ended', from.anna) === 2);
      }),
    30_000,
  );

  test(
    'that leads nowhere leaves 100 with 101: a premium number, and one that does not answer',
    () =>
      inOffice(async ({ anna, ben, carla }) => {
        const from = { anna: anna.mark(), ben: ben.mark() };
        assert.ok(ben.phone.transfer('09001234567'));
        await ben.saw('transfer', { status: 403 }, from.ben);
        assert.ok(ben.phone.transfer('102'));
        await carla.saw('incoming');
        carla.phone.hangUp();
        await ben.saw('transfer', { status: 486 }, from.ben);
        assert.is(ben.count('ended', from.ben), 0);
        ben.phone.tone(770);
        await hear(anna, 770, from.anna);
        ben.phone.hangUp();
      }),
    30_000,
  );

  test(
    'is refused where there is nobody to send on',
    () =>
      inOffice(async ({ ben, carla }) => {
        assert.not(carla.phone.transfer('100'));
        assert.not(ben.phone.transfer(), 'there is no other call');
        ben.phone.hangUp();
      }),
    30_000,
  );
});

/** Step 8: the controller is killed in a call and comes back, and no phone notices. */

import { isDeepStrictEqual } from 'node:util';
import { anna, ben, devices } from './cast.ts';
import { callUp, changedOver, hangUp, hears, hold, type Stage, type Step, seats } from './story.ts';
import type { World } from './world.ts';

export const restart: Step = {
  title: 'the controller is killed in a call and comes back',
  run: survivesKill,
};

async function survivesKill(stage: Stage): Promise<string> {
  const { world } = stage;
  const [annas, bens] = seats(stage);
  const [desk] = devices;
  const before = annas.mark();
  await world.ask('POST', '/sessions', { device: desk.device, extension: anna.extension });
  await annas.saw({ event: 'registered', aor: anna.extension }, before);
  await changedOver(world, desk.device);

  await callUp({ caller: bens, called: annas, number: anna.extension, from: ben.extension });
  const kept = await truthOf(world);
  const marks = [annas.mark(), bens.mark()] as const;

  await world.killController();
  await hears(annas, bens, 770); // their sound never went through the controller
  const begun = performance.now();
  await world.restartController();
  const took = Math.round(performance.now() - begun);

  hold(isDeepStrictEqual(await truthOf(world), kept), 'sessions and bindings are what they were');
  await hangUp(annas, bens);
  await callUp({ caller: bens, called: annas, number: anna.extension, from: ben.extension });
  await hangUp(bens, annas);
  const registered = annas.count('registered', marks[0]) + bens.count('registered', marks[1]);
  hold(registered === 0, 'no phone registered again');
  return `back with its agent after ${took} ms; sessions and bindings kept; BYE and the next call work; no phone registered again`;
}

/** Who sits where, and where each phone is registered. */
async function truthOf(world: World): Promise<unknown> {
  const sessions = (await world.items('/sessions')).map(({ device, extension, since }) => ({
    device,
    extension,
    since,
  }));
  const bindings = (await world.items('/devices')).map(({ id, registered }) => ({ id, registered }));
  return { sessions, bindings };
}

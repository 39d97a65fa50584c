/**
 * Whoever may not log in, for whatever reason, hears the same, for as long:
 * an extension nobody has, one that is not for hot desking, a wrong PIN, and
 * the right PIN of one that is locked.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { anna, inWorld, type World } from './world.ts';

const carl = { extension: '102', name: 'Carl Vogt', pin: '7395', hotdesk: false };
const dora = { extension: '103', name: 'Dora Lang', pin: '8264' };
const nobodysDesk = '109';
const tries = 3;
const spreadMs = 100;

const cases = [
  { device: 'HD0001', why: 'unknown extension', extension: nobodysDesk, pin: '5173' },
  { device: 'HD0002', why: 'not for hot desking, right PIN', extension: carl.extension, pin: carl.pin },
  { device: 'HD0003', why: 'wrong PIN', extension: anna.extension, pin: '5173' },
  { device: 'HD0004', why: 'locked, right PIN', extension: dora.extension, pin: dora.pin },
] as const;

type Told = { prompts: string[]; answerMs: number; endMs: number; end: string };

/** One login call, all its tries; the fastest answer counts, for lateness is the machine's. */
async function tryToLogIn(world: World, { device, extension, pin }: (typeof cases)[number]): Promise<Told> {
  const desk = await world.desk(device);
  const from = desk.mark();
  desk.phone.call(`*77*${extension}*`);
  const { remoteMedia } = await desk.saw('answered', {}, from);
  const heard = () => world.ear.heard(remoteMedia);
  const answers: number[] = [];
  for (let done = 0; done < tries; done++) {
    await until(`question ${done + 1} of ${device}`, () => heard().length > done, 15_000);
    const typedAt = performance.now();
    desk.phone.dtmf(`${pin}#`);
    const answer = await until(`answer ${done + 1} of ${device}`, () => heard()[done + 1], 15_000);
    answers.push(answer.at - typedAt);
  }
  const { at, by } = await desk.saw('ended', {}, from);
  const last = heard()[tries]?.at ?? Number.NaN;
  const prompts = heard().map(({ prompt, language }) => `${language} ${prompt}`);
  return { prompts, answerMs: Math.min(...answers), endMs: at - last, end: by };
}

const spread = (values: number[]) => Math.max(...values) - Math.min(...values);

describe('a login that is refused', (test) => {
  test('sounds the same, lasts the same and ends the same, for all four reasons', async () => {
    const lockedUntil = Date.now() + 600_000;
    // Of the device: what its extension has against it, the first PIN of a new user forgives.
    const lock = { id: 'HD0004', failures: 10, lastFailureAt: Date.now(), lockedUntil };
    const options = {
      desks: cases.length,
      people: [anna, carl, dora],
      seed: [{ type: 'put', collection: 'pinLocks', value: lock }] as const,
    };
    await inWorld(async (world) => {
      const delay = monitorEventLoopDelay({ resolution: 5 });
      delay.enable();
      const told = await Promise.all(cases.map((each) => tryToLogIn(world, each)));
      delay.disable();
      // What this machine itself was late by is not ours to answer for.
      const allowedMs = spreadMs + delay.max / 1e6;

      for (const [index, { prompts, end }] of told.entries()) {
        const why = cases[index]?.why;
        assert.equal(prompts, ['en pin', 'en wrong', 'en wrong', 'en refused', 'en goodbye'], why);
        assert.is(end, 'them', why);
      }
      for (const name of ['answerMs', 'endMs'] as const) {
        const times = told.map((each) => Math.round(each[name]));
        assert.ok(spread(times) < allowedMs, `${name}: ${times.join(', ')} (allowed ${allowedMs})`);
      }
      assert.equal(await world.ask('GET', '/sessions'), { items: [] });
    }, options);
  }, 30_000);
});

/**
 * Whoever may not log in, for whatever reason, hears the same, for as long:
 * an extension nobody has, one that is not for hot desking, a wrong PIN, and
 * the right PIN of one that is locked.
 */

import { randomBytes, scrypt } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { promisify } from 'node:util';
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

/** One after the other. */
type InTurn = (type: () => Promise<void>) => Promise<void>;

function takeTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (type) => {
    const mine = last.then(type);
    last = mine.catch(() => {}); // told to who waits for his own
    return mine;
  };
}

/** How much longer this machine took now and then than at best for the one slow thing in an answer, a hash. */
function watchHashes(): { stop(): Promise<number> } {
  const times: number[] = [];
  let isOver = false;
  const watch = async () => {
    while (!isOver) {
      const begun = performance.now();
      await promisify(scrypt)('pin', randomBytes(16), 32);
      times.push(performance.now() - begun);
      await new Promise((next) => setTimeout(next, 250));
    }
  };
  const done = watch();
  return {
    async stop() {
      isOver = true;
      await done;
      return spread(times);
    },
  };
}

/** One login call, all its tries; the fastest answer counts, for lateness is the machine's. */
async function tryToLogIn(
  world: World,
  { device, extension, pin }: (typeof cases)[number],
  inTurn: InTurn,
): Promise<Told> {
  const desk = await world.desk(device);
  const from = desk.mark();
  desk.phone.call(`*77*${extension}*`);
  const { remoteMedia } = await desk.saw('answered', {}, from);
  const heard = () => world.ear.heard(remoteMedia);
  const answers: number[] = [];
  for (let done = 0; done < tries; done++) {
    await until(`question ${done + 1} of ${device}`, () => heard().length > done, 15_000);
    await inTurn(async () => {
      const typedAt = performance.now();
      desk.phone.dtmf(`${pin}#`);
      const answer = await until(`answer ${done + 1} of ${device}`, () => heard()[done + 1], 15_000);
      answers.push(answer.at - typedAt);
    });
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
      const hashes = watchHashes();
      // Of PINs that come at once two are looked at, and the others would wait for them.
      const ways = [takeTurns(), takeTurns()];
      const told = await Promise.all(
        cases.map((each, at) => tryToLogIn(world, each, ways[at % ways.length] as InTurn)),
      );
      delay.disable();
      // What this machine itself was late by is not ours to answer for.
      const allowedMs = spreadMs + delay.max / 1e6 + (await hashes.stop());

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

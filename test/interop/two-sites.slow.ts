/** Two offices behind bad lines: what a call loses, and how late it is, is the line's doing and little more. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { hasNetem } from '#test/support/namespaces.ts';
import { createTalk, type Talk, whyNoTalk } from './talk.ts';
import { type Desk, openTwoSites, type TwoSites } from './two-sites.ts';

const why = whyNoTalk();

const ada = { extension: '100', name: 'Ada', pin: '7391' };
const carol = { extension: '102', name: 'Carol', pin: '2846' };

/**
 * Each line is what happens to both ways of both sites' tunnels: their bytes
 * wait, or, where the kernel can, their wires delay and lose packets. RTP goes
 * over TLS: a lost segment is no lost packet but late ones, and what waits for
 * longer than 60 ms is dropped. On a busy machine that happens on good lines too.
 */
// biome-ignore format: a table
const lines: { name: string; delayMs?: number; netem?: string; medianMs: [number, number]; lostShare: number }[] = [
  { name: 'nothing done to it',        medianMs: [0, 20],    lostShare: 0.1 },
  { name: '20 ms a tunnel',            delayMs: 20,                                 medianMs: [40, 75],   lostShare: 0.1 },
  { name: '75 ms a tunnel',            delayMs: 75,                                 medianMs: [150, 200], lostShare: 0.1 },
  { name: 'netem, 20 ms',              netem: 'delay 20ms',                         medianMs: [40, 75],   lostShare: 0.1 },
  { name: 'netem, 60 ms and jitter',   netem: 'delay 60ms 5ms distribution normal', medianMs: [110, 200], lostShare: 0.1 },
  { name: 'netem, 20 ms and 1 % lost', netem: 'delay 20ms loss 1%',                 medianMs: [40, 120],  lostShare: 0.3 },
];
const isSpoilable = hasNetem();

describe('two sites over bad lines', (test) => {
  let world: TwoSites;
  let talk: Talk;
  let north: Desk;
  let south: Desk;

  const it = why === '' ? test : (name: string) => test.skip(name, why);

  it('open', async () => {
    world = await openTwoSites({ hasLine: true });
    talk = createTalk(world);
    for (const user of [ada, carol]) await world.addUser(user);
    north = await world.addDesk('north');
    south = await world.addDesk('south');
    await talk.logIn(north, ada);
    await talk.logIn(south, carol);
  }, 60_000);

  for (const { name, delayMs = 0, netem = '', medianMs, lostShare } of lines) {
    if (netem !== '' && !isSpoilable) {
      test.skip(`a call over a line with ${name}`, 'this kernel has no netem');
      continue;
    }
    it(`a call over a line with ${name}`, async () => {
      world.delayLine(delayMs);
      for (const site of ['north', 'south'] as const) world.spoilWan(site, netem);
      await talk.call(north, south, carol.extension);
      // A way that has become longer takes a tunnel 5 to 10 s to believe; until then it drops what it thinks is stuck.
      const { there } = await talk.measure(north, south, 600);
      process.stdout.write(`${name}, at first: ${JSON.stringify(there)}\n`);
      const measured = await talk.measure(north, south, 500);
      for (const [way, { sent, lost, ...late }] of Object.entries({
        there: measured.there,
        back: measured.back,
      })) {
        process.stdout.write(`${name}, ${way}: ${JSON.stringify({ sent, lost, ...late })}\n`);
        assert.ok(late.medianMs >= medianMs[0] && late.medianMs <= medianMs[1], `${late.medianMs} ms`);
        assert.ok(lost / sent <= lostShare, `${lost} of ${sent} lost`);
      }
      await talk.bothHear(north, south);
      await talk.hangUp(north, south);
    }, 90_000);
  }

  it('close', async () => {
    await talk.close();
    await world.close();
  }, 30_000);
});

/** Two offices behind bad lines: what a call loses, and how late it is, is the line's doing and little more. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { createTalk, type Talk, whyNoTalk } from './talk.ts';
import { type Desk, openTwoSites, type TwoSites } from './two-sites.ts';

const why = whyNoTalk();

const ada = { extension: '100', name: 'Ada', pin: '7391' };
const carol = { extension: '102', name: 'Carol', pin: '2846' };

/**
 * Each line is what both ways of both sites' wires do. RTP goes over TLS: a lost
 * segment is no lost packet but a late one, and what waits for longer than 60 ms
 * is dropped.
 */
// biome-ignore format: a table
const lines: { name: string; how: string; medianMs: [number, number]; lostShare: number }[] = [
  { name: 'nothing done to it',  how: '',                                  medianMs: [0, 20],    lostShare: 0.001 },
  { name: '20 ms each way',      how: 'delay 20ms',                        medianMs: [40, 70],   lostShare: 0.001 },
  { name: '60 ms with jitter',   how: 'delay 60ms 5ms distribution normal', medianMs: [110, 200], lostShare: 0.05 },
  { name: '20 ms, 1 % lost',     how: 'delay 20ms loss 1%',                medianMs: [40, 120],  lostShare: 0.3 },
];

describe('two sites over bad lines', (test) => {
  let world: TwoSites;
  let talk: Talk;
  let north: Desk;
  let south: Desk;

  const it = why === '' ? test : (name: string) => test.skip(name, why);

  it('open', async () => {
    world = await openTwoSites();
    talk = createTalk(world);
    for (const user of [ada, carol]) await world.addUser(user);
    north = await world.addDesk('north');
    south = await world.addDesk('south');
    await talk.logIn(north, ada);
    await talk.logIn(south, carol);
  }, 60_000);

  for (const { name, how, medianMs, lostShare } of lines) {
    it(`a call over a line with ${name}`, async () => {
      for (const site of ['north', 'south'] as const) world.spoilWan(site, how);
      await talk.call(north, south, carol.extension);
      const measured = await talk.measure(north, south, 750);
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

/**
 * Row `memory`: resident memory of controller and agent with an office
 * registered, and after a flood of REGISTERs from strangers, none of which may
 * leave anything behind. What a garbage collector has not returned yet counts.
 */

import { hasCompiler, openCrowd } from './load.ts';
import type { Row } from './row.ts';
import { openWorld } from './world.ts';

/** An agent has 4,096 flows at most, so a large office is five phones behind each address. */
const offices = [
  { devices: 1_000, perAddress: 1 },
  { devices: 10_000, perAddress: 5 },
];
const flood = { mode: 'flood', seconds: 4, rate: 5_000 } as const;

export async function measureMemory(say: (text: string) => void): Promise<Row[]> {
  if (!hasCompiler()) {
    say('memory: skipped, there is no C compiler (cc)');
    return [];
  }
  const rows: Row[] = [];
  for (const office of offices) rows.push(...(await measureOffice(office, say)));
  return rows;
}

async function measureOffice(office: (typeof offices)[number], say: (text: string) => void): Promise<Row[]> {
  const { devices } = office;
  const world = await openWorld(office);
  try {
    const crowd = await openCrowd(world.folder, 'office', world.phones);
    const rows: Row[] = [];
    const note = (when: string) => {
      for (const name of ['controller', 'agent'] as const) {
        rows.push({
          name: `memory: MB of the ${name}, ${devices} devices ${when}`,
          ours: world[name].memory(),
        });
      }
    };
    note('known');
    const { failed } = await crowd(world.sip, { mode: 'once', seconds: 15, crowd: 32 });
    if (failed > 0) say(`memory: ${failed} of ${devices} could not register`);
    note('registered');
    const { sent } = await crowd(world.sip, flood);
    note(`after ${sent} REGISTERs of strangers`);
    return rows;
  } finally {
    await world.close();
  }
}

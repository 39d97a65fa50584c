/**
 * Row `registrar`: a REGISTER, its 401, the REGISTER with digest, its 200. Ours
 * from the phone through agent, tunnel and controller and back; the peer's by
 * direct UDP, one hop and one process.
 *
 * The two take turns, so that what else the machine does meets both. CPU is that
 * of controller and agent together, beside all of Kamailio's processes.
 */

import type { HostPort } from '#protocol/address.ts';
import { hasProgram } from '#test/support/packages.ts';
import { startKamailio } from './kamailio.ts';
import { hasCompiler, type Load, openCrowd, type Phone } from './load.ts';
import type { Program } from './programs.ts';
import { median, type Row } from './row.ts';
import { openWorld } from './world.ts';

const devices = 1_000;
const peerSecret = 'kamailio';
const rounds = 3;
const fixedRate = 500;

type Side = { sip: HostPort; programs: readonly Program[]; phones: readonly Phone[] };
type Measured = { perSecond: number; cpuUs: number };

export async function measureRegistrar(say: (text: string) => void): Promise<Row[]> {
  if (!hasCompiler()) {
    say('registrar: skipped, there is no C compiler (cc)');
    return [];
  }
  const world = await openWorld({ devices });
  const { sip, controller, agent, phones, folder } = world;
  const kamailio = hasProgram('kamailio') ? await startKamailio(folder, peerSecret) : undefined;
  try {
    const ours: Side = { sip, programs: [controller, agent], phones };
    const peer: Side | undefined = kamailio && {
      sip: kamailio.sip,
      programs: [kamailio],
      phones: phones.map((phone) => ({ ...phone, secret: peerSecret })),
    };
    if (peer === undefined) say('registrar: no peer, Kamailio is not installed');
    const sides = peer === undefined ? [ours] : [ours, peer];
    const crowds = new Map<Side, Awaited<ReturnType<typeof openCrowd>>>();
    for (const [index, side] of sides.entries()) {
      crowds.set(side, await openCrowd(folder, String(index), side.phones));
    }

    async function run(side: Side, seconds: number, rate?: number): Promise<Load & Measured> {
      const crowd = crowds.get(side);
      if (crowd === undefined) throw new Error('a side without its phones');
      const cpu = () => side.programs.reduce((sum, program) => sum + program.cpu(), 0);
      const before = cpu();
      const load = await crowd(side.sip, { mode: 'register', seconds, ...(rate && { rate }) });
      const cpuUs = ((cpu() - before) * 1e6) / load.done;
      if (load.failed > 0) say(`registrar: ${load.failed} failed, the last with ${load.lastStatus}`);
      return { ...load, perSecond: load.done / load.seconds, cpuUs };
    }

    for (const side of sides) await run(side, 3); // until what is compiled at run time is compiled
    const results = new Map<Side, Measured[]>(sides.map((side) => [side, []]));
    for (let round = 0; round < rounds; round++) {
      for (const side of sides) results.get(side)?.push(await run(side, 2));
    }
    const latency = new Map<Side, Load & Measured>();
    for (const side of sides) latency.set(side, await run(side, 3, fixedRate));

    const of = (side: Side | undefined, read: (each: Measured) => number) =>
      side && median((results.get(side) ?? []).map(read));
    const at = (side: Side | undefined, read: (each: Load & Measured) => number) => {
      const found = side && latency.get(side);
      return found && read(found);
    };
    const row = (name: string, read: (side: Side | undefined) => number | undefined): Row => ({
      name: `registrar: ${name}`,
      ours: read(ours) ?? 0,
      peer: read(peer),
    });
    return [
      { ...row('registrations a second', (s) => of(s, (m) => m.perSecond)), goal: { least: 1 } },
      { ...row('us of CPU for one', (s) => of(s, (m) => m.cpuUs)), goal: { most: 1 } },
      row(`p50 ms at ${fixedRate} a second`, (s) => at(s, (m) => m.p50Ms)),
      row(`p99 ms at ${fixedRate} a second`, (s) => at(s, (m) => m.p99Ms)),
      row(`us of CPU for one at ${fixedRate} a second`, (s) => at(s, (m) => m.cpuUs)),
    ];
  } finally {
    await kamailio?.close();
    await world.close();
  }
}

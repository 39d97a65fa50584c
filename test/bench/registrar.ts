/**
 * Row `registrar`: a REGISTER, its 401, the REGISTER with digest, its 200. Ours
 * from the phone through agent, tunnel and controller and back; the peer's by
 * direct UDP, one hop and one process.
 */

import type { HostPort } from '#protocol/address.ts';
import { hasProgram } from '#test/support/packages.ts';
import { startKamailio } from './kamailio.ts';
import { hasCompiler, openCrowd, type Phone } from './load.ts';
import type { Program } from './programs.ts';
import type { Row } from './row.ts';
import { compareSides, type Side } from './sides.ts';
import { openWorld } from './world.ts';

const devices = 1_000;
const peerSecret = 'kamailio';
const fixedRate = 500;

export async function measureRegistrar(say: (text: string) => void): Promise<Row[]> {
  if (!hasCompiler()) {
    say('registrar: skipped, there is no C compiler (cc)');
    return [];
  }
  const world = await openWorld({ devices });
  const { sip, controller, agent, phones, folder } = world;
  const kamailio = hasProgram('kamailio') ? await startKamailio(folder, peerSecret) : undefined;
  if (kamailio === undefined) say('registrar: no peer, Kamailio is not installed');

  async function side(
    name: string,
    target: HostPort,
    programs: Program[],
    each: readonly Phone[],
  ): Promise<Side> {
    const crowd = await openCrowd(folder, name, each);
    return {
      programs,
      work: (pace) =>
        crowd(target, { mode: 'register', seconds: 2, ...(pace === 'fixed' && { rate: fixedRate }) }),
    };
  }

  try {
    const strangers = phones.map((phone) => ({ ...phone, secret: peerSecret }));
    return await compareSides({
      row: 'registrar',
      one: 'registration',
      many: 'registrations',
      fixedRate,
      ours: await side('ours', sip, [controller, agent], phones),
      peer: kamailio && (await side('peer', kamailio.sip, [kamailio], strangers)),
      say,
    });
  } finally {
    await kamailio?.close();
    await world.close();
  }
}

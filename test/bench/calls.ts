/**
 * Row `calls`: INVITE, 407, INVITE with digest, 180, 200, ACK, BYE, 200, with
 * sipp at both ends. Ours passes agent, controller and agent again; the peer
 * stays in the dialog by Record-Route, too, and is one hop.
 *
 * Our transactions stay for the 32 s that RFC 3261 and RFC 6026 want, 20,000 at
 * most, and a call has two: the row makes fewer calls than that in its time.
 */

import type { HostPort } from '#protocol/address.ts';
import { hasProgram } from '#test/support/packages.ts';
import { freePort } from '#test/support/ports.ts';
import { startKamailio } from './kamailio.ts';
import { hasCompiler, openCrowd, type Phone } from './load.ts';
import type { Program } from './programs.ts';
import type { Row } from './row.ts';
import { compareSides, type Side } from './sides.ts';
import { answerCalls, type Caller, makeCalls } from './sipp.ts';
import { openWorld } from './world.ts';

/** Half of them call, half are called. */
const devices = 200;
const callsAtOnce = 32;
const callsARun = 1_000;
const fixedRate = 100;
const fixedCalls = 300;
const peerSecret = 'kamailio';
/** All that are called are at one address: one sipp answers for them. */
const calleeAddress = '127.17.0.1';

export async function measureCalls(say: (text: string) => void): Promise<Row[]> {
  if (!hasCompiler() || !hasProgram('sipp')) {
    say('calls: skipped, sipp or a C compiler (cc) is not installed');
    return [];
  }
  const world = await openWorld({ devices, sessions: devices });
  const { sip, controller, agent, phones, folder } = world;
  const kamailio = hasProgram('kamailio') ? await startKamailio(folder, peerSecret) : undefined;
  if (kamailio === undefined) say('calls: no peer, Kamailio is not installed');
  const answering: Program[] = [];

  async function side(
    name: string,
    target: HostPort,
    programs: Program[],
    each: readonly (Phone & { number: string })[],
  ): Promise<Side> {
    const callee = { address: calleeAddress, port: await freePort(calleeAddress) };
    const at = `${callee.address}:${callee.port}`;
    const called = each.slice(0, devices / 2).map(({ user, secret }) => ({ user, secret, address: at }));
    const callers = each.slice(devices / 2).map(
      ({ address, user, secret }, index): Caller => ({
        address: address.split(':')[0] ?? '',
        user,
        secret,
        number: each[index]?.number ?? '',
      }),
    );
    const { failed } = await (await openCrowd(folder, name, called))(target, {
      mode: 'once',
      seconds: 10,
      crowd: 4,
    });
    if (failed > 0) throw new Error(`${failed} phones could not register`);
    answering.push(answerCalls(callee, folder));
    const port = await freePort('127.0.0.1');
    return {
      programs,
      work: (pace) =>
        makeCalls(target, callers, {
          pace: pace === 'fixed' ? { rate: fixedRate } : { crowd: callsAtOnce },
          count: pace === 'fixed' ? fixedCalls : callsARun,
          port,
          folder,
        }),
    };
  }

  try {
    const ours = phones.map((phone, index) => ({ ...phone, number: String(1_000 + index) }));
    // Kamailio finds a number by who registered as that.
    const strangers = ours.map((phone) => ({ ...phone, user: phone.number, secret: peerSecret }));
    return await compareSides({
      row: 'calls',
      one: 'call',
      many: 'calls',
      fixedRate,
      ours: await side('ours', sip, [controller, agent], ours),
      peer: kamailio && (await side('peer', kamailio.sip, [kamailio], strangers)),
      say,
    });
  } finally {
    for (const each of answering) await each.close();
    await kamailio?.close();
    await world.close();
  }
}

/**
 * Three baresips in one office: 100 calls 101, who holds him, resumes, and sends
 * him on to 102; the tone of each tells who hears whom.
 */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { until } from '#test/support/until.ts';
import { type Baresip, openBaresip, shareOfTone } from './baresip.ts';
import { device, openWorld, type World } from './world.ts';

const why = hasProgram('baresip') ? '' : 'baresip is not installed';
const tones = [440, 1_000, 620] as const;
const extensions = ['100', '101', '102'] as const;

describe('a transfer by baresip', (test) => {
  let world: World;
  const phones: Baresip[] = [];
  const it = why === '' ? test : (name: string) => test.skip(name, why);
  const at = (desk: number) => phones[desk] as Baresip;

  const hears = (desk: number, hz: number) =>
    until(
      `desk ${desk} hears ${hz} Hz`,
      async () => {
        const samples = await at(desk)
          .heard()
          .catch(() => new Int16Array());
        return samples.length > 8_000 && shareOfTone(samples.subarray(-8_000), hz) > 0.4;
      },
      10_000,
    );

  it('three people sit down, and 100 calls 101', async () => {
    world = await openWorld();
    await world.addDesk('001565d00003');
    await world.call('POST', '/users', { extension: '102', name: 'Carla Dietz' });
    for (const [desk, extension] of extensions.entries()) {
      const body = { device: device(world, desk).device, extension };
      assert.is((await world.call('POST', '/sessions', body)).status, 201);
      const phone = await openBaresip(world, await world.account(desk), tones[desk] ?? 0);
      phones.push(phone);
      await phone.registered();
    }
    await at(0).command('dial', '101');
    await at(1).saw('CALL_INCOMING');
    await at(1).command('accept');
    await at(0).saw('CALL_ESTABLISHED');
    await hears(0, tones[1]);
  }, 60_000);

  it('blind, by REFER: 102 rings, answers, and hears 100', async () => {
    await at(1).command('transfer', `sip:102@${world.host}:${world.port}`);
    const call = await at(2).saw('CALL_INCOMING');
    assert.match(call.peeruri ?? '', /sip:100@/);
    await at(2).command('accept');
    await at(2).saw('CALL_ESTABLISHED');
    await at(1).saw('CALL_CLOSED');
    await hears(2, tones[0]);
    await hears(0, tones[2]);
    await at(2).command('hangup');
  }, 60_000);

  it('the world closes', async () => {
    for (const phone of phones) await phone.close();
    await world.close();
  }, 40_000);
});

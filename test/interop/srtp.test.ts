/**
 * Two baresips that speak SRTP and nothing else (SDES, RFC 4568), at an agent on
 * IPv6 that carries their media: keys and packets pass as they are.
 */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { until } from '#test/support/until.ts';
import { type Baresip, openBaresip, shareOfTone } from './baresip.ts';
import { device, openWorld, type World } from './world.ts';

const why = hasProgram('baresip') ? '' : 'baresip is not installed';
const tones = [440, 1_000] as const;
const extensions = ['100', '101'] as const;

describe('SRTP over IPv6', (test) => {
  let world: World;
  const phones: Baresip[] = [];
  const it = why === '' ? test : (name: string) => test.skip(name, why);
  const at = (desk: number) => phones[desk] as Baresip;

  it('two phones register over IPv6 at a site whose agent carries media', async () => {
    world = await openWorld({ listen: '::1' });
    const { status } = await world.call('PATCH', '/sites/berlin', { media: 'agent' });
    assert.is(status, 200);
    for (const [desk, extension] of extensions.entries()) {
      const body = { device: device(world, desk).device, extension };
      assert.is((await world.call('POST', '/sessions', body)).status, 201);
      const phone = await openBaresip(world, await world.account(desk), tones[desk] ?? 0, { isSecure: true });
      phones.push(phone);
      await phone.registered();
    }
    const { json } = await world.call('GET', `/devices/${device(world, 0).device}`);
    assert.match((json.registered as { address: string }).address, /^\[::1\]:\d+$/);
  }, 60_000);

  it('call each other: both hear the tone of the other, and the agent carried it', async () => {
    await at(0).command('dial', '101');
    await at(1).saw('CALL_INCOMING');
    await at(1).command('accept');
    await at(0).saw('CALL_ESTABLISHED');
    for (const [desk, hz] of [tones[1], tones[0]].entries()) {
      await until(
        `desk ${desk} hears ${hz} Hz`,
        async () => {
          const samples = await at(desk)
            .heard()
            .catch(() => new Int16Array());
          return samples.length > 8_000 && shareOfTone(samples, hz) > 0.4;
        },
        20_000,
      );
    }
    const { json } = await world.call('GET', '/calls');
    const [running] = json.items as { media: string }[];
    assert.is(running?.media, 'agent');
    for (const desk of [0, 1]) assert.match(at(desk).said, /SRTP is Enabled|srtp.*AES_CM_128_HMAC_SHA1_80/i);
    await at(0).command('hangup');
    await at(1).saw('CALL_CLOSED');
  }, 60_000);

  it('the world closes', async () => {
    for (const phone of phones) await phone.close();
    await world.close();
  }, 40_000);
});

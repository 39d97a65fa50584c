/** linphone from Debian as a phone of an office, with baresip at the other desk: registers, logs in by voice menu, is called, calls, audio both ways. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { until } from '#test/support/until.ts';
import { type Baresip, openBaresip, shareOfTone } from './baresip.ts';
import { type Linphone, openLinphone, says } from './linphone.ts';
import { device, openWorld, type World } from './world.ts';

const missing = (['linphonec', 'baresip'] as const).filter((name) => !hasProgram(name));
const why = missing.length === 0 ? '' : `${missing.join(' and ')} not installed`;

describe('linphone as a phone', (test) => {
  let world: World;
  let linphone: Linphone | undefined;
  let baresip: Baresip | undefined;
  const it = why === '' ? test : (name: string) => test.skip(name, why);

  const at = () => ({ linphone: linphone as Linphone, baresip: baresip as Baresip });

  const hears = (what: string, phone: Pick<Linphone, 'heard'>, hz: number) =>
    until(
      `${what} hears ${hz} Hz`,
      async () => {
        const samples = await phone.heard().catch(() => new Int16Array());
        return samples.length > 8_000 && shareOfTone(samples.subarray(-8_000), hz) > 0.4;
      },
      10_000,
    );

  it('registers with the credential of its desk', async () => {
    world = await openWorld();
    linphone = await openLinphone(world, await world.account(0), 620);
    await linphone.registered();
    const { json } = await world.call('GET', `/devices/${device(world, 0).device}`);
    assert.is((json.registered as { transport: string }).transport, 'udp');
  }, 40_000);

  it('dials the code, sends its digits and is logged in', async () => {
    const { extension, pin } = world.users[0] ?? { extension: '', pin: '' };
    const { linphone: phone } = at();
    phone.command(`call *77*${extension}*`);
    await phone.saw(says.answered);
    await phone.press(`${pin}#`);
    await phone.saw(says.ended);
    const { json } = await world.call('GET', '/sessions');
    const items = json.items as { device: string; extension: string }[];
    assert.ok(items.some((s) => s.device === device(world, 0).device && s.extension === extension));
  }, 40_000);

  it('hears the voice of the login call', async () => {
    const samples = await at().linphone.heard();
    const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    assert.ok(samples.length > 8_000, `heard ${samples.length} samples`);
    assert.ok(loudest > 2_000, `the loudest sample was ${loudest}`);
  });

  it('registers as the user with the config that follows', async () => {
    await linphone?.close();
    linphone = await openLinphone(world, await world.account(0), 620);
    await linphone.registered();
    assert.match(linphone.said, /sip:100@/);
    const body = { device: device(world, 1).device, extension: '101' };
    assert.is((await world.call('POST', '/sessions', body)).status, 201);
    baresip = await openBaresip(world, await world.account(1), 1_000);
    await baresip.registered();
  }, 40_000);

  it('is called by baresip, and both hear the tone of the other', async () => {
    const { linphone: called, baresip: caller } = at();
    const from = called.said.length;
    await caller.command('dial', '100');
    await called.saw(says.incoming, from);
    called.command('answer');
    await caller.saw('CALL_ESTABLISHED');
    await hears('linphone', called, 1_000);
    await hears('baresip', caller, 620);
    await caller.command('hangup');
    await called.saw(says.ended, from);
  }, 40_000);

  it('calls baresip, and both hear the tone of the other', async () => {
    const { linphone: caller, baresip: called } = at();
    const [from, before] = [caller.said.length, called.events.length];
    caller.command('call 101');
    await called.saw('CALL_INCOMING', before);
    await called.command('accept');
    await caller.saw(says.answered, from);
    await hears('linphone', caller, 1_000);
    await hears('baresip', called, 620);
    caller.command('terminate');
    await called.saw('CALL_CLOSED', before);
  }, 40_000);

  it('the world closes', async () => {
    await linphone?.close();
    await baresip?.close();
    await world.close();
  }, 30_000);
});

/**
 * baresip from Debian as the phones of an office, by UDP, TCP and TLS: registers,
 * logs in by voice menu, is called, audio both ways.
 */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { freePort } from '#test/support/ports.ts';
import { until } from '#test/support/until.ts';
import { type Baresip, openBaresip, shareOfTone } from './baresip.ts';
import { device, openWorld, type World } from './world.ts';

const why = hasProgram('baresip') ? '' : 'baresip is not installed';

for (const transport of ['udp', 'tcp', 'tls'] as const)
  describe(`baresip as a phone by ${transport.toUpperCase()}`, (test) => {
    let world: World;
    let ports: readonly number[] = [];
    const phones: (Baresip | undefined)[] = [];

    const it = why === '' ? test : (name: string) => test.skip(name, why);

    /** The phone at desk `index` starts anew with the config that is its now. */
    const reprovision = async (index: 0 | 1): Promise<Baresip> => {
      await phones[index]?.close();
      const hz = index === 0 ? 440 : 1_000;
      const phone = await openBaresip(world, await world.account(index), hz, { port: ports[index] });
      phones[index] = phone;
      await phone.registered();
      return phone;
    };

    const login = async (index: 0 | 1): Promise<void> => {
      const phone = await reprovision(index);
      const { extension, pin } = world.users[index] ?? { extension: '', pin: '' };
      await phone.command('dial', `*77*${extension}*`);
      await phone.saw('CALL_ESTABLISHED');
      await phone.press(`${pin}#`);
      await phone.saw('CALL_CLOSED');
      const { json } = await world.call('GET', '/sessions');
      const items = json.items as { device: string; extension: string }[];
      assert.ok(items.some((s) => s.device === device(world, index).device && s.extension === extension));
    };

    /** As an admin does it, without the voice. */
    const seat = async (index: 0 | 1): Promise<void> => {
      const { extension } = world.users[index] ?? { extension: '' };
      const body = { device: device(world, index).device, extension };
      assert.is((await world.call('POST', '/sessions', body)).status, 201);
    };

    it('a world opens', async () => {
      world = await openWorld();
      const { json } = await world.call('GET', '/sites');
      const [site] = json.items as { id: string }[];
      const { status } = await world.call('PATCH', `/sites/${site?.id}`, { transport });
      assert.is(status, 200);
      ports = [await freePort(), await freePort()];
    }, 30_000);

    it('registers, dials the code, sends its digits and is logged in', () => login(0), 60_000);

    it('hears the voice of the login call', async () => {
      const samples = (await phones[0]?.heard()) ?? new Int16Array();
      const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      assert.ok(samples.length > 8_000, `heard ${samples.length} samples`);
      assert.ok(loudest > 2_000, `the loudest sample was ${loudest}`);
    });

    it('registers as the user with the config that follows', async () => {
      const phone = await reprovision(0);
      assert.match(phone.said, /100@/);
      await until('the change-over is active', async () => {
        const { json } = await world.call('GET', `/devices/${device(world, 0).device}`);
        return (json.changeOver as { state: string }).state === 'active';
      });
      const { json } = await world.call('GET', `/devices/${device(world, 0).device}`);
      assert.is((json.registered as { transport: string }).transport, transport);
    }, 40_000);

    it('is called, and both hear the tone of the other', async () => {
      if (transport === 'udp') await login(1);
      else await seat(1);
      const called = phones[0] as Baresip;
      const caller = await reprovision(1);
      await caller.command('dial', '100');
      await called.saw('CALL_INCOMING');
      await called.command('accept');
      await caller.saw('CALL_ESTABLISHED');
      await called.saw('CALL_ESTABLISHED');
      for (const [phone, hz] of [
        [called, 1_000],
        [caller, 440],
      ] as const) {
        await until(`a tone of ${hz} Hz is heard`, async () => {
          const samples = await phone.heard().catch(() => new Int16Array());
          return samples.length > 8_000 && shareOfTone(samples, hz) > 0.5;
        });
      }
      await called.command('hangup');
      await caller.saw('CALL_CLOSED');
    }, 120_000);

    it('the world closes', async () => {
      for (const phone of phones) await phone?.close();
      await world.close();
    }, 40_000);
  });

/**
 * A phone from the factory asks its LAN for a config: an admin adopts it, it
 * asks again, is told its URL, and has its config.
 */

import * as assert from 'uvu/assert';
import type { HostPort } from '#protocol/address.ts';
import { type Asking, openFactoryPhone } from '#test/agent/pnp/factory-phone.ts';
import { shapes } from '#test/agent/pnp/phones.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { openRawPhone } from './raw-phone.ts';
import { inWorld, macOf, type World } from './world.ts';

const deadlineMs = 30_000;
const group = { address: '224.0.1.75', port: 0 };

type Unknown = { mac: string; vendor: string | null; model: string | null; site: string; by: string };

async function withGroup(story: (world: World, group: HostPort) => Promise<void>): Promise<void> {
  await inWorld(async (world) => await story(world, await joined(world)), { agent: { pnpGroup: group } });
}

const joined = (world: World) => until('the group', () => world.agent.pnp);

const unknown = async (world: World) =>
  ((await world.ask('GET', '/unknown-phones')) as { items: Unknown[] }).items;

async function plugIn(world: World, asking: Asking, at: HostPort, callId: string) {
  const phone = await openFactoryPhone(asking, at);
  world.defer(() => phone.close());
  phone.ask(callId);
  return phone;
}

describe('zero touch', (test) => {
  test(
    'a phone that nobody knows is shown, adopted, and then has its config by itself',
    async () => {
      await withGroup(async (world, at) => {
        const asking = shapes.find(({ mac }) => mac === '000413aa0002');
        assert.ok(asking);
        const phone = await plugIn(world, asking, at, 'first@phone');
        const [heard] = await until('the phone in the list', async () => {
          const items = await unknown(world);
          return items.length > 0 ? items : undefined;
        });
        const { mac, vendor, model, site, by } = heard as Unknown;
        assert.equal([mac, vendor, model, site, by], ['000413aa0002', 'snom', 'D120', 'berlin', 'pnp']);
        assert.equal(phone.heard, [], 'nobody answers a phone that is nobody’s');

        const device = (await world.ask('POST', `/unknown-phones/${mac}/adopt`, {})) as { id: string };
        assert.is(device.id, 'HD0002');
        assert.equal(await unknown(world), []);

        phone.ask('second@phone');
        const url = await until('the URL', () => phone.urls[0]);
        assert.is(url, `${await world.url('HD0002')}000413aa0002.xml`);
        assert.is((await fetch(url, { headers: { connection: 'close' } })).status, 200);
        await until('its answer', () => world.agent.counters.pnp.accepted === 1);
        phone.ask('third@phone');
        await until('a rest', () => world.agent.counters.pnp.resting === 1);
        assert.is(phone.urls.length, 1, 'once a boot');
      });
    },
    deadlineMs,
  );

  test(
    'a phone whose model nobody can tell is adopted by naming it',
    async () => {
      await withGroup(async (world, at) => {
        const asking = shapes.find(({ mac }) => mac === '000413aa0001');
        assert.ok(asking);
        await plugIn(world, asking, at, 'old@phone');
        await until('the phone in the list', async () => (await unknown(world)).length === 1);
        const path = '/unknown-phones/00:04:13:AA:00:01/adopt';
        await world.ask('POST', path, {}).then(
          () => assert.unreachable(),
          (error: Error) => assert.match(error.message, /model: is needed/),
        );
        const device = (await world.ask('POST', path, { model: 'D785' })) as { model: string };
        assert.is(device.model, 'D785');
        await world.ask('POST', path, { model: 'D785' }).then(
          () => assert.unreachable(),
          (error: Error) => assert.match(error.message, /no unknown phone/),
        );
      });
    },
    deadlineMs,
  );

  test(
    'a device of another site is told nothing and shown to nobody',
    async () => {
      await withGroup(async (world, at) => {
        const asking = shapes.find(({ mac }) => mac === '000413aa0002');
        assert.ok(asking);
        await world.ask('POST', '/sites', { id: 'wien' });
        await world.ask('POST', '/devices', { mac: asking.mac, model: 'D120', site: 'wien' });
        const phone = await plugIn(world, asking, at, 'far@phone');
        await until('it counted', async () => (await world.counter('unknownPhones.ofAnotherSite')) === 1);
        assert.equal(await unknown(world), []);
        assert.equal(phone.heard, []);
      });
    },
    deadlineMs,
  );

  test(
    'a phone that DHCP led to the agent is refused, and shown',
    async () => {
      await withGroup(async (world) => {
        const [http] = world.agent.http;
        const answer = await fetch(`http://127.0.0.1:${http?.port}/001565fe0001.cfg`, {
          headers: { connection: 'close', 'user-agent': 'Yealink SIP-T46S 66.86.0.15 001565fe0001' },
        });
        assert.is(answer.status, 404);
        const [heard] = await until('the phone in the list', async () => {
          const items = await unknown(world);
          return items.length > 0 ? items : undefined;
        });
        const { mac, vendor, model, by } = heard as Unknown;
        assert.equal([mac, vendor, model, by], ['001565fe0001', 'yealink', 'T46S', 'http']);
      });
    },
    deadlineMs,
  );

  test(
    'in an adoption window, a phone that DHCP led to the agent has its config by its MAC address, once, and in it its URL',
    async () => {
      await inWorld(
        async (world) => {
          const [http] = world.agent.http;
          const url = `http://127.0.0.1:${http?.port}/`;
          const ask = (mac: string) => fetch(`${url}${mac}.cfg`, { headers: { connection: 'close' } });
          assert.is((await ask(macOf('HD0001'))).status, 404);
          await world.ask('POST', '/sites/berlin/adoption-window', { minutes: 5 });
          await world.desk('HD0001', { provisioning: { url, mac: macOf('HD0001') } });
          assert.is((await ask(macOf('HD0001'))).status, 404, 'once');
          const config = await (await ask(macOf('HD0002'))).text();
          assert.ok(config.includes(`static.auto_provision.server.url = ${await world.url('HD0002')}\n`));
          const window = (await world.ask('GET', '/sites/berlin/adoption-window')) as { adopted: string[] };
          assert.equal(window.adopted, ['HD0001', 'HD0002']);
        },
        { desks: 2 },
      );
    },
    deadlineMs,
  );

  test(
    'a phone that was set up for another PBX is shown by its SIP, and adopted',
    async () => {
      await inWorld(async (world) => {
        const phone = await openRawPhone(world.sip);
        world.defer(() => phone.close());
        const mac = '001565fe0002';
        await phone.register({ username: mac, password: 'of another PBX' });
        const [heard] = await until('the phone in the list', async () => {
          const items = await unknown(world);
          return items.length > 0 ? items : undefined;
        });
        assert.equal([heard?.mac, heard?.vendor, heard?.site, heard?.by], [mac, 'yealink', 'berlin', 'sip']);
        await world.ask('POST', `/unknown-phones/${mac}/adopt`, { model: 'T46S' });
        assert.equal(await unknown(world), []);
      });
    },
    deadlineMs,
  );
});

/** sipp by TCP: registers as its device, and logs in by a PIN in SIP INFO. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { openSippPhone, runSipp, type SippRun } from './sipp.ts';
import { device, openWorld, type World } from './world.ts';

const why = hasProgram('sipp') ? '' : 'sipp is not installed';

describe('sipp by TCP', (test) => {
  let world: World;
  const it = why === '' ? test : (name: string) => test.skip(name, why);

  const holds = async (run: SippRun) => {
    const { code, said } = await run.ended;
    assert.is(code, 0, said);
  };

  it('a world opens, by TCP', async () => {
    world = await openWorld();
    const { json } = await world.call('GET', '/sites');
    const [site] = json.items as { id: string }[];
    assert.is((await world.call('PATCH', `/sites/${site?.id}`, { transport: 'tcp' })).status, 200);
  }, 30_000);

  it('registers with digest', async () => {
    const account = await world.account(0);
    assert.is(account.server.transport, 'tcp');
    await holds(await runSipp(world, await openSippPhone(), account, 'register', { expect: '200' }));
  }, 20_000);

  it('logs in by *77*100* and the PIN in SIP INFO', async () => {
    const { extension, pin } = world.users[0] ?? { extension: '', pin: '' };
    const words = { number: `*77*${extension}*`, after: 'then-infos', infos: `${pin}#` };
    await holds(await runSipp(world, await openSippPhone(), await world.account(0), 'call', words));
    const { json } = await world.call('GET', '/sessions');
    const items = json.items as { device: string; extension: string }[];
    assert.equal(
      items.map((session) => [session.device, session.extension]),
      [[device(world, 0).device, extension]],
    );
  }, 45_000);

  it('the world closes', () => world.close(), 20_000);
});

/**
 * sipp as a site's emergency gateway: it reads the numbers and the place of the
 * desk in the INVITE, refuses the multipart body, gets the call again without,
 * hangs up; and is tested without being called.
 */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { type Headless, openHeadless } from './headless.ts';
import { openSippPhone, runGateway, type SippPhone, type SippRun } from './sipp.ts';
import { device, openWorld, type World } from './world.ts';

describe('sipp as an emergency gateway', (test) => {
  let world: World;
  let phone: Headless;
  let gateway: SippPhone;

  const it = hasProgram('sipp') ? test : (name: string) => test.skip(name, 'sipp is not installed');
  const ok = async (method: string, path: string, body: unknown) => {
    const { status, json } = await world.call(method, path, body);
    assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(json)}`);
    return json;
  };
  const holds = async (run: SippRun) => {
    const { code, said } = await run.ended;
    assert.is(code, 0, said);
  };

  it('a world opens, with a place', async () => {
    world = await openWorld();
    gateway = await openSippPhone();
    const { device: id } = device(world, 0);
    await ok('PATCH', '/sites/berlin', {
      emergencyGateway: { address: '127.0.0.1', port: gateway.sipPort },
      emergencyRoutes: [{ type: 'gateway', location: 'value' }],
      emergencyTestNumber: '99112',
      place: { country: 'DE', A3: 'Berlin', RD: 'Weg', callerId: '+4930100', callbackNumber: '+4930101' },
    });
    await ok('PATCH', `/devices/${id}`, { place: { floor: '2' } });
    phone = openHeadless(world, 0);
    await phone.heard('registered', ({ event }) => event === 'registered');
  }, 40_000);

  it('gets the place, refuses it, gets the call, and hangs up', async () => {
    const run = await runGateway(gateway, 'gateway');
    phone.tell('call 112');
    await phone.heard('answered', ({ event }) => event === 'answered');
    await holds(run);
    await phone.heard('it was the gateway', ({ event, by }) => event === 'ended' && by === 'them');
  }, 45_000);

  it('is tested by the API, and by the test number', async () => {
    for (const by of ['api', 'phone']) {
      const run = await runGateway(gateway, 'probed');
      const report = by === 'api' ? ok('POST', '/sites/berlin/emergency-test', {}) : undefined;
      if (by === 'phone') phone.tell('call 99112');
      await holds(run);
      if (report !== undefined) assert.ok((await report).ok, JSON.stringify(await report));
    }
  }, 45_000);

  it('the world closes', async () => {
    await phone.close();
    await world.close();
  }, 20_000);
});

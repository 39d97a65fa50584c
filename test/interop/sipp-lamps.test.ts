/** sipp as a phone with a busy lamp: digest, NOTIFY bodies, refresh, unsubscribe, and what it may not watch. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { until } from '#test/support/until.ts';
import { openSippPhone, runGateway, runSipp, type SippPhone } from './sipp.ts';
import { device, openWorld, type World } from './world.ts';

const why = !hasProgram('sipp')
  ? 'sipp is not installed'
  : process.getuid?.() !== 0
    ? 'sipp sends RTP as root only'
    : '';

describe('sipp as a phone with lamps', (test) => {
  const it = why === '' ? test : (name: string) => test.skip(name, why);
  let world: World;
  let watching: SippPhone;
  let watched: SippPhone;

  const ended = async (phone: SippPhone, index: number, name: string, words: Record<string, string> = {}) =>
    await (await runSipp(world, phone, await world.account(index), name, words)).ended;
  const holds = ({ code, said }: { code: number; said: string }) => assert.is(code, 0, said);
  const counter = async (name: string) => {
    const { json } = await world.call('GET', '/counters');
    return (json.items as { name: string; count: number }[]).find((each) => each.name === name)?.count ?? 0;
  };

  it('a world opens, with a user at each phone', async () => {
    world = await openWorld();
    watching = await openSippPhone();
    watched = await openSippPhone();
    const keys = [{ type: 'blf', value: '101', label: 'Ben' }];
    assert.is((await world.call('PATCH', '/users/100', { keys })).status, 200);
    for (const [index, extension] of ['100', '101'].entries()) {
      const { status } = await world.call('POST', '/sessions', {
        device: device(world, index).device,
        extension,
      });
      assert.is(status, 201);
    }
    holds(await ended(watching, 0, 'register', { expect: '200' }));
    holds(await ended(watched, 1, 'register', { expect: '200' }));
  }, 40_000);

  it('is told who is in a call, and lives and ends as it asks', async () => {
    const run = await runSipp(world, watching, await world.account(0), 'watch', { watched: '101' });
    await until('it is subscribed', async () => (await counter('sip.notified')) > 0);
    holds(await ended(watched, 1, 'call', { number: '*77*', after: 'then-hang-up' }));
    holds(await run.ended);
  }, 60_000);

  it('is refused what is on no key', async () => {
    const before = await counter('sip.refusedWatch');
    holds(await ended(watching, 0, 'watch-refused', { watched: '102' }));
    assert.is(await counter('sip.refusedWatch'), before + 1);
  }, 30_000);

  it('is told of a number of the PBX, which is asked once and let go at the end', async () => {
    const pbx = await openSippPhone();
    const keys = [{ type: 'blf', value: '230', label: 'Far' }];
    assert.is((await world.call('PATCH', '/users/100', { keys })).status, 200);
    const { status, json } = await world.call('POST', '/upstreams', {
      ...{ id: 'pbx', mode: 'trunk', domain: 'pbx.invalid', numbers: ['200-299'], probeSeconds: 0 },
      ...{ authentication: 'digest', username: 'customer1', secret: 'canary-lamps' },
      local: { address: '127.0.0.1', port: 0 },
      addresses: [{ address: '127.0.0.1', port: pbx.sipPort }],
    });
    assert.ok(status < 300, JSON.stringify(json));
    const words = { watched: '230', realm: 'pbx.invalid', account: 'customer1' };
    const run = await runGateway(pbx, 'far-lamps', words);
    try {
      holds(await ended(watching, 0, 'watch', { watched: '230' }));
      holds(await run.ended);
    } finally {
      run.stop();
    }
  }, 60_000);

  it('the world closes', async () => {
    await world.close();
  }, 20_000);
});

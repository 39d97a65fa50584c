/**
 * Kamailio from Debian as the PBX behind hotdesk, sipp as the phone in front of
 * it and as the far end behind it: registration while a session lasts, calls out
 * and in with every request challenged, a restart, a wrong password, failover.
 */

import { execFileSync } from 'node:child_process';
import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { freePort } from '#test/support/ports.ts';
import { until } from '#test/support/until.ts';
import { openHeadless } from './headless.ts';
import { type Kamailio, openKamailio } from './kamailio.ts';
import { openSippPhone, runFarEnd, runSipp, type SippPhone } from './sipp.ts';
import { device, openWorld, type World } from './world.ts';

const missing = (['kamailio', 'kamailio/modules/tls.so', 'sipp'] as const).filter(
  (program) => !hasProgram(program),
);
const why = missing.length > 0 ? `${missing.join(' and ')} not installed` : '';
const realm = 'pbx.invalid';
const secret = 'canary-9b1f-pbx-secret';

type Shown = {
  addressStates: { address: string; state: string }[];
  registrations: { extension: string; state: string; status?: number }[];
};

describe('kamailio as the PBX', (test) => {
  let world: World;
  let pbx: Kamailio;
  let phone: SippPhone;
  let far: SippPhone;
  let dead = 0;
  /** Where the controller speaks to the PBX from, by TLS. */
  let own = 0;

  const it = why === '' ? test : (name: string) => test.skip(name, why);
  const holds = ({ code, said }: { code: number; said: string }) =>
    assert.is(code, 0, `${said}\n${pbx.lines.slice(-30).join('\n')}`);
  const ok = async (method: string, path: string, body?: unknown) => {
    const { status, json } = await world.call(method, path, body);
    assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(json)}`);
    return json;
  };
  const shown = async () => (await ok('GET', '/upstreams/pbx')) as unknown as Shown;
  const registration = (state: string) =>
    until(
      `100 is ${state} at the PBX`,
      async () =>
        (await shown()).registrations.find((each) => each.extension === '100' && each.state === state),
      15_000,
    );
  const stateOf = (id: string, state: string) =>
    until(
      `${id} is ${state}`,
      async () =>
        ((await ok('GET', `/upstreams/${id}`)) as unknown as Shown).addressStates[0]?.state === state,
      15_000,
    );
  /** By TLS; what was said before that line is old. */
  const registered = (after: number) =>
    until(
      'a REGISTER by TLS',
      () => pbx.lines.slice(after).some((line) => /PASSED REGISTER .*proto=tls/.test(line)),
      20_000,
    );
  const scenario = async (name: string, words: Record<string, string> = {}) =>
    (await runSipp(world, phone, await world.account(0), name, words)).ended;

  it('a world and a PBX open; the PBX is made known', async () => {
    world = await openWorld({ logLevel: 'trace' });
    phone = await openSippPhone();
    far = await openSippPhone();
    [dead, own] = [await freePort(), await freePort()];
    pbx = await openKamailio({
      port: await freePort(),
      far: far.sipPort,
      realm,
      password: secret,
      trunk: own,
    });
    await ok('POST', '/upstreams', {
      id: 'pbx',
      mode: 'register',
      domain: realm,
      local: { address: '127.0.0.1', port: 0 },
      // The first is dead: what follows proves the second.
      addresses: [
        { address: '127.0.0.1', port: dead },
        { address: '127.0.0.1', port: pbx.port },
      ],
      numbers: ['0'],
      probeSeconds: 2,
    });
    await until(
      'one is up and one is down',
      async () => {
        const states = (await shown()).addressStates.map(({ state }) => state);
        return states.join(' ') === 'down up';
      },
      15_000,
    );
  }, 40_000);

  it('a wrong password is refused, shown, and not hammered', async () => {
    await ok('PUT', '/users/100/upstream', { user: 'u100', secret: 'wrong' });
    await ok('POST', '/sessions', { device: device(world, 0).device, extension: '100' });
    const found = await registration('refused');
    assert.ok([401, 403].includes(found.status ?? 0), String(found.status));
    assert.ok(pbx.lines.filter((line) => line.startsWith('HEARD REGISTER')).length <= 4);
  }, 20_000);

  it('with the right one the user is registered', async () => {
    await ok('PUT', '/users/100/upstream', { user: 'u100', secret });
    await registration('registered');
    assert.ok(pbx.lines.some((line) => /PASSED REGISTER .* user=u100/.test(line)));
  }, 20_000);

  it('a call out, a second offer and a BYE, each challenged: numbers rise, ACKs fit', async () => {
    holds(await scenario('register', { expect: '200' }));
    const words = { caller: '100', invite: '3', again: '5', bye: '7' };
    const answering = await runFarEnd(far, pbx.port, 'far-answer', words);
    const before = pbx.passed().length;
    holds(await scenario('call', { number: '030123', after: 'then-offer-again' }));
    holds(await answering.ended);
    assert.equal(pbx.passed().slice(before), ['INVITE 3', 'ACK 3', 'INVITE 5', 'ACK 5', 'BYE 7']);
  }, 60_000);

  it('an idle phone, a premium number: not to the PBX', async () => {
    const before = pbx.lines.length;
    holds(await scenario('refused', { number: '0900123', expect: '403' }));
    assert.is(pbx.lines.slice(before).filter((line) => line.includes('INVITE')).length, 0);
  }, 30_000);

  it('the PBX starts anew, having forgotten everybody: the user is registered again', async () => {
    await pbx.stop();
    await until(
      'both are down',
      async () => (await shown()).addressStates.every(({ state }) => state === 'down'),
      15_000,
    );
    const before = pbx.lines.length;
    await pbx.start();
    await until(
      'a new REGISTER',
      () => pbx.lines.slice(before).some((line) => line.startsWith('PASSED REGISTER')),
      20_000,
    );
  }, 60_000);

  it('a call in rings the phone, as whom the PBX asserts; its REFER is refused', async () => {
    const run = await runSipp(world, phone, await world.account(0), 'answer');
    holds(await (await runFarEnd(far, pbx.port, 'far-call', { number: '100', realm })).ended);
    holds(await run.ended);
  }, 60_000);

  it('a message in the mailbox lights the lamp', async () => {
    const lit = await runSipp(world, phone, await world.account(0), 'lamp', { waiting: 'yes' });
    holds(await (await runFarEnd(far, pbx.port, 'far-lamp', { number: '100', realm })).ended);
    holds(await lit.ended);
  }, 40_000);

  it('a phone hears what it says, sent back from behind the PBX', async () => {
    await ok('PUT', '/users/101/upstream', { user: 'u101', secret });
    const headless = openHeadless(world, 1);
    try {
      await headless.heard('idle', ({ event }) => event === 'registered');
      await ok('POST', '/sessions', { device: device(world, 1).device, extension: '101' });
      await headless.heard(
        'it is 101',
        ({ event, aor }) => event === 'registered' && String(aor).includes('101'),
      );
      await until(
        '101 is registered at the PBX',
        async () =>
          (await shown()).registrations.some(
            (each) => each.extension === '101' && each.state === 'registered',
          ),
        15_000,
      );
      const talking = await runFarEnd(far, pbx.port, 'far-talk');
      headless.tell('call 030123');
      await headless.heard('an answer', ({ event }) => event === 'answered');
      headless.tell('tone 440');
      await headless.heard('its own tone', ({ event, hz }) => event === 'tone' && hz === 440);
      headless.tell('hangup');
      holds(await talking.ended);
      const [call] = (await ok('GET', '/calls')).items as { media: string; streams: { packets: number }[] }[];
      assert.is(call?.media, 'controller');
    } finally {
      await headless.close();
    }
  }, 60_000);

  it('logout takes the registration back and puts the lamp out', async () => {
    const before = pbx.lines.length;
    const out = await runSipp(world, phone, await world.account(0), 'lamp', { waiting: 'no' });
    await ok('DELETE', `/sessions/${device(world, 0).device}`);
    holds(await out.ended);
    await until(
      'a REGISTER that ends it',
      () => pbx.lines.slice(before).some((line) => /PASSED REGISTER .*expires=0/.test(line)),
      10_000,
    );
    holds(
      await (await runFarEnd(far, pbx.port, 'far-refused', { number: '100', realm, expect: '480' })).ended,
    );
  }, 40_000);

  it('a trunk by TCP, known by its address: nothing is challenged, numbers stay', async () => {
    await ok('POST', '/upstreams', {
      id: 'trunk',
      mode: 'trunk',
      transport: 'tcp',
      local: { address: '127.0.0.1', port: 0 },
      addresses: [{ address: '127.0.0.1', port: pbx.port }],
      numbers: ['1'],
      calledPrefix: '+4930',
      probeSeconds: 2,
    });
    await stateOf('trunk', 'up');
    // A phone of another address: at the one before nobody answers who asks it to follow, for half a minute.
    phone = await openSippPhone();
    await ok('POST', '/sessions', { device: device(world, 0).device, extension: '100' });
    holds(await scenario('register', { expect: '200' }));
    const answering = await runFarEnd(far, pbx.port, 'far-answer', {
      caller: '.4930100',
      invite: '2',
      again: '3',
      bye: '4',
    });
    holds(await scenario('call', { number: '130123', after: 'then-offer-again' }));
    holds(await answering.ended);
  }, 60_000);

  it('a trunk by TLS: its certificate is looked at before anything is said', async () => {
    await ok('POST', '/upstreams', {
      id: 'safe',
      mode: 'trunk',
      transport: 'tls',
      domain: realm,
      local: { address: '127.0.0.1', port: own },
      addresses: [{ address: '127.0.0.1', port: pbx.port + 1 }],
      authentication: 'digest',
      username: 'trunk',
      secret,
      numbers: ['2'],
      calledPrefix: '+4930',
      probeSeconds: 1,
    });
    await stateOf('safe', 'down');
    await ok('PATCH', '/upstreams/safe', { ca: pbx.ca });
    await stateOf('safe', 'up');
  }, 40_000);

  it('calls by TLS: out, each request challenged, and in over the same connection', async () => {
    const words = { caller: '.4930100', invite: '3', again: '5', bye: '7' };
    const answering = await runFarEnd(far, pbx.port, 'far-answer', words);
    const before = pbx.passed().length;
    holds(await scenario('call', { number: '230123', after: 'then-offer-again' }));
    holds(await answering.ended);
    assert.equal(pbx.passed().slice(before), ['INVITE 3', 'ACK 3', 'INVITE 5', 'ACK 5', 'BYE 7']);

    const ringing = await runSipp(world, phone, await world.account(0), 'answer');
    holds(await (await runFarEnd(far, pbx.port, 'far-call', { number: '+4930100', realm })).ended);
    holds(await ringing.ended);
  }, 60_000);

  it('users registered by TLS: called, also after the PBX has started anew', async () => {
    await ok('PATCH', '/upstreams/pbx', {
      transport: 'tls',
      ca: pbx.ca,
      local: { address: '127.0.0.1', port: await freePort() },
      addresses: [{ address: '127.0.0.1', port: pbx.port + 1 }],
    });
    await registered(0);
    const before = pbx.lines.length;
    await pbx.stop();
    await pbx.start();
    await registered(before);
    const ringing = await runSipp(world, phone, await world.account(0), 'answer');
    holds(await (await runFarEnd(far, pbx.port, 'far-call', { number: '100', realm })).ended);
    holds(await ringing.ended);
  }, 60_000);

  it('the secret is nowhere: not in the log, not in the store, not in an answer', async () => {
    const all = JSON.stringify([
      (await world.call('GET', '/users')).json,
      (await world.call('GET', '/upstreams')).json,
    ]);
    assert.not.ok(all.includes(secret));
    assert.not.ok(world.log().includes(secret));
    // What is there is found, so that what is not found is not there.
    for (const known of ['u100', '"level":20']) assert.is.not(findIn(world.folder, known), '', known);
    assert.is(findIn(world.folder, secret), '');
  }, 20_000);

  it('the world closes', async () => {
    await pbx.close();
    await world.close();
  }, 20_000);
});

/** Files below `folder` that hold `text`. */
function findIn(folder: string, text: string): string {
  try {
    return execFileSync('grep', ['-rlaF', text, folder], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

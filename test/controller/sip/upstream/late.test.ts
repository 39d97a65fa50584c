/** What a PBX says too late, or twice: after a CANCEL, after the next address was tried, after a logout. */

import * as assert from 'uvu/assert';
import { createKeys } from '#controller/keys.ts';
import type { Upstream } from '#controller/model/model.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import { parseCredentials } from '#protocol/sip/digest.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import { cancelOf, statusOf } from '#test/controller/sip/office.ts';
import { createWorld, flowAt } from '#test/controller/sip/world.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { configured, openPbx, type Pbx } from './pbx.ts';

const keys = createKeys(new Uint8Array(32).fill(7));
const secret = 'of-a-test';

/** 100 at HD0001, with an account at the PBX, which has two addresses. */
async function office(mode: Upstream['mode']) {
  const [one, two] = [await openPbx(), await openPbx()];
  const world = createWorld();
  const sealed = { username: 'trunk1', secret: keys.seal(sealedFor.upstream('pbx'), secret) };
  const value = configured({
    id: 'pbx',
    mode,
    addresses: [one.address, two.address],
    numbers: ['0'],
    ...(mode === 'trunk' && { ...sealed, authentication: 'digest' }),
  });
  const { revision: _, ...user } = world.store.get('users', '100') ?? (undefined as never);
  const upstream = { id: 'pbx', user: 'u100', secret: keys.seal(sealedFor.user('100'), secret) };
  world.store.note([
    { type: 'put', collection: 'upstreams', value },
    ...(mode === 'register'
      ? [{ type: 'put', collection: 'users', value: { ...user, upstream } } as const]
      : []),
  ]);
  await until('the socket is open', () => world.core.upstreams.peerOf('pbx', ''));
  const phone = world.phone('HD0001', flowAt('north', 11));
  phone.register();
  world.login('HD0001', '100');
  world.clock.advance(1);
  return {
    world,
    phone,
    one,
    two,
    state: () => world.core.upstreams.show('pbx').registrations[0],
    async close() {
      world.core.close();
      await Promise.all([one.close(), two.close()]);
    },
  };
}

/** Whatever was sent to it before the answer to this question has come. */
async function hearsNothing(pbx: Pbx): Promise<void> {
  pbx.send(pbx.build('OPTIONS', 'x'));
  const next = await pbx.next('the answer');
  assert.equal([next.cseq.method, statusOf(next)], ['OPTIONS', 200]);
}

describe('controller/sip/upstream: too late', (test) => {
  test('a challenge after the CANCEL is not answered: nobody would end that call', async () => {
    const { phone, one, close } = await office('trunk');
    const invite = phone.call('030123');
    const got = await one.request('INVITE');
    one.answer(got, 183);
    await until('it rings', () => phone.inbox.some((each) => statusOf(each) === 183));
    phone.send(cancelOf(phone, invite));
    one.answer(await one.request('CANCEL'), 200);
    one.challenge(got, 'n1');
    await until('the 487', () => phone.inbox.some((each) => statusOf(each) === 487));
    await one.request('ACK');
    await hearsNothing(one);
    await close();
  });

  test('a challenge or a refusal of who was given up is only acknowledged', async () => {
    for (const status of [407, 486]) {
      const { world, phone, one, two, close } = await office('trunk');
      phone.call('030123');
      const silent = await one.request('INVITE');
      world.clock.advance(4_100);
      const second = await two.request('INVITE');
      if (status === 407) one.challenge(silent, 'n1');
      else one.answer(silent, status);
      await one.request('ACK');
      two.answer(second, 200);
      const ok = await until('an answer', () => phone.inbox.find((each) => statusOf(each) >= 200));
      assert.is(statusOf(ok), 200);
      await hearsNothing(one);
      await close();
    }
  });

  test('a nonce that serves again is counted (RFC 7616 3.4)', async () => {
    const { phone, one, close } = await office('trunk');
    for (const count of ['00000001', '00000002']) {
      phone.call('030123');
      one.challenge(await one.request('INVITE'), 'same');
      const given: SipMessage = await one.request('INVITE');
      assert.is(parseCredentials(given.get('Proxy-Authorization') ?? '').nc, count);
      one.answer(given, 486);
    }
    await close();
  });

  test('a challenge of the PBX that a user has left is not answered with what he has elsewhere', async () => {
    const { world, phone, one, close } = await office('register');
    const invite = phone.call('030123');
    one.answer(await one.request('INVITE'), 200);
    const ok = await until('the 200', () => phone.inbox.find((each) => statusOf(each) === 200));
    const { revision: _, ...user } = world.store.get('users', '100') ?? (undefined as never);
    const upstream = { id: 'other', user: 'u100', secret: keys.seal(sealedFor.user('100'), secret) };
    world.store.note([{ type: 'put', collection: 'users', value: { ...user, upstream } }]);
    phone.inbox.splice(0);
    phone.send(phone.asCaller('BYE', invite, ok));
    one.challenge(await one.request('BYE'), 'n1');
    await until('the refusal', () => phone.inbox.some((each) => statusOf(each) === 403));
    await hearsNothing(one);
    await close();
  });

  test('who logs out while he is being registered is not left registered', async () => {
    const { world, one, state, close } = await office('register');
    const register = await one.request('REGISTER');
    world.logout('HD0001');
    assert.is(state(), undefined);
    one.answer(register, 200, [['Expires', '600']]);
    const last = await one.request('REGISTER');
    assert.is(last.get('Expires'), '0');
    await close();
  });

  test('an address that fails hands the REGISTER to the next', async () => {
    const { one, two, state, close } = await office('register');
    one.answer(await one.request('REGISTER'), 500);
    two.answer(await two.request('REGISTER'), 200, [['Expires', '600']]);
    await until('registered', () => state()?.state === 'registered');
    await close();
  });
});

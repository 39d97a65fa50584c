/** A user registered at a PBX over a real socket: registration, back-off, voicemail lamps from login to logout. */

import * as assert from 'uvu/assert';
import { createKeys } from '#controller/keys.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import { isRightResponse, parseCredentials } from '#protocol/sip/digest.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import { createWorld, flowAt, type Phone } from '#test/controller/sip/world.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { configured, openPbx } from './pbx.ts';

const keys = createKeys(new Uint8Array(32).fill(7));
const secret = 'canary-of-100';

async function office() {
  const pbx = await openPbx();
  const world = createWorld();
  const value = configured({ id: 'pbx', mode: 'register', addresses: [pbx.address], numbers: ['0'] });
  const { revision: _, ...user } = world.store.get('users', '100') ?? raise();
  const upstream = { id: 'pbx', user: 'u100', secret: keys.seal(sealedFor.user('100'), secret) };
  world.store.note([
    { type: 'put', collection: 'upstreams', value },
    { type: 'put', collection: 'users', value: { ...user, upstream } },
  ]);
  await until('the socket is open', () =>
    world.core.upstreams.target({ upstream: 'pbx', number: '0' }, '100'),
  );
  const phone = world.phone('HD0001', flowAt('north', 11));
  phone.register();
  return {
    world,
    pbx,
    phone,
    state: () => world.core.upstreams.show('pbx').registrations[0],
    /** REGISTER, challenged and granted. */
    async registered() {
      world.login('HD0001', '100');
      world.clock.advance(1);
      pbx.challenge(await pbx.request('REGISTER'), 'n1', 401);
      const register = await pbx.request('REGISTER');
      pbx.answer(register, 200, [['Contact', `${register.get('Contact')};expires=120`]]);
      await until(
        'registered',
        () => world.core.upstreams.show('pbx').registrations[0]?.state === 'registered',
      );
      world.clock.advance(1);
      return register;
    },
    async close() {
      world.core.close();
      await pbx.close();
    },
  };
}

function raise(): never {
  throw new Error('no user 100');
}

/** What the lamp was told since the last look; each is answered, as a phone does. */
const lamp = (phone: Phone) =>
  phone.inbox
    .splice(0)
    .filter(({ start }) => start.type === 'request' && start.method === 'NOTIFY')
    .filter((each) => each.get('Event') === 'message-summary')
    .map((each) => phone.answer(each, 200) && each)
    .map((each) => /Messages-Waiting: (\w+)/.exec(Buffer.from(each.body).toString())?.[1] ?? 'nothing')
    .join(' ');
const summary = (text: string) => Buffer.from(`Messages-Waiting: ${text}\r\nVoice-Message: 1/0\r\n`);
const withBody = (message: SipMessage, body: Uint8Array) => Object.assign(message, { body });
const notifyHeaders = [
  ['Event', 'message-summary'],
  ['Subscription-State', 'active'],
  ['Content-Type', 'application/simple-message-summary'],
] as const;

describe('controller/sip/upstream: a user at a PBX', (test) => {
  test('registered while a session lasts, with the user’s own credential', async () => {
    const { world, pbx, registered, state, close } = await office();
    world.clock.advance(1_000);
    assert.is(state(), undefined);
    const register = await registered();
    const given = parseCredentials(register.get('Authorization') ?? '');
    assert.is(given.username, 'u100');
    assert.ok(isRightResponse(given, { method: 'REGISTER', password: secret }));
    assert.is(register.get('To'), '<sip:100@pbx.invalid>');
    assert.is(register.cseq.number, 2);

    const dueMs = (state()?.nextAt ?? 0) - world.clock.wall();
    assert.ok(dueMs > 80_000 && dueMs < 110_000, `${dueMs} ms of 120 s`);
    world.clock.advance(dueMs);
    const refresh = await pbx.request('REGISTER');
    assert.is(refresh.callId, register.callId);
    assert.ok(refresh.cseq.number > register.cseq.number);
    pbx.answer(refresh, 200, [['Expires', '600']]);
    await until('again', () => (state()?.nextAt ?? 0) > world.clock.wall() + 400_000);

    world.logout('HD0001');
    const last = await pbx.request('REGISTER');
    assert.is(last.get('Expires'), '0');
    assert.is(state(), undefined);
    await close();
  });

  test('a wrong password waits a minute at least; a PBX that fails is asked again sooner', async () => {
    const { world, pbx, state, close } = await office();
    world.login('HD0001', '100');
    world.clock.advance(1);
    pbx.answer(await pbx.request('REGISTER'), 503);
    await until('failed', () => state()?.state === 'failed');
    assert.is(state()?.status, 503);
    const pauseMs = (state()?.nextAt ?? 0) - world.clock.wall();
    assert.ok(pauseMs > 0 && pauseMs <= 2_000, `${pauseMs} ms`);
    world.clock.advance(pauseMs);
    pbx.challenge(await pbx.request('REGISTER'), 'n1', 401);
    pbx.challenge(await pbx.request('REGISTER'), 'n2', 401);
    await until('refused', () => state()?.state === 'refused');
    assert.ok((state()?.nextAt ?? 0) >= world.clock.wall() + 30_000);
    await close();
  });

  test('an answer that cannot be read is none: it is asked again', async () => {
    const { world, pbx, state, close } = await office();
    world.login('HD0001', '100');
    world.clock.advance(1);
    pbx.answer(await pbx.request('REGISTER'), 200, [['Contact', '*']]);
    await until('it was no answer', () => world.core.counters.malformed === 1);
    world.clock.advance(5_000);
    assert.is(state()?.state, 'failed');
    world.clock.advance((state()?.nextAt ?? 0) - world.clock.wall());
    pbx.answer(await pbx.request('REGISTER'), 200);
    await until('registered', () => state()?.state === 'registered');
    await close();
  });

  test('a longer interval is asked for when the first is too brief', async () => {
    const { world, pbx, close } = await office();
    world.login('HD0001', '100');
    world.clock.advance(1);
    pbx.answer(await pbx.request('REGISTER'), 423, [['Min-Expires', '1800']]);
    assert.is((await pbx.request('REGISTER')).get('Expires'), '1800');
    await close();
  });

  test('the lamp follows the PBX, asked and unasked, and is out after logout', async () => {
    const { world, pbx, phone, registered, close } = await office();
    await registered();
    const subscribe = await pbx.request('SUBSCRIBE');
    assert.is(subscribe.get('Event'), 'message-summary');
    pbx.answer(subscribe, 200, [['Expires', '600']]);
    phone.register({ aor: '100' });
    assert.is(lamp(phone), '');

    const first = pbx.inDialog('NOTIFY', subscribe, notifyHeaders);
    pbx.send(withBody(first, summary('yes')));
    await until('200', () => pbx.inbox.find((each) => each.cseq.method === 'NOTIFY'));
    assert.is(lamp(phone), 'yes');
    // The same again is no news.
    pbx.send(withBody(pbx.build('NOTIFY', '100', notifyHeaders), summary('yes')));
    pbx.send(withBody(pbx.build('NOTIFY', '100', notifyHeaders), summary('no')));
    await until('the lamp is out', () => phone.inbox.length > 0);
    assert.is(lamp(phone), 'no');
    pbx.send(withBody(pbx.build('NOTIFY', '100', notifyHeaders), summary('yes')));
    await until('the lamp is on', () => phone.inbox.length > 0);
    assert.is(lamp(phone), 'yes');

    world.logout('HD0001');
    assert.is(lamp(phone), 'no');
    const end = await pbx.request('SUBSCRIBE');
    assert.is(end.get('Expires'), '0');
    pbx.send(withBody(pbx.build('NOTIFY', '100', notifyHeaders, 'late'), summary('yes')));
    await until('refused', () =>
      pbx.inbox.find(
        (each) => each.callId === 'late' && each.start.type === 'response' && each.start.status === 481,
      ),
    );
    assert.is(lamp(phone), '');
    await close();
  });

  test('a phone that subscribes has it in its subscription, of its own mailbox only', async () => {
    const { world, pbx, phone, registered, close } = await office();
    await registered();
    phone.register({ aor: '100' });
    phone.inbox.splice(0);
    const subscribe = (mailbox: string) =>
      phone.ask(
        phone.build('SUBSCRIBE', {
          uri: `sip:${mailbox}@${phone.host}`,
          headers: [
            ['Event', 'message-summary'],
            ['Expires', '600'],
          ],
        }),
      );
    subscribe('101');
    assert.is(phone.heard(), '403');
    subscribe('100');
    world.clock.advance(200);
    assert.match(
      phone.inbox.map(({ start }) => (start.type === 'response' ? start.status : start.method)).join(' '),
      /200 NOTIFY/,
    );
    assert.is(lamp(phone), 'no');
    pbx.send(withBody(pbx.build('NOTIFY', '100', notifyHeaders), summary('yes')));
    await until('told', () => {
      world.clock.advance(200);
      return phone.inbox.length > 0;
    });
    assert.is(lamp(phone), 'yes');
    await close();
  });

  test('other users, other events: not taken', async () => {
    const { pbx, registered, close } = await office();
    await registered();
    const status = async (message: SipMessage) => {
      pbx.send(message);
      const answer = await until('an answer', () => pbx.inbox.find((each) => each.callId === message.callId));
      return answer.start.type === 'response' ? answer.start.status : 0;
    };
    assert.is(await status(pbx.build('NOTIFY', '101', notifyHeaders)), 481);
    assert.is(await status(pbx.build('NOTIFY', '100', [['Event', 'check-sync']])), 489);
    assert.is(await status(pbx.build('MESSAGE', '100')), 405);
    await close();
  });
});

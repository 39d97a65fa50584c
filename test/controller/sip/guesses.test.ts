/** Guessing: what it costs who does it, and nobody else. */

import * as assert from 'uvu/assert';
import { createGuesses } from '#controller/sip/guesses.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { connect, openOffice, statusOf } from './office.ts';
import type { Phone } from './world.ts';

describe('guesses', (test) => {
  test('block after so many within a minute, for five', () => {
    const clock = createFakeClock();
    const guesses = createGuesses({ clock, maxWrong: 3 });
    for (let n = 0; n < 2; n++) guesses.wrong('a');
    clock.advance(60_000);
    for (let n = 0; n < 2; n++) guesses.wrong('a');
    assert.not(guesses.isBlocked('a'));
    guesses.wrong('a');
    assert.ok(guesses.isBlocked('a'));
    assert.not(guesses.isBlocked('b'));
    clock.advance(200_000);
    guesses.wrong('a');
    clock.advance(200_000);
    assert.ok(guesses.isBlocked('a'), 'who goes on is not let off');
    clock.advance(100_000);
    assert.not(guesses.isBlocked('a'));
  });

  test('are forgotten when there are too many of them, the oldest first', () => {
    const guesses = createGuesses({ clock: createFakeClock(), maxWrong: 1, maxKeys: 2 });
    for (const key of ['a', 'b', 'c']) guesses.wrong(key);
    assert.equal(['a', 'b', 'c'].map(guesses.isBlocked), [false, true, true]);
    assert.is(guesses.size, 2);
  });
});

/** As svcrack does: a new nonce for each guess. Slow enough for no rate to matter. */
function guess(phone: Phone, times: number, world: { clock: { advance(ms: number): void } }): void {
  for (let n = 0; n < times; n++) {
    const request = phone.build('REGISTER', { to: `sip:HD0001@${phone.host}` });
    phone.send(request);
    phone.send(phone.credential(request, phone.take(), { generation: 90 + n }));
    assert.is(statusOf(phone.take()), 401);
    world.clock.advance(200);
  }
}

describe('somebody who guesses a secret', (test) => {
  test('does not get in with the right one either, and cannot tell', () => {
    const { world, a } = openOffice();
    guess(a, 20, world);
    const answer = a.register();
    assert.is(statusOf(answer), 401);
    assert.not.match(answer.get('WWW-Authenticate') ?? '', /stale/);
    assert.is(world.core.counters.blocked, 1);
    world.clock.advance(300_000);
    assert.is(statusOf(a.register()), 200);
  });

  test('shuts out no other phone, no call in progress and no call for help', () => {
    const { world, a, b } = openOffice();
    const call = connect(a, b, '101');
    guess(a, 25, world);
    assert.is(statusOf(b.register()), 200);
    a.send(a.asCaller('INVITE', call.invite, call.ok));
    assert.is(b.heard(), 'INVITE');
    b.send(b.asCallee('BYE', call.got));
    assert.is(a.heard(), 'BYE');
    a.send(a.build('INVITE', { uri: `sip:112@${a.host}` }));
    assert.is(world.told.lost.map(({ method }: SipMessage) => method).join(), 'INVITE');
  });

  test('has not guessed the next secret', () => {
    const { world, a } = openOffice();
    guess(a, 20, world);
    world.raise('HD0001', 2);
    a.generation = 2;
    assert.is(statusOf(a.register()), 200);
  });

  test('is not anybody who answers a nonce that was given to another', () => {
    const { world, a, b } = openOffice();
    for (let n = 0; n < 30; n++) {
      const request = b.build('REGISTER', { to: 'sip:HD0001@x' });
      b.send(request);
      const forged = a.credential(request, b.take(), { generation: 9 });
      a.send(forged);
      a.heard();
      world.clock.advance(200);
    }
    assert.is(statusOf(a.register()), 200);
  });
});

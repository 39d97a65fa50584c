/** Forks: several phones, one caller, and what crosses on the way. */

import * as assert from 'uvu/assert';
import type { SipMessage } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { cancelOf, type Office, openOffice, statusOf } from './office.ts';
import type { Phone } from './world.ts';

/** 101 is at two desks, one in each site; both ring. */
function ring(): Office & { invite: SipMessage; atB: SipMessage; atC: SipMessage } {
  const office = openOffice();
  const { world, a, b, c } = office;
  world.login('HD0003', '101');
  const invite = a.call('101');
  const [atB, atC] = [b.take(), c.take()];
  b.answer(atB, 180);
  c.answer(atC, 180);
  assert.is(a.heard(), '180 180');
  return { ...office, invite, atB, atC };
}

/** Takes the CANCEL, answers it and the INVITE; what the CANCEL gave as reason. */
function giveUp(phone: Phone, invite: SipMessage): string | undefined {
  const cancel = phone.take();
  assert.is(cancel.method, 'CANCEL');
  phone.answer(cancel, 200);
  phone.answer(invite, 487);
  assert.is(phone.heard(), 'ACK');
  return cancel.get('Reason');
}

describe('a fork', (test) => {
  test('tells the losers that the call was completed elsewhere', () => {
    const { world, a, b, c, atB, atC } = ring();
    c.answer(atC, 200);
    assert.is(a.heard(), '200');
    assert.is(giveUp(b, atB), 'SIP;cause=200;text="Call completed elsewhere"');
    assert.is(a.heard(), '');
    assert.equal(world.told.callEnded, ['HD0002']);
  });

  test('ends everywhere when one declines for all', () => {
    const { a, b, c, atB, atC } = ring();
    b.answer(atB, 603);
    assert.is(giveUp(c, atC), 'SIP;cause=603;text="Declined elsewhere"');
    assert.is(a.heard(), '603');
  });

  test('goes on ringing when one is busy, or does not want to', () => {
    const { a, b, c, atB, atC } = ring();
    b.answer(atB, 486);
    assert.is(a.heard(), '');
    c.answer(atC, 200);
    assert.is(a.heard(), '200');
  });

  test('hands on each 2xx; the caller ends the call he does not want', () => {
    const { world, a, b, c, invite, atB, atC } = ring();
    b.answer(atB, 200);
    c.answer(atC, 200); // crosses the CANCEL
    const oks = [a.take(), a.take()];
    assert.equal(oks.map(statusOf), [200, 200]);
    assert.is(c.take().method, 'CANCEL');
    for (const ok of oks) a.send(a.asCaller('ACK', invite, ok));
    assert.equal([b.heard(), c.heard()], ['ACK', 'ACK']);
    a.send(a.asCaller('BYE', invite, oks[1] as SipMessage));
    const bye = c.take();
    c.answer(bye, 200);
    assert.is(a.heard(), '200');
    assert.equal([b.heard(), world.told.callEnded], ['', ['HD0003']]);
  });

  test('is cancelled at all phones, with the caller’s own reason', () => {
    const { a, b, c, invite, atB, atC } = ring();
    const cancel = cancelOf(a, invite);
    cancel.set('Reason', 'SIP;cause=487;text="never mind"');
    a.send(cancel);
    assert.is(a.heard(), '200');
    assert.is(giveUp(b, atB), 'SIP;cause=487;text="never mind"');
    assert.is(giveUp(c, atC), 'SIP;cause=487;text="never mind"');
    assert.is(a.heard(), '487');
  });

  test('a 200 that comes after the CANCEL is the caller’s to end', () => {
    const { a, b, c, invite, atB, atC } = ring();
    a.send(cancelOf(a, invite));
    assert.is(a.heard(), '200');
    b.take();
    b.answer(atB, 200);
    const ok = a.take();
    assert.is(statusOf(ok), 200);
    giveUp(c, atC);
    assert.is(a.heard(), '');
    a.send(a.asCaller('ACK', invite, ok));
    a.send(a.asCaller('BYE', invite, ok));
    assert.is(b.heard(), 'ACK BYE');
  });

  test('a CANCEL that crosses the 200 changes nothing', () => {
    const { a, b, c, invite, atB, atC } = ring();
    b.answer(atB, 200);
    giveUp(c, atC);
    a.send(cancelOf(a, invite));
    assert.is(a.heard(), '200 200');
    assert.is(b.heard(), '');
  });

  test('is not cancelled before a phone has said anything', () => {
    const { world, a, b } = openOffice();
    const invite = a.call('101');
    const got = b.take();
    a.send(cancelOf(a, invite));
    assert.equal([a.heard(), b.heard()], ['200', '']);
    b.answer(got, 180);
    giveUp(b, got);
    assert.is(a.heard(), '180 487');
    world.clock.advance(40_000);
  });

  // biome-ignore format: a table
  const unanswered: { name: string; rings: boolean; seconds?: number; afterMs: number; status: number }[] = [
    { name: 'phones that ring and ring',          rings: true,               afterMs: 60_000, status: 480 },
    { name: 'a site that waits for less',         rings: true,  seconds: 10, afterMs: 10_000, status: 480 },
    { name: 'a phone that only says it is trying', rings: false,             afterMs: 60_000, status: 408 },
  ];
  for (const { name, rings, seconds, afterMs, status } of unanswered) {
    test(`is given up with ${status} for ${name}`, () => {
      const { world, a, b } = openOffice();
      const { revision: _, ...site } = world.store.get('sites', 'north') ?? (undefined as never);
      if (seconds !== undefined)
        world.store.note([{ type: 'put', collection: 'sites', value: { ...site, ringSeconds: seconds } }]);
      a.call('101');
      const got = b.take();
      b.answer(got, rings ? 180 : 100);
      world.clock.advance(afterMs - 500);
      assert.is(b.heard(), '');
      world.clock.advance(500);
      assert.is(giveUp(b, got), 'SIP;cause=408;text="Not answered"');
      assert.match(a.heard(), new RegExp(`${status}$`));
    });
  }

  test('a phone that answers in the moment it is given up has the call', () => {
    const { world, a, b } = openOffice();
    a.call('101');
    const got = b.take();
    b.answer(got, 180);
    world.clock.advance(60_000);
    assert.is(b.take().method, 'CANCEL');
    b.answer(got, 200);
    assert.match(a.heard(), /200$/);
  });

  test('an answered call is not given up', () => {
    const { world, a, b } = openOffice();
    const invite = a.call('101');
    b.answer(b.take(), 200);
    a.send(a.asCaller('ACK', invite, a.take()));
    world.clock.advance(120_000);
    assert.is(b.heard(), 'ACK');
  });
});

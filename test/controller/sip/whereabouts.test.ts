/** Phones by TCP: what their messages look like, and a call that outlives its connection. */

import * as assert from 'uvu/assert';
import { flowKey } from '#controller/sip/peer.ts';
import { describe } from '#test/support/describe.ts';
import { createWorld, flowAt } from './world.ts';

const overTcp = (host: number, port: number) => ({
  ...flowAt('north', host, port),
  transport: 'tcp' as const,
});

/** 100 at HD0001 by TCP calls 101 at HD0002 by TCP; the call is up. */
function createCall() {
  const world = createWorld();
  const a = world.phone('HD0001', overTcp(11, 40_001));
  const b = world.phone('HD0002', overTcp(12, 40_002));
  for (const phone of [a, b]) phone.register();
  world.login('HD0001', '100');
  world.login('HD0002', '101');
  const invite = a.call('101');
  const got = b.take();
  b.answer(got, 200);
  const ok = a.take();
  a.send(a.asCaller('ACK', invite, ok));
  assert.is(b.heard(), 'ACK');
  return { world, a, b, invite, got, ok };
}

describe('a call by TCP', (test) => {
  test('its Via and Record-Route name the transport', () => {
    const { world, got, ok } = createCall();
    assert.match(got.get('Via') ?? '', /^SIP\/2\.0\/TCP 192\.0\.2\.1:5060;/);
    for (const route of [...got.getAll('Record-Route'), ...ok.getAll('Record-Route')]) {
      assert.match(route, /;transport=tcp;lr>$/);
    }
    world.core.close();
  });

  test('is not repeated, as UDP would be', () => {
    const world = createWorld();
    const a = world.phone('HD0001', overTcp(11, 40_001));
    const b = world.phone('HD0002', overTcp(12, 40_002));
    for (const phone of [a, b]) phone.register();
    world.login('HD0001', '100');
    world.login('HD0002', '101');
    a.call('101');
    world.clock.advance(5_000);
    assert.is(b.heard(), 'INVITE');
    world.core.close();
  });

  test('a BYE goes over the connection the phone came back with', () => {
    const { world, a, b, invite, ok } = createCall();
    world.down.add(flowKey(b.flow));
    const back = world.phone('HD0002', overTcp(12, 40_777));
    back.register({ aor: '101' });
    a.send(a.asCaller('BYE', invite, ok));
    assert.is(back.heard(), 'BYE');
    assert.is(b.heard(), '');
    world.core.close();
  });

  test('and is answered 500 while the phone is away, never sent to somebody else', () => {
    const { world, a, b, invite, ok } = createCall();
    world.down.add(flowKey(b.flow));
    const elsewhere = world.phone('HD0002', overTcp(99, 40_777));
    elsewhere.register({ aor: '101' });
    a.send(a.asCaller('BYE', invite, ok));
    assert.is(elsewhere.heard(), '');
    world.clock.advance(0);
    assert.is(a.heard(), '500');
    world.core.close();
  });

  test('a call to a phone whose connection is gone is 480 at once', () => {
    const { world, a, b } = createCall();
    world.down.add(flowKey(b.flow));
    a.call('101');
    assert.is(a.heard(), '480');
    world.core.close();
  });
});

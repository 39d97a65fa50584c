/** Who may send a call on, and where to. */

import * as assert from 'uvu/assert';
import type { SipMessage } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { type Call, connect, openOffice, statusOf, tagOf } from './office.ts';
import { createWorld, flowAt, type Phone } from './world.ts';

/** Of a call, seen from who was called. */
const replacesOf = ({ invite, ok }: Call) =>
  `${invite.callId};to-tag=${tagOf(ok, 'to')};from-tag=${tagOf(ok, 'from')}`;

const uriOf = (message: SipMessage) => (message.start.type === 'request' ? message.start.uri : '');

describe('a redirection by a phone', (test) => {
  const redirect = (phone: Phone, ...contacts: string[]) =>
    phone.answer(
      phone.take(),
      302,
      contacts.map((uri) => ['Contact', `<${uri}>`] as const),
    );

  /** `answer` puts the phone's own Contact first. */
  test('is followed to a user, as the caller who called', () => {
    const { a, b, c } = openOffice();
    a.call('101');
    redirect(b, 'sip:102@192.0.2.1:5060');
    const got = c.take();
    assert.is(uriOf(got), c.contact);
    assert.is(got.from.uri, 'sip:100@198.51.100.1:5060');
    assert.is(b.heard(), 'ACK');
    c.answer(got, 200);
    assert.is(a.heard(), '200');
  });

  // biome-ignore format: a table
  const refused = [
    { name: 'an emergency number',           to: 'sip:112@192.0.2.1' },
    { name: 'a login code',                  to: 'sip:*77*100*@192.0.2.1' },
    { name: 'a number nobody has',           to: 'sip:09001234567@192.0.2.1' },
    { name: 'another host',                  to: 'sip:102@198.51.100.1' },
    { name: 'an address',                    to: 'sip:102@198.51.100.31:5060' },
    { name: 'another scheme',                to: 'tel:102' },
    { name: 'what is no URI',                to: 'sip:' },
    { name: 'itself',                        to: 'sip:101@192.0.2.1' },
  ];
  for (const { name, to } of refused) {
    test(`is not followed to ${name}`, () => {
      const { world, a, b, c } = openOffice();
      a.call('101');
      redirect(b, to);
      assert.equal([a.heard(), b.heard(), c.heard(), world.told.lost.length], ['480', 'ACK', '', 0]);
      assert.is(world.core.counters.defused, 1);
    });
  }

  test('is not followed when nobody is logged in there any more', () => {
    const { world, a, b, c } = openOffice();
    a.call('101');
    world.logout('HD0002');
    redirect(b, 'sip:102@192.0.2.1');
    assert.equal([a.heard(), c.heard()], ['480', '']);
  });

  test('in a circle ends', () => {
    const { a, b, c } = openOffice();
    a.call('101');
    redirect(b, 'sip:102@192.0.2.1');
    redirect(c, 'sip:101@198.51.100.1');
    assert.equal([a.heard(), b.heard(), c.heard()], ['480', 'ACK', 'ACK']);
  });

  test('is not followed after the call was answered elsewhere', () => {
    const { world, a, b, c } = openOffice();
    const d = world.phone('HD0004', flowAt('north', 14));
    world.store.note([
      {
        type: 'put',
        collection: 'devices',
        value: {
          ...(world.store.get('devices', 'HD0002') ?? (undefined as never)),
          id: 'HD0004',
          mac: '000000000004',
        },
      },
    ]);
    d.register();
    world.login('HD0004', '101');
    a.call('101');
    d.answer(d.take(), 200);
    redirect(b, 'sip:102@192.0.2.1');
    assert.equal([a.heard(), c.heard()], ['200', '']);
  });
});

describe('a transfer', (test) => {
  test('blind: goes to the far phone with an address it can reach', () => {
    const { a, b, c } = openOffice();
    const call = connect(a, c, '102');
    a.send(a.asCaller('REFER', call.invite, call.ok, [['Refer-To', '"Bob" <sip:101@192.0.2.1:5060>']]));
    const refer = c.take();
    assert.is(refer.get('Refer-To'), '<sip:101@198.51.100.1:5060>');
    c.answer(refer, 202);
    assert.is(a.heard(), '202');
    c.send(c.asCallee('NOTIFY', call.got, [['Event', 'refer']]));
    assert.is(a.heard(), 'NOTIFY');
    c.call('101');
    assert.is(b.take().from.uri, 'sip:102@192.0.2.1:5060');
  });

  // biome-ignore format: a table
  const refused: { name: string; to: string[]; status: string }[] = [
    { name: 'a premium number',         to: ['<sip:09001234567@192.0.2.1>'],          status: '403' },
    { name: 'an emergency number',      to: ['<sip:112@192.0.2.1>'],                  status: '403' },
    { name: 'a login code',             to: ['<sip:%2A77%2A100%2A@192.0.2.1>'],       status: '403' },
    { name: 'another host',             to: ['<sip:102@evil.example>'],               status: '403' },
    { name: 'another method',           to: ['<sip:102@192.0.2.1;method=BYE>'],       status: '403' },
    { name: 'a call that is not there', to: ['<sip:102@192.0.2.1?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>'], status: '403' },
    { name: 'nothing',                  to: [],                                       status: '400' },
    { name: 'two',                      to: ['<sip:102@192.0.2.1>', '<sip:100@192.0.2.1>'], status: '400' },
    { name: 'another scheme',           to: ['<tel:102>'],                            status: '400' },
  ];
  for (const { name, to, status } of refused) {
    test(`to ${name} is refused ${status}`, () => {
      const { world, a, b } = openOffice();
      const call = connect(a, b, '101');
      const headers = to.map((value) => ['Refer-To', value] as const);
      a.send(a.asCaller('REFER', call.invite, call.ok, headers));
      assert.equal([a.heard(), b.heard(), world.told.lost.length], [status, '', 0]);
      assert.is(world.core.counters.refusedInDialog + world.core.counters.malformed, 1);
    });
  }

  test('to a user who is not there is for the far phone to find out', () => {
    const { world, a, b } = openOffice();
    world.logout('HD0003');
    const call = connect(a, b, '101');
    a.send(a.asCaller('REFER', call.invite, call.ok, [['Refer-To', '<sip:102@192.0.2.1>']]));
    assert.is(b.heard(), 'REFER');
  });

  test('is not for who has logged out meanwhile, nor for an idle desk', () => {
    const { world, a, b } = openOffice();
    const call = connect(a, b, '101');
    world.logout('HD0001');
    a.send(a.asCaller('REFER', call.invite, call.ok, [['Refer-To', '<sip:102@192.0.2.1>']]));
    assert.equal([a.heard(), b.heard()], ['403', '']);
  });

  test('is not for a gateway', () => {
    const world = createWorld();
    const a = world.phone('HD0001', flowAt('north', 11));
    a.register();
    const gateway = world.phone('gateway', { ...flowAt('north', 0), remote: world.gateway });
    a.send(a.build('INVITE', { uri: `sip:112@${a.host}` }));
    const got = gateway.take();
    gateway.answer(got, 200);
    a.take();
    gateway.send(gateway.asCallee('REFER', got, [['Refer-To', '<sip:102@192.0.2.1>']]));
    assert.equal([gateway.heard(), a.heard()], ['403', '']);
  });

  test('attended, across sites: the far phone steps into the other call', () => {
    const { world, a, b, c } = openOffice();
    const first = connect(a, b, '101');
    const second = connect(a, c, '102');
    const replaces = replacesOf(second);
    // As phones do: the address is the Contact of the call that was asked back.
    const to = `<sip:HD0003@198.51.100.31:5060?Replaces=${encodeURIComponent(replaces)}>`;
    a.send(a.asCaller('REFER', first.invite, first.ok, [['Refer-To', to]]));
    const refer = b.take();
    assert.is(refer.get('Refer-To'), `<sip:102@192.0.2.1:5060?Replaces=${encodeURIComponent(replaces)}>`);
    b.answer(refer, 202);
    assert.is(a.heard(), '202');
    b.call('102', [['Replaces', replaces]]);
    const got = c.take();
    assert.is(got.get('Replaces'), replaces);
    assert.is(uriOf(got), c.contact);
    assert.is(got.from.uri, 'sip:101@198.51.100.1:5060');
    c.answer(got, 200);
    assert.is(b.heard(), '200');
    c.send(c.asCallee('BYE', second.got));
    const bye = a.take();
    a.answer(bye, 200);
    assert.is(c.heard(), '200');
    assert.is(world.core.counters.refusedCalls, 0);
  });

  test('by who was called, of a call he made', () => {
    const { a, b, c } = openOffice();
    const first = connect(b, a, '100');
    const second = connect(a, c, '102');
    const to = `<sip:102@192.0.2.1?Replaces=${encodeURIComponent(replacesOf(second))}>`;
    a.send(a.asCallee('REFER', first.got, [['Refer-To', to]]));
    assert.is(b.heard(), 'REFER');
    b.call('102', [['Replaces', replacesOf(second)]]);
    assert.is(c.heard(), 'INVITE');
  });

  test('of somebody else’s call is refused', () => {
    const { a, b, c, world } = openOffice();
    const other = connect(b, c, '102');
    world.login('HD0003', '100'); // not a party: the call is of that desk
    const call = connect(a, b, '101');
    const to = `<sip:102@192.0.2.1?Replaces=${encodeURIComponent(replacesOf(other))}>`;
    a.send(a.asCaller('REFER', call.invite, call.ok, [['Refer-To', to]]));
    assert.equal([a.heard(), b.heard()], ['403', '']);
  });
});

describe('an INVITE with Replaces', (test) => {
  test('without a REFER is refused, and does not tell whether there is such a call', () => {
    const { a, b, c } = openOffice();
    const call = connect(a, b, '101');
    for (const value of [replacesOf(call), 'nothing;to-tag=a;from-tag=b', 'nonsense']) {
      c.call('101', [['Replaces', value]]);
      assert.equal([c.heard(), a.heard(), b.heard()], ['481', '', '']);
    }
  });

  test('takes one’s own call to another desk', () => {
    const { world, a, b, c } = openOffice();
    const call = connect(a, b, '101');
    world.login('HD0003', '100');
    c.call('101', [['Replaces', replacesOf(call)]]);
    assert.is(b.heard(), 'INVITE');
    world.logout('HD0003');
    c.call('101', [['Replaces', replacesOf(call)]]);
    assert.is(c.heard(), '481');
  });

  test('after a REFER is good for a minute, for that phone, for that call', () => {
    const { world, a, b, c } = openOffice();
    const first = connect(a, b, '101');
    const second = connect(a, c, '102');
    const third = connect(b, a, '100');
    const to = `<sip:102@192.0.2.1?Replaces=${encodeURIComponent(replacesOf(second))}>`;
    a.send(a.asCaller('REFER', first.invite, first.ok, [['Refer-To', to]]));
    b.heard();
    c.call('100', [['Replaces', replacesOf(third)]]);
    assert.is(c.heard(), '481');
    world.clock.advance(60_000);
    b.heard();
    b.call('102', [['Replaces', replacesOf(second)]]);
    assert.is(statusOf(b.take()), 481);
  });

  test('to a call that is over is refused', () => {
    const { world, a, b, c } = openOffice();
    const call = connect(a, b, '101');
    a.send(a.asCaller('BYE', call.invite, call.ok));
    b.answer(b.take(), 200);
    world.login('HD0003', '100');
    c.call('101', [['Replaces', replacesOf(call)]]);
    assert.is(c.heard(), '481');
  });
});

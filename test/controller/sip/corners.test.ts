/** Corners of RFC 3261 that offices meet: strict routers, repeats, a desk that changes hands in a call, a hall of desks. */

import * as assert from 'uvu/assert';
import { formatMessage, type HeaderList } from '#protocol/sip/message.ts';
import { parseNameAddr } from '#protocol/sip/name-addr.ts';
import { describe } from '#test/support/describe.ts';
import { connect, openOffice, statusOf } from './office.ts';
import { flowAt, type Phone, type World } from './world.ts';

/** One more desk in the north, where `extension` is logged in. */
function addDesk(world: World, host: number, extension: string): Phone {
  const id = `HD1${host}`;
  const mac = `0000000010${host.toString(16)}`;
  const known = { vendor: 'yealink', model: 'T46S', site: 'north', generation: 1, confirmedGeneration: 0 };
  world.store.note([{ type: 'put', collection: 'devices', value: { id, mac, ...known } }]);
  const phone = world.phone(id, flowAt('north', host));
  phone.register();
  world.login(id, extension);
  return phone;
}

describe('corners of a call', (test) => {
  for (const method of ['ACK', 'BYE'])
    test(`${method} of a strict router: the target at the end of its Route (16.4)`, () => {
      const { a, b } = openOffice();
      const call = connect(a, b, '101');
      const request = a.asCaller(method, call.invite, call.ok);
      const [near = '', far = ''] = request.getAll('Route');
      request.removeAll('Route');
      for (const route of [far, `<${b.contact}>`]) request.append('Route', route);
      request.start = { type: 'request', method, uri: parseNameAddr(near).uri };
      a.send(request);
      const got = b.take();
      assert.is(got.start.type === 'request' && got.start.uri, b.contact);
      assert.is(got.get('Route'), undefined);
    });

  test('a Request-URI with a token of another call leads nowhere', () => {
    const { a, b, c } = openOffice();
    const [call, other] = [connect(a, b, '101'), connect(c, b, '101')];
    const bye = a.asCaller('BYE', call.invite, call.ok);
    const [, far = ''] = bye.getAll('Route');
    bye.removeAll('Route');
    for (const route of [far, `<${b.contact}>`]) bye.append('Route', route);
    const foreign = other.ok.getAll('Record-Route').reverse()[0] ?? '';
    bye.start = { type: 'request', method: 'BYE', uri: parseNameAddr(foreign).uri };
    a.send(bye);
    assert.equal([a.heard(), b.heard()], ['407', '']);
  });

  test('each repeat of a 200 is handed on, and each ACK', () => {
    const { a, b } = openOffice();
    const invite = a.call('101');
    const got = b.take();
    for (let i = 0; i < 3; i++) b.answer(got, 200);
    const ok = a.take();
    assert.is(a.heard(), '200 200');
    for (let i = 0; i < 2; i++) a.send(a.asCaller('ACK', invite, ok));
    assert.is(b.heard(), 'ACK ACK');
  });

  test('short names, a space before the colon, any case: one and the same INVITE', () => {
    const { a, b } = openOffice();
    const request = a.build('INVITE', { uri: `sip:101@${a.host}`, body: 'v=0\r\n' });
    request.set('Content-Type', 'application/sdp');
    a.send(request);
    let text = Buffer.from(formatMessage(a.credential(request, a.take()))).toString('latin1');
    const short = { Via: 'v', From: 'F', To: 't ', 'Call-ID': 'i\t', Contact: 'm', 'Content-Type': 'c' };
    for (const [name, by] of Object.entries({
      ...short,
      'Content-Length': 'l',
      'Max-Forwards': 'mAx-FORWARDS',
    }))
      text = text.replace(`${name}:`, `${by}:`);
    a.sendRaw(Buffer.from(text, 'latin1'));
    const got = b.take();
    assert.equal(
      ['Contact', 'Content-Type', 'Max-Forwards', 'CSeq'].map((name) => got.get(name)),
      [`<${a.contact}>`, 'application/sdp', '69', '2 INVITE'],
    );
    b.answer(got, 200);
    assert.is(statusOf(a.take()), 200);
  });

  test('what the phones must know is theirs (20.32), what a proxy must know is refused', () => {
    const { a, b } = openOffice();
    a.call('101', [['Require', 'foo']]);
    assert.is(b.take().get('Require'), 'foo');
    a.call('101', [['Proxy-Require', 'foo, bar']]);
    assert.equal([a.take().getAll('Unsupported').join(' '), b.heard()], ['foo bar', '']);
  });

  test('goes on as whose it was when its desk changes hands, and what it may is the new user’s', () => {
    const { world, a, b } = openOffice();
    const call = connect(a, b, '101');
    for (const extension of [undefined, '102']) {
      if (extension === undefined) world.logout('HD0001');
      else world.login('HD0001', extension);
      a.send(a.asCaller('INVITE', call.invite, call.ok));
      const again = b.take();
      assert.match(again.get('P-Asserted-Identity') ?? '', /<sip:100@/);
      b.answer(again, 200);
      assert.is(a.heard(), '200');
      // A transfer is as if its sender had dialled, and at an empty desk nobody dials.
      a.send(a.asCaller('REFER', call.invite, call.ok, [['Refer-To', `<sip:101@${a.host}>`]]));
      assert.equal([a.heard(), b.heard()], extension === undefined ? ['403', ''] : ['', 'REFER']);
    }
    b.send(b.asCallee('BYE', call.got));
    a.answer(a.take(), 200);
    assert.is(b.heard(), '200');
    assert.equal(world.told.callEnded.sort(), ['HD0001', 'HD0002']);
  });

  test('rings a user at all of seventy desks, and of more as many as there is room for', () => {
    const { world, a } = openOffice();
    const desks = Array.from({ length: 120 }, (_, index) => addDesk(world, 100 + index, '777'));
    const { revision: _, ...user } = world.store.get('users', '101') ?? (undefined as never);
    world.store.note([{ type: 'put', collection: 'users', value: { ...user, extension: '777' } }]);
    const rung = () => desks.filter((desk) => desk.heard().includes('INVITE'));
    for (const desk of desks.slice(70)) world.logout(desk.id);
    a.call('777');
    assert.is(rung().length, 70);
    assert.is(world.core.counters.overloaded, 0);
    for (const desk of desks.slice(70)) world.login(desk.id, '777');
    a.call('777');
    assert.is(rung().length, 100);
    assert.is(world.core.counters.overloaded, 20);
  });

  test('nobody listens in (RFC 3911), and an empty desk steps into nothing, not even by a call for help', () => {
    const { world, a, b } = openOffice();
    const call = '1;to-tag=2;from-tag=3';
    a.call('101', [['Join', call]]);
    assert.is(b.take().get('Join'), undefined);

    world.logout('HD0001');
    const gateway = world.phone('gateway', { ...flowAt('north', 0), remote: world.gateway });
    const uri = `sip:112@${a.host}`;
    const headers: HeaderList = ['Join', 'Replaces'].map((name) => [name, call] as const);
    a.send(a.build('INVITE', { uri, headers }));
    const got = gateway.take();
    assert.equal([got.get('Join'), got.get('Replaces')], [undefined, undefined]);
  });

  test('a phone that calls and calls is busy with eight, and with an ACK that has no hops left nothing goes on', () => {
    const { a, c } = openOffice();
    const calls = Array.from({ length: 8 }, () => connect(a, c, '102'));
    a.call('102');
    assert.equal([a.heard(), c.heard()], ['486', '']);
    const [first] = calls;
    assert.ok(first);
    a.send(a.asCaller('ACK', first.invite, first.ok, [['Max-Forwards', '0']]));
    assert.is(c.heard(), '');
    a.send(a.asCaller('BYE', first.invite, first.ok));
    c.answer(c.take(), 200);
    a.heard();
    a.call('102');
    assert.is(c.heard(), 'INVITE');
  });

  test('a desk that was moved to another site is not called where it was', () => {
    const { world, a, b } = openOffice();
    const { revision: _, ...device } = world.store.get('devices', 'HD0002') ?? (undefined as never);
    world.store.note([{ type: 'put', collection: 'devices', value: { ...device, site: 'south' } }]);
    a.call('101');
    assert.equal([a.heard(), b.heard()], ['480', '']);
  });

  test('to one’s own number rings at one’s other desks; nobody there is 480', () => {
    const { world, a, c } = openOffice();
    a.call('100');
    assert.is(a.heard(), '480');
    world.login('HD0003', '100');
    a.call('100');
    assert.equal([a.heard(), c.heard()], ['', 'INVITE']);
  });
});

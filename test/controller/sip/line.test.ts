import * as assert from 'uvu/assert';
import { createResponse, formatMessage } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { createWorld, flowAt } from './world.ts';

function start() {
  const world = createWorld();
  const phone = world.phone('HD0001', flowAt('north', 11));
  phone.register();
  return { world, phone };
}

describe('the login line', (test) => {
  // biome-ignore format: a table
  const codes: { dialled: string; request: object }[] = [
    { dialled: '*77*100*',       request: { type: 'login', extension: '100' } },
    { dialled: '%2A77%2A100%2A', request: { type: 'login', extension: '100' } },
    { dialled: '*77*',           request: { type: 'login' } },
    { dialled: '*77*5*',         request: { type: 'logout' } },
  ];
  for (const { dialled, request } of codes) {
    test(`is told of ${dialled} before it is called`, () => {
      const { world, phone } = start();
      phone.call(dialled, [['X-Extension', '666']]);
      const invite = world.line.inbox[0];
      assert.ok(invite);
      assert.is(invite.start.type === 'request' && invite.start.uri, 'sip:hotdesk@hotdesk.invalid');
      assert.is(invite.to.uri, `sip:${dialled}@192.0.2.1:5060`);
      assert.is(invite.get('X-Extension'), undefined);
      const branch = invite.topVia.params.get('branch');
      const call = { device: 'HD0001', site: 'north', flow: phone.flow, request };
      assert.equal(world.told.expected, [{ branch, call }]);
    });
  }

  test('answers, hangs up, and frees the phone', () => {
    const { world, phone } = start();
    const invite = phone.call('*77*100*');
    const got = world.line.inbox.shift();
    assert.ok(got);
    const routes = got.getAll('Record-Route').map((route) => ['Record-Route', route] as const);
    const contact = ['Contact', '<sip:hotdesk@hotdesk.invalid>'] as const;
    world.line.onSend(
      formatMessage(createResponse(got, 200, { toTag: 'ivr', headers: [...routes, contact] })),
    );
    const ok = phone.take();
    assert.equal(ok.getAll('Via').length, 1);
    phone.send(phone.asCaller('ACK', invite, ok));
    assert.is(world.line.inbox.shift()?.method, 'ACK');

    const bye = got.clone();
    bye.start = { type: 'request', method: 'BYE', uri: phone.contact };
    bye.removeAll('Record-Route');
    bye.set('Via', 'SIP/2.0/TCP ivr.invalid;branch=z9hG4bKivr');
    for (const [, route] of routes) bye.append('Route', route);
    bye.set('From', `${got.get('To')};tag=ivr`);
    bye.set('To', got.get('From') ?? '');
    bye.set('CSeq', '1 BYE');
    world.line.onSend(formatMessage(bye));
    const gotBye = phone.take();
    assert.is(gotBye.method, 'BYE');
    assert.equal(world.told.callEnded, []);
    phone.answer(gotBye, 200);
    assert.equal(world.line.inbox.shift()?.getAll('Via'), ['SIP/2.0/TCP ivr.invalid;branch=z9hG4bKivr']);
    assert.equal(world.told.callEnded, ['HD0001']);
  });

  test("counts from the commit: the next call is the user's", () => {
    const { world, phone } = start();
    const b = world.phone('HD0002', flowAt('north', 12));
    b.register();
    world.login('HD0002', '101');
    phone.call('101');
    assert.is(phone.heard(), '403');
    world.login('HD0001', '100');
    phone.call('101');
    assert.is(b.take().from.uri, 'sip:100@192.0.2.1:5060');
    world.logout('HD0001');
    phone.call('101');
    assert.is(phone.heard(), '403');
  });

  test('calls nobody by itself', () => {
    const { world, phone } = start();
    world.line.onSend(formatMessage(phone.build('INVITE', { uri: phone.contact })));
    assert.is(phone.heard(), '');
    assert.is(world.line.inbox[0]?.start.type, 'response');
  });
});

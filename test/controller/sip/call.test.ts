import * as assert from 'uvu/assert';
import type { SipMessage } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { createWorld, flowAt, type Phone, type World } from './world.ts';

/** Two desks of one office, 100 at HD0001 and 101 at HD0002, all registered. */
function createOffice(): { world: World; a: Phone; b: Phone } {
  const world = createWorld();
  const a = world.phone('HD0001', flowAt('north', 11));
  const b = world.phone('HD0002', flowAt('north', 12));
  for (const phone of [a, b]) phone.register();
  world.login('HD0001', '100');
  world.login('HD0002', '101');
  return { world, a, b };
}

/** A phone that sends on what it got keeps the Vias below its own. */
function withOwnVia(message: SipMessage, received: SipMessage): SipMessage {
  for (const via of received.getAll('Via').slice(1)) message.append('Via', via);
  return message;
}

describe('a call', (test) => {
  test('rings as the user, is answered, and ends', () => {
    const { world, a, b } = createOffice();
    const invite = a.call('101');
    const got = b.take();
    assert.is(got.start.type === 'request' && got.start.uri, b.contact);
    assert.is(got.get('From')?.split(';')[0], '"Zo\xc3\xab \xc3\x84dams" <sip:100@192.0.2.1:5060>');
    assert.is(got.get('P-Asserted-Identity'), '"Zo\xc3\xab \xc3\x84dams" <sip:100@192.0.2.1:5060>');
    assert.is(got.get('Max-Forwards'), '69');
    assert.is(got.get('Proxy-Authorization'), undefined);
    assert.equal(Buffer.from(got.body).toString(), 'v=0\r\n');
    assert.is(got.getAll('Record-Route').length, 2);

    b.answer(got, 180);
    b.answer(got, 200);
    assert.is(a.take().start.type === 'response', true);
    const ok = a.take();
    assert.is(ok.get('From'), invite.get('From'));
    assert.equal(ok.getAll('Via').length, 1);
    assert.is(ok.get('P-Asserted-Identity'), '"Bob" <sip:101@192.0.2.1:5060>');

    a.send(a.asCaller('ACK', invite, ok));
    assert.is(b.take().get('Route'), undefined);
    assert.equal(world.told.callEnded, []);

    const bye = a.send(a.asCaller('BYE', invite, ok));
    const gotBye = b.take();
    assert.is(gotBye.start.type === 'request' && gotBye.start.uri, b.contact);
    assert.is(gotBye.from.uri, 'sip:100@192.0.2.1:5060');
    b.answer(gotBye, 200);
    assert.is(a.take().get('Via'), `${bye.get('Via')?.replace(';rport', ';rport=5060;received=192.0.2.11')}`);
    assert.equal(world.told.callEnded.sort(), ['HD0001', 'HD0002']);
    world.core.close();
    assert.is(world.clock.pending(), 0);
  });

  for (const by of ['caller', 'callee'] as const) {
    test(`is ended by the ${by} after the controller was restarted`, () => {
      const { world, a, b } = createOffice();
      const invite = a.call('101');
      const got = b.take();
      b.answer(got, 200);
      const ok = a.take();
      a.send(a.asCaller('ACK', invite, ok));
      assert.is(b.heard(), 'ACK');

      world.restart();
      const [near, far] = by === 'caller' ? [a, b] : [b, a];
      near.send(by === 'caller' ? a.asCaller('BYE', invite, ok) : b.asCallee('BYE', got));
      far.answer(far.take(), 200);
      assert.is(near.heard(), '200');

      // And the next call works without anybody registering again.
      a.call('101');
      assert.is(b.heard(), 'INVITE');
    });
  }

  test('takes a re-INVITE and a REFER, in both directions', () => {
    const { a, b } = createOffice();
    const invite = a.call('101');
    const got = b.take();
    b.answer(got, 200);
    const ok = a.take();
    b.send(b.asCallee('INVITE', got));
    const again = a.take();
    assert.is(again.method, 'INVITE');
    a.answer(again, 200);
    assert.is(b.heard(), '200');
    a.send(a.asCaller('REFER', invite, ok, [['Refer-To', '<sip:102@192.0.2.1>']]));
    assert.is(b.heard(), 'REFER');
    b.send(b.asCallee('NOTIFY', got, [['Event', 'refer;id=2']]));
    assert.is(a.heard(), 'NOTIFY');
    b.send(b.asCallee('NOTIFY', got, [['Event', 'check-sync;reboot=true']]));
    assert.is(b.heard(), '403');
    assert.is(a.heard(), '');
  });

  test('drops what a phone says of itself, both ways', () => {
    const { a, b } = createOffice();
    const lies = [
      'P-Asserted-Identity',
      'P-Preferred-Identity',
      'Remote-Party-ID',
      'Diversion',
      'X-Queue',
      'x-a',
    ];
    const headers = lies.map((name) => [name, '"Boss" <sip:1@evil>'] as const);
    a.call('101', [
      ...headers,
      ['Alert-Info', '<http://x>;info=alert-autoanswer'],
      ['Record-Route', '<sip:evil;lr>'],
    ]);
    const got = b.take();
    assert.is(
      got
        .names()
        .filter((name) => /^X-|Remote|Divers|Preferred|Alert/.test(name))
        .join(),
      '',
    );
    assert.not.match(got.get('P-Asserted-Identity') ?? '', /evil/);
    assert.is(got.getAll('Record-Route').length, 2);
    b.answer(got, 200, [...headers, ['Record-Route', '<sip:169.254.169.254;lr>']]);
    const ok = a.take();
    assert.not.match(ok.get('P-Asserted-Identity') ?? '', /evil/);
    assert.equal(ok.getAll('Record-Route'), got.getAll('Record-Route'));
  });

  test('rings at both desks; the loser is cancelled', () => {
    const { world, a, b } = createOffice();
    const c = world.phone('HD0003', flowAt('south', 31));
    c.register();
    world.login('HD0003', '101');
    a.call('101');
    const [first, second] = [b.take(), c.take()];
    assert.match(second.getAll('Record-Route')[0] ?? '', /@198\.51\.100\.1:5060;lr>$/);
    assert.match(second.getAll('Record-Route')[1] ?? '', /@192\.0\.2\.1:5060;lr>$/);
    b.answer(first, 180);
    c.answer(second, 180);
    c.answer(second, 200);
    assert.is(a.heard(), '180 180 200');
    const cancel = b.take();
    assert.is(cancel.method, 'CANCEL');
    b.answer(cancel, 200);
    b.answer(first, 487);
    assert.is(b.heard(), 'ACK');
    assert.equal(world.told.callEnded, ['HD0002']);
  });

  test('is cancelled by its caller', () => {
    const { world, a, b } = createOffice();
    const invite = a.call('101');
    const got = b.take();
    b.answer(got, 180);
    a.heard();
    const cancel = a.ackTo(invite, invite);
    cancel.start = { type: 'request', method: 'CANCEL', uri: 'sip:101@192.0.2.1:5060' };
    cancel.set('CSeq', `${invite.cseq.number} CANCEL`);
    a.send(cancel);
    assert.is(a.heard(), '200');
    const gotCancel = b.take();
    assert.is(gotCancel.method, 'CANCEL');
    b.answer(gotCancel, 200);
    b.answer(got, 487);
    assert.is(a.heard(), '487');
    assert.equal(world.told.callEnded.sort(), ['HD0001', 'HD0002']);
  });

  // biome-ignore format: a table
  const refusals: { name: string; answers: (number | 'silence')[]; status: string }[] = [
    { name: 'busy',                                 answers: [486],            status: '486' },
    { name: 'a redirection, which is not followed', answers: [302],            status: '480' },
    { name: 'a challenge, which is not passed on',  answers: [407],            status: '403' },
    { name: 'a 503, which is not ours',             answers: [503],            status: '500' },
    { name: 'one busy, one declined',               answers: [486, 603],       status: '603' },
    { name: 'one busy, one that says nothing',      answers: [486, 'silence'], status: '486' },
    { name: 'nobody says anything',                 answers: ['silence'],      status: '408' },
  ];
  for (const { name, answers, status } of refusals) {
    test(`gets ${status} for ${name}`, () => {
      const { world, a, b } = createOffice();
      const c = world.phone('HD0003', flowAt('south', 31));
      if (answers.length > 1) {
        c.register();
        world.login('HD0003', '101');
      }
      const invite = a.call('101');
      [b, c].slice(0, answers.length).forEach((phone, index) => {
        const said = answers[index];
        const got = phone.take();
        if (typeof said === 'number') phone.answer(got, said, [['WWW-Authenticate', 'Digest realm="x"']]);
      });
      world.clock.advance(40_000);
      const final = a.inbox.filter(({ start }) => start.type === 'response' && start.status >= 200)[0];
      assert.is(String(final?.start.type === 'response' && final.start.status), status);
      assert.is(final?.get('WWW-Authenticate'), undefined);
      if (final !== undefined) a.send(a.ackTo(invite, final));
      assert.equal(world.told.callEnded.length, answers.length + 1);
    });
  }

  test('to a phone whose agent is away is a 480', () => {
    const { world, a } = createOffice();
    world.down.add(`${'a'.repeat(16)} udp 192.0.2.1:5060 192.0.2.12:5060`);
    a.call('101');
    assert.is(a.heard(), '480');
  });

  test('goes no further without hops, in circles, or with what a proxy must know', () => {
    const { a, b } = createOffice();
    a.call('101', [['Max-Forwards', '0']]);
    assert.is(a.heard(), '483');
    a.call('101', [['Proxy-Require', 'foo']]);
    assert.is(a.take().get('Unsupported'), 'foo');

    a.call('101');
    const back = b.take();
    back.start = { type: 'request', method: 'INVITE', uri: 'sip:101@192.0.2.1:5060' };
    back.set('CSeq', `${back.cseq.number - 1} INVITE`); // `ask` counts on
    back.prepend('Via', 'SIP/2.0/UDP 192.0.2.12;branch=z9hG4bKback');
    b.send(back);
    b.send(withOwnVia(b.credential(back, b.take()), back));
    assert.is(b.heard(), '482');
  });

  // biome-ignore format: a table
  const stolen: { name: string; change: (route: string) => string; status: string }[] = [
    { name: 'a token with a changed byte', change: (route) => route.replace(/sip:(.)/, (_, c) => `sip:${c === 'A' ? 'B' : 'A'}`), status: '407' },
    { name: 'a token that is none',        change: () => '<sip:169.254.169.254;lr>',                                       status: '407' },
  ];
  for (const { name, change, status } of stolen) {
    test(`is not found with ${name}`, () => {
      const { a, b } = createOffice();
      const invite = a.call('101');
      b.answer(b.take(), 200);
      const bye = a.asCaller('BYE', invite, a.take());
      const routes = bye.getAll('Route').map(change);
      bye.removeAll('Route');
      for (const route of routes) bye.append('Route', route);
      a.send(bye);
      assert.is(a.heard(), status);
      assert.is(b.heard(), '');
    });
  }

  test('is not found from elsewhere, nor by another Call-ID', () => {
    const { world, a, b } = createOffice();
    const stranger = world.phone('HD0001', flowAt('north', 66));
    const invite = a.call('101');
    b.answer(b.take(), 200);
    const bye = a.asCaller('BYE', invite, a.take());
    stranger.send(bye);
    assert.is(stranger.heard(), '407');
    bye.set('Call-ID', 'another');
    a.send(bye);
    assert.is(a.heard(), '407');
    assert.is(b.heard(), '');
    assert.is(world.core.counters.badToken, 2);
  });
});

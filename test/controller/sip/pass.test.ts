/** What a proxy must leave alone: the extensions that two phones agree on by themselves. */

import * as assert from 'uvu/assert';
import { formatMessage, type HeaderList, type SipMessage } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { connect, openOffice, statusOf } from './office.ts';

const bodyOf = ({ body }: SipMessage) => Buffer.from(body).toString('latin1');

const fax = [
  'v=0',
  'o=- 1 1 IN IP4 192.0.2.11',
  's=-',
  'c=IN IP4 192.0.2.11',
  't=0 0',
  'm=image 40000 udptl t38',
  'a=T38FaxVersion:0',
  'a=T38MaxBitRate:14400',
  'a=x-nobody-knows: \x01 {"as":"it","is"}',
  'k=clear:x',
  '',
].join('\r\n');

describe('between two phones', (test) => {
  test('PRACK: a reliable 183 with its media, its RSeq, its RAck (RFC 3262)', () => {
    const { a, c } = openOffice();
    const invite = a.call('102', [
      ['Supported', '100rel, timer'],
      ['Session-Expires', '1800;refresher=uac'],
      ['Min-SE', '90'],
    ]);
    const got = c.take();
    assert.equal(got.getAll('Supported'), ['100rel', 'timer']);
    assert.equal([got.get('Session-Expires'), got.get('Min-SE')], ['1800;refresher=uac', '90']);
    const early: HeaderList = [
      ['Require', '100rel'],
      ['RSeq', '813520'],
    ];
    c.answer(got, 183, early);
    const progress = a.take();
    assert.equal([progress.get('Require'), progress.get('RSeq')], ['100rel', '813520']);
    assert.is(progress.getAll('Record-Route').length, 2);
    a.send(a.asCaller('PRACK', invite, progress, [['RAck', '813520 2 INVITE']]));
    const prack = c.take();
    assert.equal([prack.method, prack.get('RAck')], ['PRACK', '813520 2 INVITE']);
    c.answer(prack, 200);
    assert.is(a.heard(), '200');
    // UPDATE before the answer (RFC 3311), both ways.
    a.send(a.asCaller('UPDATE', invite, progress, [['Session-Expires', '90']]));
    const update = c.take();
    assert.equal([update.method, update.get('Session-Expires')], ['UPDATE', '90']);
    c.answer(update, 200);
    c.send(c.asCallee('UPDATE', got));
    assert.is(a.heard(), '200 UPDATE');
    c.answer(got, 200, [['Session-Expires', '1800;refresher=uas']]);
    assert.is(a.take().get('Session-Expires'), '1800;refresher=uas');
  });

  test('422 tells the caller the Min-SE to try again with (RFC 4028 5)', () => {
    const { a, b } = openOffice();
    a.call('101', [['Session-Expires', '60']]);
    b.answer(b.take(), 422, [['Min-SE', '90']]);
    const refused = a.take();
    assert.equal([statusOf(refused), refused.get('Min-SE')], [422, '90']);
  });

  test('a late offer: nothing in the INVITE, the answer in the ACK', () => {
    const { a, c } = openOffice();
    const invite = a.call('102', [], { body: '' });
    const got = c.take();
    assert.is(got.body.length, 0);
    c.answer(got, 200);
    const ack = a.asCaller('ACK', invite, a.take(), [['Content-Type', 'application/octet-stream']]);
    ack.body = Buffer.from('the answer');
    a.send(ack);
    assert.is(bodyOf(c.take()), 'the answer');
  });

  test('T.38 and lines that nobody knows, within one site', () => {
    const { a, b } = openOffice();
    a.call('101', [['Content-Type', 'application/sdp']], { body: fax });
    assert.is(bodyOf(b.take()), fax);
  });

  for (const method of ['INFO', 'UPDATE', 'MESSAGE', 'INVITE', 'OPTIONS']) {
    test(`${method} in a call, both ways, after a restart too`, () => {
      const { world, a, b } = openOffice();
      const call = connect(a, b, '101');
      world.restart();
      a.send(a.asCaller(method, call.invite, call.ok, [['Info-Package', 'x']]));
      const there = b.take();
      assert.equal([there.method, there.get('Info-Package')], [method, 'x']);
      b.answer(there, 200);
      assert.is(a.heard(), '200');
      b.send(b.asCallee(method, call.got));
      const back = a.take();
      assert.is(back.method, method);
      a.answer(back, 488);
      assert.is(statusOf(b.take()), 488);
    });
  }

  test('glare: 491 finds its way (RFC 3261 14.1)', () => {
    const { a, b } = openOffice();
    const call = connect(a, b, '101');
    a.send(a.asCaller('INVITE', call.invite, call.ok));
    b.send(b.asCallee('INVITE', call.got));
    const [atB, atA] = [b.take(), a.take()];
    b.answer(atB, 491);
    a.answer(atA, 491);
    assert.match(a.heard(), /491/);
    assert.match(b.heard(), /491/);
  });

  test('a second call at a phone that is in one', () => {
    const { a, b, c } = openOffice();
    connect(a, b, '101');
    const second = connect(c, b, '101');
    assert.is(statusOf(second.ok), 200);
    b.send(b.asCallee('BYE', second.got));
    assert.is(c.heard(), 'BYE');
    assert.is(a.heard(), '');
  });

  // biome-ignore format: a table
  const smuggled: { name: string; line: string; status?: string }[] = [
    { name: 'a space before the colon',      line: 'P-Asserted-Identity : <sip:boss@x>' },
    { name: 'a tab before the colon',        line: 'X-Queue\t: vip' },
    { name: 'small letters',                 line: 'p-asserted-identity: <sip:boss@x>' },
    { name: 'a line that goes on',           line: 'X-Queue:\r\n P-Asserted-Identity: <sip:boss@x>' },
    { name: 'a control character',           line: 'P-Asserted-Identity\x08: <sip:boss@x>', status: '400' },
    { name: 'a no-break space',              line: 'P-Asserted-Identity\xa0: <sip:boss@x>', status: '400' },
  ];
  for (const { name, line, status } of smuggled) {
    test(`no claim is smuggled by ${name}`, () => {
      const { a, b } = openOffice();
      const request = a.build('INVITE', { uri: `sip:101@${a.host}` });
      a.send(request);
      const text = Buffer.from(formatMessage(a.credential(request, a.take()))).toString('latin1');
      a.sendRaw(Buffer.from(text.replace('\r\n', `\r\n${line}\r\n`), 'latin1'));
      if (status !== undefined) {
        assert.equal([a.heard(), b.heard()], [status, '']);
        return;
      }
      const got = b.take();
      assert.match(got.get('P-Asserted-Identity') ?? '', /sip:100@/);
      assert.not.match(Buffer.from(formatMessage(got)).toString('latin1'), /boss|X-Queue/i);
    });
  }

  // biome-ignore format: a table
  const declined = [
    { name: 'do not disturb',    status: 480 },
    { name: 'busy',              status: 486 },
    { name: 'declined',          status: 603 },
    { name: 'no common codec',   status: 488 },
    { name: 'not there',         status: 404 },
  ];
  for (const { name, status } of declined) {
    test(`${status} for ${name} reaches the caller as it is`, () => {
      const { a, b } = openOffice();
      a.call('101');
      b.answer(b.take(), status, [['Retry-After', '60']]);
      const refused = a.take();
      assert.equal([statusOf(refused), refused.get('Retry-After')], [status, '60']);
    });
  }
});

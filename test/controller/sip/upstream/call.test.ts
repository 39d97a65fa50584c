/** Calls through a PBX over a real socket: who may, as whom, digest and CSeq, failover, what is refused. */

import * as assert from 'uvu/assert';
import { createKeys } from '#controller/keys.ts';
import type { Upstream } from '#controller/model/model.ts';
import { sealedFor } from '#controller/model/sealed.ts';
import { formatHostPort } from '#protocol/address.ts';
import { isRightResponse, parseCredentials } from '#protocol/sip/digest.ts';
import { createResponse, type HeaderList, type SipMessage } from '#protocol/sip/message.ts';
import { createWorld, flowAt } from '#test/controller/sip/world.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { configured, openPbx, type Pbx } from './pbx.ts';

const keys = createKeys(new Uint8Array(32).fill(7));
const canary = 'canary-secret-7f3a';

async function office(fields: Partial<Upstream> = {}, pbxs: Pbx[] = []) {
  const pbx = pbxs[0] ?? (await openPbx());
  const world = createWorld();
  const value = configured({
    id: 'pbx',
    mode: 'trunk',
    addresses: [pbx, ...pbxs.slice(1)].map(({ address }) => address),
    authentication: 'digest',
    username: 'trunk1',
    secret: keys.seal(sealedFor.upstream('pbx'), canary),
    numbers: ['0'],
    denied: ['0900'],
    ...fields,
  });
  world.store.note([{ type: 'put', collection: 'upstreams', value }]);
  await until('the socket is open', () =>
    world.core.upstreams.target({ upstream: 'pbx', number: '0' }, '100'),
  );
  const phone = world.phone('HD0001', flowAt('north', 11));
  phone.register();
  return {
    world,
    pbx,
    phone,
    async close() {
      world.core.close();
      await pbx.close();
    },
    /** INVITE, challenged, answered: a call that is up. */
    async call(number = '030123') {
      const invite = phone.call(number, [], { callId: `c${number}` });
      const first = await pbx.request('INVITE');
      pbx.challenge(first, 'n1');
      const second = await pbx.request('INVITE');
      pbx.answer(second, 200);
      const ok = await until('the 200', () => phone.inbox.find((each) => statusOf(each) === 200));
      phone.inbox.splice(0);
      return { invite, first, second, ok };
    },
  };
}

const statusOf = ({ start }: SipMessage) => (start.type === 'response' ? start.status : 0);
const numberOf = (message: SipMessage) => `${message.cseq.number} ${message.cseq.method}`;

function raise(): never {
  throw new Error('no upstream');
}

describe('controller/sip/upstream: calls', (test) => {
  test('a logged-in user calls out; an idle phone and a denied number do not', async () => {
    const { world, phone, pbx, close } = await office();
    phone.call('030123');
    assert.is(phone.heard(), '403');
    world.login('HD0001', '100');
    phone.call('0900123');
    assert.is(phone.heard(), '403');
    phone.call('555');
    assert.is(phone.heard(), '404');
    phone.call('030123');
    const invite = await pbx.request('INVITE');
    assert.is(invite.start.type === 'request' && invite.start.uri, 'sip:030123@pbx.invalid');
    assert.match(invite.get('P-Asserted-Identity') ?? '', '<sip:100@pbx.invalid>');
    assert.match(invite.get('From') ?? '', '<sip:100@pbx.invalid>');
    assert.is(invite.get('To'), '<sip:030123@pbx.invalid>');
    assert.is(invite.get('Proxy-Authorization'), undefined);
    assert.is(pbx.inbox.length, 0);
    await close();
  });

  test('a challenge is answered here, and every number after it is one ahead', async () => {
    const { world, phone, pbx, call, close } = await office();
    world.login('HD0001', '100');
    const { invite, first, second, ok } = await call();
    assert.equal([numberOf(first), numberOf(second)], ['2 INVITE', '3 INVITE']);
    assert.is(numberOf(ok), numberOf(invite));
    assert.is(ok.get('To'), `${invite.get('To')};tag=far`);
    const given = parseCredentials(second.get('Proxy-Authorization') ?? '');
    assert.is(given.username, 'trunk1');
    assert.ok(isRightResponse(given, { method: 'INVITE', password: canary }));

    phone.send(phone.asCaller('ACK', invite, ok));
    const ack = await pbx.request('ACK');
    assert.is(numberOf(ack), '3 ACK');
    assert.is(ack.get('Proxy-Authorization'), second.get('Proxy-Authorization'));

    const again = phone.asCaller('INVITE', invite, ok);
    phone.send(again);
    pbx.challenge(await pbx.request('INVITE'), 'n2');
    const reInvite = await pbx.request('INVITE');
    assert.is(numberOf(reInvite), '5 INVITE');
    pbx.answer(reInvite, 200);
    const answered = await until('the 200', () => phone.inbox.find((each) => statusOf(each) === 200));
    assert.is(numberOf(answered), numberOf(again));
    phone.send(phone.asCaller('ACK', again, ok));
    assert.is(numberOf(await pbx.request('ACK')), '5 ACK');

    const bye = phone.asCaller('BYE', again, ok);
    phone.send(bye);
    const sent = await pbx.request('BYE');
    assert.is(numberOf(sent), '6 BYE');
    assert.is(bye.cseq.number, 4);
    await close();
  });

  test('PRACK names the INVITE as the PBX knows it', async () => {
    const { world, phone, pbx, close } = await office();
    world.login('HD0001', '100');
    const invite = phone.call('030123');
    pbx.challenge(await pbx.request('INVITE'), 'n1');
    pbx.answer(await pbx.request('INVITE'), 183, [
      ['Require', '100rel'],
      ['RSeq', '71'],
    ]);
    const early = await until('the 183', () => phone.inbox.find((each) => statusOf(each) === 183));
    phone.send(phone.asCaller('PRACK', invite, early, [['RAck', `71 ${invite.cseq.number} INVITE`]]));
    const prack = await pbx.request('PRACK');
    assert.equal([numberOf(prack), prack.get('RAck')], ['4 PRACK', '71 3 INVITE']);
    await close();
  });

  test('a BYE after a restart has a number above all before', async () => {
    const { world, phone, pbx, call, close } = await office();
    world.login('HD0001', '100');
    const { invite, ok } = await call();
    world.restart();
    await until('the socket is open', () =>
      world.core.upstreams.target({ upstream: 'pbx', number: '0' }, '100'),
    );
    phone.send(phone.asCaller('ACK', invite, ok));
    assert.is(numberOf(await pbx.request('ACK')), '3 ACK');
    phone.send(phone.asCaller('BYE', invite, ok));
    const bye = await pbx.request('BYE');
    assert.ok(bye.cseq.number > 1_000, numberOf(bye));
    pbx.answer(bye, 200);
    const answered = await until('the 200', () => phone.inbox.find(({ cseq }) => cseq.method === 'BYE'));
    assert.is(numberOf(answered), '3 BYE');
    await close();
  });

  test('a wrong password is a 403 for the phone, tried once', async () => {
    const { world, phone, pbx, close } = await office();
    world.login('HD0001', '100');
    phone.call('030123');
    pbx.challenge(await pbx.request('INVITE'), 'n1');
    pbx.challenge(await pbx.request('INVITE'), 'n2');
    await until('the 403', () => phone.inbox.some((each) => statusOf(each) === 403));
    // Whatever was sent before the answer to this question is there by then.
    const { callId } = pbx.send(pbx.build('OPTIONS', 'x'));
    await until('the answer', () => pbx.inbox.find((each) => each.callId === callId));
    assert.ok(!pbx.inbox.some(({ start }) => start.type === 'request' && start.method === 'INVITE'));
    await close();
  });

  test('a stale nonce is answered again', async () => {
    const { world, phone, pbx, close } = await office();
    world.login('HD0001', '100');
    phone.call('030123');
    pbx.challenge(await pbx.request('INVITE'), 'n1');
    pbx.challenge(await pbx.request('INVITE'), 'n2', 407, ', stale=true');
    assert.is(numberOf(await pbx.request('INVITE')), '4 INVITE');
    await close();
  });

  test('the next address after a 503, and after silence', async () => {
    const pbxs = [await openPbx(), await openPbx(), await openPbx()];
    const { world, phone, close } = await office({}, pbxs);
    const [one, two, three] = pbxs as [Pbx, Pbx, Pbx];
    world.login('HD0001', '100');
    phone.call('030123');
    one.answer(await one.request('INVITE'), 503);
    const silent = await two.request('INVITE');
    world.clock.advance(4_100);
    const last = await three.request('INVITE');
    three.answer(last, 200);
    await until('the 200', () => phone.inbox.some((each) => statusOf(each) === 200));
    assert.is(
      world.core.upstreams
        .show('pbx')
        .addresses.map(({ state }) => state)
        .join(' '),
      'down down up',
    );
    // Who answers after all is told that it is over.
    two.answer(silent, 180);
    await two.request('CANCEL');
    await Promise.all([two.close(), three.close(), close()]);
  });

  test('a call from there rings the user, as whom the PBX asserts', async () => {
    const { world, phone, pbx, close } = await office({ probeSeconds: 30 });
    world.login('HD0001', '100');
    world.clock.advance(1); // the first probe
    await until('the PBX knows where we are', () => pbx.controller.port !== 0);
    const invite = pbx.send(
      pbx.build('INVITE', '100', [
        ['P-Asserted-Identity', '"Ärztin" <sip:+4930555@pbx.invalid>'],
        ['Record-Route', '<sip:edge.pbx.invalid;lr>'],
      ]),
    );
    const rung = await until('the INVITE', () =>
      phone.inbox.find(({ start }) => start.type === 'request' && start.method === 'INVITE'),
    );
    assert.match(
      Buffer.from(rung.get('From') ?? '', 'latin1').toString(),
      '"Ärztin" <sip:+4930555@192.0.2.1:5060>',
    );
    assert.is(rung.getAll('Record-Route').length, 3);
    phone.answer(rung, 200);
    const ok = await until('the 200', () => pbx.inbox.find((each) => statusOf(each) === 200));
    assert.is(ok.get('From'), invite.get('From'));
    assert.is(ok.getAll('Record-Route').at(-1), '<sip:edge.pbx.invalid;lr>');

    phone.send(phone.asCallee('BYE', rung));
    const bye = await pbx.request('BYE');
    assert.equal(bye.getAll('Route'), ['<sip:edge.pbx.invalid;lr>']);
    assert.is(numberOf(bye), '2 BYE');
    pbx.challenge(bye, 'n9', 401);
    assert.is(numberOf(await pbx.request('BYE')), '3 BYE');
    await close();
  });

  test('an edge of theirs that knows no ;lr is what a request is sent to (RFC 3261 16.6)', async () => {
    const { world, phone, pbx, close } = await office();
    world.login('HD0001', '100');
    const invite = phone.call('030123');
    const got = await pbx.request('INVITE');
    const routes = ['<sip:edge.pbx.invalid>', ...got.getAll('Record-Route')];
    const headers: HeaderList = [
      ...routes.map((route) => ['Record-Route', route] as const),
      ['Contact', `<sip:far@${formatHostPort(pbx.address)}>`],
    ];
    pbx.send(createResponse(got, 200, { toTag: 'far', headers }));
    const ok = await until('the 200', () => phone.inbox.find((each) => statusOf(each) === 200));
    phone.send(phone.asCaller('BYE', invite, ok));
    const bye = await pbx.request('BYE');
    assert.is(bye.start.type === 'request' && bye.start.uri, 'sip:edge.pbx.invalid');
    assert.equal(bye.getAll('Route'), [`<sip:far@${formatHostPort(pbx.address)}>`]);
    await close();
  });

  test('from there nobody is called but users, nothing is referred, strangers are not heard', async () => {
    const { world, phone, pbx, call, close } = await office();
    world.login('HD0001', '100');
    const { second } = await call();
    for (const number of ['0900123', '030', '112', '*77*100*', 'HD0001']) {
      const invite = pbx.send(pbx.build('INVITE', number));
      const answer = await until(number, () =>
        pbx.inbox.find((each) => each.callId === invite.callId && statusOf(each) > 100),
      );
      assert.is(statusOf(answer), 404, number);
    }
    const refer = pbx.send(pbx.inDialog('REFER', second, [['Refer-To', '<sip:0900123@x>']]));
    const refused = await until('the answer', () =>
      pbx.inbox.find((each) => each.cseq.method === 'REFER' && each.callId === refer.callId),
    );
    assert.is(statusOf(refused), 403);
    assert.is(phone.heard(), '');
    await close();
  });

  test('a trunk knows our numbers in full, out and in', async () => {
    const { world, phone, pbx, close } = await office({ calledPrefix: '+4930555' });
    world.login('HD0001', '100');
    phone.call('030123');
    const out = await pbx.request('INVITE');
    assert.match(out.get('P-Asserted-Identity') ?? '', '<sip:+4930555100@pbx.invalid>');
    pbx.send(pbx.build('INVITE', '+4930555100'));
    await until('it rings', () =>
      phone.inbox.some(({ start }) => start.type === 'request' && start.method === 'INVITE'),
    );
    const wrong = pbx.send(pbx.build('INVITE', '100'));
    await until('404', () =>
      pbx.inbox.some((each) => each.callId === wrong.callId && statusOf(each) === 404),
    );
    await close();
  });

  test('another configuration takes over at once, a socket that stays the same too', async () => {
    const { world, phone, pbx, close } = await office();
    world.login('HD0001', '100');
    const local = () => {
      const target = world.core.upstreams.target({ upstream: 'pbx', number: '0' }, '100');
      return target?.side.peer.type === 'upstream' ? target.side.peer.local.port : undefined;
    };
    const port = local();
    const { revision: _, ...value } = world.store.get('upstreams', 'pbx') ?? raise();
    world.store.note([{ type: 'put', collection: 'upstreams', value: { ...value, numbers: ['7'] } }]);
    await until('the socket is open', local);
    assert.is(local(), port);
    phone.call('030123');
    assert.is(phone.heard(), '404');
    phone.call('7123');
    await pbx.request('INVITE');
    world.store.note([{ type: 'delete', collection: 'upstreams', id: 'pbx' }]);
    assert.is(local(), undefined);
    phone.inbox.splice(0);
    phone.call('7123');
    assert.is(phone.heard().split(' ').at(-1), '404');
    await close();
  });

  test('a phone sends its caller on to a number out there, but no call from there back out', async () => {
    const { world, phone, pbx, close } = await office({ authentication: 'ip' });
    const b = world.phone('HD0002', flowAt('north', 12));
    b.register();
    world.login('HD0001', '100');
    world.login('HD0002', '101');
    const away = [['Contact', `<sip:030999@${b.host}>`]] as const;
    phone.call('101');
    b.answer(b.take(), 302, away);
    const outgoing = await pbx.request('INVITE');
    assert.match(outgoing.start.type === 'request' ? outgoing.start.uri : '', /^sip:030999@/);
    pbx.answer(outgoing, 486);
    await until('busy', () => phone.inbox.find((each) => statusOf(each) === 486));
    b.inbox.splice(0);

    const incoming = pbx.send(pbx.build('INVITE', '101'));
    const got = await until('the call from there', () => b.inbox.find(({ method }) => method === 'INVITE'));
    b.answer(got, 302, away);
    const answered = await until('the refusal', () =>
      pbx.inbox.find((each) => each.callId === incoming.callId && statusOf(each) >= 300),
    );
    assert.is(statusOf(answered), 480);
    assert.not(pbx.inbox.some(({ start }) => start.type === 'request' && start.method === 'INVITE'));
    await close();
  });

  test('302 from there leads nowhere', async () => {
    const { world, phone, pbx, close } = await office();
    world.login('HD0001', '100');
    phone.call('030123');
    pbx.answer(await pbx.request('INVITE'), 302, [['Contact', '<sip:0900123@pbx.invalid>']]);
    await until('the 480', () => phone.inbox.some((each) => statusOf(each) === 480));
    await close();
  });
});

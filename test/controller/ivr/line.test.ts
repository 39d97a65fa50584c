/** The login line for real: INVITEs as text, digits as RTP, prompts recognised in what comes back. */

import * as assert from 'uvu/assert';
import type { LoginLineCounters } from '#controller/ivr/line.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { type Invite, loginCall, openWorld, sdp, settle } from './world.ts';

const pin = '739216';

describe('login line', (test) => {
  test('logs in: 200 with our SDP, prompt, PIN, commit, confirmation, BYE', async () => {
    const world = openWorld();
    const call = await world.answered();

    const ok = call.last(200);
    assert.match(ok.body, /^m=audio 40000 RTP\/AVP 8 101\r$/m);
    assert.match(ok.body, /^c=IN IP4 192\.0\.2\.1\r$/m);
    assert.match(ok.body, /^a=rtpmap:101 telephone-event\/8000\r$/m);
    assert.match(ok.head, /^Contact: <sip:hotdesk@hotdesk\.invalid>\r?$/m);
    assert.match(ok.head, /^Record-Route: <sip:proxy\.invalid;lr>\r?$/m);
    assert.equal(world.opened, ['192.0.2.77:11780']);

    world.clock.advance(4_000);
    assert.equal(world.heard(), ['pin']);
    world.press(`${pin}#`);
    await until('committed', () => world.asked.length === 2);
    assert.equal(world.asked, [`check HD0001 100 ${pin}`, 'login HD0001 100 dial']);
    await settle();
    world.clock.advance(2_000);
    assert.equal(world.heard(), ['pin', 'loggedIn']);

    const bye = call.request('BYE');
    call.respond(bye, 200);
    await settle();
    assert.is(world.line.size, 0);
    assert.ok(world.streams.every(({ isClosed }) => isClosed));
    await world.close();
  });

  test('confirms nothing before the commit is done', async () => {
    const world = openWorld();
    let commit = () => {};
    world.sessions.login = async (device, extension) => {
      await new Promise<void>((resolve) => {
        commit = resolve;
      });
      return { device, extension, since: 0, how: 'dial' };
    };
    await world.answered();
    world.press(`${pin}#`);
    await settle();
    world.clock.advance(10_000);
    assert.equal(
      world.heard().filter((prompt) => prompt !== 'pin'),
      [],
    );
    commit();
    await settle();
    world.clock.advance(2_000);
    assert.is(world.heard().at(-1), 'loggedIn');
    await world.close();
  });

  for (const [name, body, type] of [
    ['dtmf-relay', (digit: string) => `Signal=${digit}\r\nDuration=160\r\n`, 'application/dtmf-relay'],
    ['dtmf', (digit: string) => digit, 'application/dtmf'],
  ] as const) {
    test(`takes digits by INFO (${name}) of a phone without telephone events`, async () => {
      const world = openWorld();
      const call = await world.answered({ body: sdp({ formats: '8 0' }), allow: 'INVITE, ACK, BYE, INFO' });
      assert.match(call.last(200).body, /^m=audio 40000 RTP\/AVP 8\r$/m);
      for (const digit of `${pin}#`) call.info(body(digit), type);
      await until('committed', () => world.asked.length === 2);
      assert.is(world.asked[0], `check HD0001 100 ${pin}`);
      assert.is(
        call.sent('SIP/2.0 200').filter((text) => /CSeq: \d+ INFO/.test(text)).length,
        pin.length + 1,
      );
      assert.is(world.line.counters.unread, 0);
      await world.close();
    });
  }

  test('of a phone that sends each press in both ways, the first way counts', async () => {
    const world = openWorld();
    const call = await world.answered({ allow: 'INVITE, INFO' });
    for (const digit of `${pin}#`) {
      world.press(digit);
      call.info(`Signal=${digit}`);
    }
    await until('committed', () => world.asked.length === 2);
    assert.is(world.asked[0], `check HD0001 100 ${pin}`);
    await world.close();
    assert.is(world.line.counters.doubled, pin.length + 1);
  });

  test('an INFO without a digit is 415 and counted', async () => {
    const world = openWorld();
    const call = await world.answered();
    call.info('<media_control/>', 'application/media_control+xml');
    await until('refused', () => call.sent('SIP/2.0 415').length === 1);
    assert.is(world.line.counters.unread, 1);
    await world.close();
  });

  test('logs out without a question, in German where the site is', async () => {
    const world = openWorld({ language: 'de' });
    const call = await world.answered({ request: { type: 'logout' } });
    await settle();
    world.clock.advance(3_000);
    assert.equal(world.asked, ['logout HD0001 dial']);
    assert.equal(world.heard('de'), ['loggedOut']);
    call.request('BYE');
    await world.close();
  });

  test('asks for the extension when the code was dialled bare', async () => {
    const world = openWorld();
    await world.answered({ request: { type: 'login' } });
    world.clock.advance(4_000);
    world.press('100');
    world.clock.advance(3_100);
    world.clock.advance(4_000);
    world.press(pin);
    world.clock.advance(3_100);
    await settle();
    world.clock.advance(2_000);
    assert.equal(world.heard(), ['extension', 'pin', 'loggedIn']);
    await world.close();
  });

  test('sends one packet each 20 ms without drift, also after late timers', async () => {
    const world = openWorld();
    await world.answered();
    world.clock.advance(1_007);
    world.clock.advance(993);
    const { packets } = world;
    assert.is(packets.length, 101);
    for (const [i, packet] of packets.entries()) {
      const first = packets[0];
      assert.ok(first);
      assert.is(packet.sequence, (first.sequence + i) & 0xffff);
      assert.is(packet.timestamp, (first.timestamp + i * 160) >>> 0);
      assert.is(packet.payload.length, 160);
      assert.is(packet.marker, i === 0);
    }
    await world.close();
  });

  test('takes digits from the negotiated payload type only', async () => {
    const world = openWorld();
    await world.answered();
    world.press(`${pin}#`, { payloadType: 96 });
    world.send(Uint8Array.of(1, 2, 3));
    await settle();
    assert.equal(world.asked, []);
    world.press(`${pin}#`, { payloadType: 101 });
    await settle();
    assert.is(world.asked[0], `check HD0001 100 ${pin}`);
    await world.close();
    assert.is(world.line.counters.junk, 1);
  });

  test('three wrong PINs: refused, goodbye, BYE', async () => {
    const world = openWorld({ answer: 'wrong' });
    const call = await world.answered();
    for (let attempt = 0; attempt < 3; attempt++) {
      world.clock.advance(4_000);
      world.press('1111#');
      await settle();
    }
    world.clock.advance(4_000);
    assert.equal(world.heard(), ['pin', 'wrong', 'wrong', 'refused', 'goodbye']);
    call.request('BYE');
    await world.close();
  });

  test('a call that lasts two minutes ends', async () => {
    const world = openWorld();
    const call = await world.answered();
    for (let second = 0; second < 119; second++) {
      world.press('1');
      world.press('*');
      world.clock.advance(1_000);
    }
    assert.is(world.line.size, 1);
    world.clock.advance(1_000);
    call.request('BYE');
    assert.is(world.line.size, 0);
    await world.close();
  });

  test('the phone hangs up', async () => {
    const world = openWorld();
    const call = await world.answered();
    call.bye();
    await settle();
    call.last(200);
    assert.is(world.line.size, 0);
    assert.is(world.clock.pending(), 0);
    await world.close();
  });

  test('a BYE that comes before the ACK waits for it', async () => {
    const world = openWorld({ maxCallMs: 1_000 });
    const call = await world.answered({ ack: false });
    world.clock.advance(1_000);
    await settle();
    assert.is(call.sent('BYE').length, 0);
    call.ack();
    await settle();
    call.request('BYE');
    await world.close();
  });

  test('digits that come before the ACK count', async () => {
    const world = openWorld();
    const call = await world.answered({ ack: false });
    world.press(pin.slice(0, 2));
    call.ack();
    await settle();
    world.press(`${pin.slice(2)}#`);
    await until('committed', () => world.asked.length === 2);
    assert.is(world.asked[0], `check HD0001 100 ${pin}`);
    await world.close();
  });

  test('hold and resume: the answer mirrors, our audio stops and goes on, the stream stays', async () => {
    const world = openWorld();
    const call = await world.answered();
    world.clock.advance(200);
    call.reinvite(sdp({ direction: 'sendonly' }));
    await until('held', () => call.sent('SIP/2.0 200').length === 2);
    assert.match(call.last(200).body, /^a=recvonly\r$/m);
    call.ack();
    await settle();
    const before = world.packets.length;
    world.clock.advance(1_000);
    assert.is(world.packets.length, before);

    call.reinvite(sdp({}));
    await until('resumed', () => call.sent('SIP/2.0 200').length === 3);
    assert.match(call.last(200).body, /^a=sendrecv\r$/m);
    call.ack();
    world.clock.advance(1_000);
    assert.is(world.packets.length, before + 50);
    assert.is(world.packets[before]?.marker, true);
    assert.is(world.opened.length, 1);
    await world.close();
  });

  test('a re-INVITE to another port opens another stream, one without a codec is 488 and changes nothing', async () => {
    const world = openWorld();
    const call = await world.answered();
    call.reinvite(sdp({ port: 11_800 }));
    await until('moved', () => call.sent('SIP/2.0 200').length === 2);
    call.ack();
    await settle();
    assert.match(call.last(200).body, /^m=audio 40002 /m);
    assert.equal(world.opened, ['192.0.2.77:11780', '192.0.2.77:11800']);
    assert.equal(
      world.streams.map(({ isClosed }) => isClosed),
      [true, false],
    );

    call.reinvite(sdp({ formats: '18 101' }));
    await until('refused', () => call.sent('SIP/2.0 488').length === 1);
    assert.is(world.line.size, 1);
    await world.close();
  });

  // biome-ignore format: a table
  const refused: { name: string; invite: Invite; status: number; counter: keyof LoginLineCounters }[] = [
    { name: 'an INVITE without an offer',          invite: { body: '' },                                     status: 488, counter: 'unacceptable' },
    { name: 'an offer that is no SDP',             invite: { body: 'v=1\r\n' },                              status: 488, counter: 'unacceptable' },
    { name: 'a body of another type',              invite: { type: 'text/plain' },                           status: 488, counter: 'unacceptable' },
    { name: 'no codec of ours',                    invite: { body: sdp({ formats: '18 9 101' }) },           status: 488, counter: 'unacceptable' },
    { name: 'no telephone events',                 invite: { body: sdp({ formats: '8 0' }) },                status: 488, counter: 'unacceptable' },
    { name: 'SRTP only',                           invite: { body: sdp({ protocol: 'RTP/SAVP' }) },          status: 488, counter: 'unacceptable' },
    { name: 'held from the start (0.0.0.0)',       invite: { body: sdp({ address: '0.0.0.0' }) },            status: 488, counter: 'unacceptable' },
    { name: 'a multicast group',                   invite: { body: sdp({ address: '224.0.1.75' }) },         status: 488, counter: 'unacceptable' },
    { name: 'everybody',                           invite: { body: sdp({ address: '255.255.255.255' }) },    status: 488, counter: 'unacceptable' },
    { name: 'the port of a service',               invite: { body: sdp({ port: 22 }) },                      status: 488, counter: 'unacceptable' },
    { name: 'port 0',                              invite: { body: sdp({ port: 0 }) },                       status: 488, counter: 'unacceptable' },
    { name: 'no stream to be had',                 invite: { media: new Fault('limit.reached', 'no ports') }, status: 480, counter: 'unavailable' },
    { name: 'a call nobody announced',             invite: { expect: false },                                status: 403, counter: 'unexpected' },
  ];
  for (const { name, invite, status, counter } of refused) {
    test(`refuses ${name}`, async () => {
      const world = openWorld();
      const call = world.call(invite);
      await until(`a ${status}`, () => call.sent(`SIP/2.0 ${status}`)[0]);
      assert.is(world.line.counters[counter], 1);
      assert.is(world.line.size, 0);
      assert.is(world.clock.pending(), 0);
      assert.equal(world.opened, []);
      await world.close();
    });
  }

  // biome-ignore format: a table
  const addresses: { name: string; address: string }[] = [
    { name: 'loopback',       address: '127.0.0.1' },
    { name: 'another host',   address: '169.254.169.254' },
    { name: 'another family', address: '2001:db8::9' },
  ];
  for (const { name, address } of addresses) {
    test(`sends to the flow's own address when the SDP names ${name}`, async () => {
      const world = openWorld();
      await world.answered({ body: sdp({ address }) });
      assert.equal(world.opened, ['192.0.2.77:11780']);
      await world.close();
    });
  }

  test('is busy over its bounds: two calls a device, and so many in all', async () => {
    const world = openWorld({ maxCalls: 3 });
    await world.answered({ callId: 'a' });
    await world.answered({ callId: 'b' });
    const third = world.call({ callId: 'c' });
    await until('486', () => third.sent('SIP/2.0 486')[0]);
    await world.answered({ callId: 'd', device: 'HD0002' });
    const fifth = world.call({ callId: 'e', device: 'HD0003' });
    await until('486', () => fifth.sent('SIP/2.0 486')[0]);
    assert.is(world.line.counters.busy, 2);
    await world.close();
    assert.is(world.line.size, 0);
  });

  test('forgets the oldest announcement over its bound', async () => {
    const world = openWorld({ maxExpected: 2 });
    for (const branch of ['z9hG4bK1', 'z9hG4bK2', 'z9hG4bK3']) world.line.expect(branch, loginCall());
    const first = world.call({ expect: false, branch: 'z9hG4bK1', callId: 'a' });
    await until('403', () => first.sent('SIP/2.0 403')[0]);
    const last = world.call({ expect: false, branch: 'z9hG4bK3', callId: 'b' });
    await until('200', () => last.sent('SIP/2.0 200')[0]);
    await world.close();
  });

  test('cancelled while the stream is being opened: 487, and the stream is closed when it comes', async () => {
    const world = openWorld();
    let give = () => {};
    const opening = new Promise<void>((resolve) => {
      give = resolve;
    });
    const call = world.call({ media: opening });
    await settle();
    call.cancel();
    await until('487', () => call.sent('SIP/2.0 487')[0]);
    give();
    await until('closed', () => world.streams[0]?.isClosed);
    assert.is(world.line.size, 0);
    assert.is(world.clock.pending(), 0);
    await world.close();
  });

  test('lives through messages that are none', async () => {
    const world = openWorld();
    for (const text of [
      '',
      '\r\n\r\n',
      'INVITE',
      'INVITE sip:hotdesk@hotdesk.invalid SIP/2.0\r\n\r\n',
      '\0\xff'.repeat(500),
    ]) {
      world.line.receive(Buffer.from(text));
    }
    await world.answered();
    await world.close();
  });

  test('no digit of the PIN is in any log line', async () => {
    const world = openWorld({ answer: 'wrong' });
    await world.answered({ callId: 'plain' });
    for (let attempt = 0; attempt < 2; attempt++) {
      world.press(`${pin}#`);
      await settle();
    }
    world.sessions.checkPin = async () => {
      throw new Fault('unavailable', 'no hash today');
    };
    world.press(`${pin}#`);
    await settle();
    world.clock.advance(10_000);
    assert.is(world.heard().at(-2), 'unavailable');
    await world.close();

    const log = world.log();
    assert.match(log, /login call ended/);
    assert.match(log, /not possible now/);
    assert.not.match(log, new RegExp(pin));
    // Not digit by digit either: no field is a single key.
    assert.not.match(log, /:"?[0-9*#]"?[,}]/);
  });
});

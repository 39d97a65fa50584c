import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { hex } from '#test/support/hex.ts';
import { createCall, createWorld, endAt, rtp, sdp, targets } from './world.ts';

const caller = endAt('north', 9, { user: '100' });
const callee = endAt('south', 7, { user: '102' });
const neighbour = endAt('north', 8, { user: '101' });
const gateway = endAt('north', 200, { user: '112', isGateway: true });

const callersSdp = sdp('192.0.2.9', 11_000);
/** A part of another kind, and the delimiter after it. */
const isup = (delimiter: string) =>
  `${delimiter}\r\nContent-Type: application/isup; version=itu-t92+\r\n\r\nv=\u0001\u0000\r\n${delimiter}`;
const calleesSdp = sdp('198.51.100.7', 12_000);

/** A call between two sites that stands. */
async function openCall(options: Parameters<typeof createWorld>[0] = {}, [near, far] = [caller, callee]) {
  const world = createWorld(options);
  const call = createCall(world.media, near, far);
  const invite = await call.ask('INVITE', sdp(near.flow.remote.address, 11_000), { isFirst: true });
  const answer = await invite.answer(200, sdp(far.flow.remote.address, 12_000));
  const [facingCaller, facingCallee] = world.streams;
  assert.ok(facingCaller && facingCallee);
  return { ...world, call, invite, answer, facingCaller, facingCallee };
}

describe('media of a call', (test) => {
  test('between sites each phone is told of its own agent', async () => {
    const { invite, answer, facingCaller, facingCallee, media } = await openCall();
    assert.is(facingCaller.at, 'north 192.0.2.9:11000');
    assert.is(facingCallee.at, 'south 198.51.100.7:0', 'its phone has not said a port yet');
    assert.is(targets(invite.there), `198.51.100.1:${facingCallee.local.port}`);
    assert.is(targets(answer), `192.0.2.1:${facingCaller.local.port}`);
    assert.equal(facingCallee.events, ['12000']);
    assert.is(media.calls()[0]?.media, 'controller');
    assert.is(media.calls()[0]?.agents.length, 2);
    media.close();
  });

  test('packets and RTCP pass both ways, and are counted', async () => {
    const { facingCaller, facingCallee, media, clock } = await openCall();
    for (const number of [1, 2, 4]) {
      facingCaller.onPacket(rtp(number));
      clock.advance(20);
    }
    facingCallee.onPacket(rtp(1, 8));
    const report = hex('81c90007 00000008 00000007 10 000001 00010203 00000050 00000000 00000000');
    facingCallee.onRtcp?.(report);
    assert.equal(facingCallee.sent, [rtp(1), rtp(2), rtp(4)]);
    assert.equal(facingCaller.sent, [rtp(1, 8), report]);
    const [there, back] = media.calls()[0]?.streams ?? [];
    assert.equal([there?.from, there?.to, there?.packets, there?.lost], ['100', '102', 3, 1]);
    assert.equal(there?.heard, { lost: 1, jitterMs: 10 });
    assert.equal([back?.from, back?.packets, back?.rtcp], ['102', 1, 1]);
    media.close();
  });

  test('an agent that keeps no bound does not fill the tunnel of the other site', async () => {
    const { facingCaller, facingCallee, media, clock } = await openCall();
    for (let number = 0; number < 5_000; number++) {
      facingCaller.onPacket(rtp(number));
      if (number % 5 === 0) clock.advance(1);
    }
    assert.ok(facingCallee.sent.length <= 1_000, `${facingCallee.sent.length} passed`);
    assert.is(media.calls()[0]?.streams[0]?.dropped, 5_000 - facingCallee.sent.length);
    media.close();
  });

  test('within a site nothing is touched, and the call is known', async () => {
    const { media, streams } = createWorld();
    const call = createCall(media, caller, neighbour);
    const invite = await call.ask('INVITE', callersSdp, { isFirst: true });
    assert.is(invite.there, callersSdp);
    assert.is(await invite.answer(200, calleesSdp), calleesSdp);
    assert.equal(streams, []);
    const [known] = media.calls();
    assert.equal([known?.from, known?.to, known?.sites, known?.media], ['100', '101', ['north'], 'direct']);
    assert.equal(known?.agents, ['north'.padEnd(16, '0')]);
    await call.bye();
    assert.ok(media.calls()[0]?.endedAt);
    media.close();
  });

  test('within a site by its agent: the agent joins the streams and reports of them', async () => {
    const { facingCaller, facingCallee, media } = await openCall({ mediaOf: () => 'agent' }, [
      caller,
      neighbour,
    ]);
    assert.equal(facingCaller.events[0], `join ${facingCallee.local.port}`);
    facingCaller.onReport?.({ packets: 250, lost: 2, jitterMs: 1.5 });
    const [known] = media.calls();
    assert.is(known?.media, 'agent');
    assert.equal([known?.streams[0]?.packets, known?.streams[0]?.lost], [250, 2]);
    media.close();
  });

  test('to a gateway by the agent, or direct when there is no port', async () => {
    for (const refuse of [false, true]) {
      const { media, streams } = createWorld({ mediaOf: () => 'agent', refuse });
      const invite = await createCall(media, caller, gateway).ask('INVITE', callersSdp, { isFirst: true });
      assert.is(invite.there === callersSdp, refuse);
      assert.is(streams.length, refuse ? 0 : 2);
      media.close();
    }
  });

  test('an offer among other parts is told the agent’s port, and nothing else of the body changes', async () => {
    const { media, streams } = createWorld();
    const call = createCall(media, caller, callee);
    const around = (sdp: string) =>
      `${isup('--b')}\r\nContent-Type: application/sdp\r\n\r\n${sdp}\r\n--b--\r\n`;
    const multipart = { isFirst: true, type: 'multipart/mixed; boundary="b"' };
    const invite = await call.ask('INVITE', around(callersSdp), multipart);
    const local = `198.51.100.1:${streams[1]?.local.port}`;
    assert.is(targets(invite.there), local);
    const [there = ''] = /v=0[\s\S]*?(?=\r\n--b--)/.exec(invite.there) ?? [];
    assert.is(invite.there, around(there));
    assert.is(targets(await invite.answer(200, calleesSdp)), `192.0.2.1:${streams[0]?.local.port}`);
    assert.is(media.calls()[0]?.media, 'controller');
    media.close();
  });

  test('parts without an offer are those of a late one', async () => {
    const { media, streams } = createWorld();
    const call = createCall(media, caller, callee);
    const invite = await call.ask('INVITE', `${isup('--b')}--`, {
      isFirst: true,
      type: 'multipart/mixed;boundary=b',
    });
    assert.is(
      targets(await invite.answer(200, calleesSdp)),
      `192.0.2.1:${streams.find(({ at }) => at.startsWith('north'))?.local.port}`,
    );
    media.close();
  });

  const part = (sdp: string, more = '') => `--b\r\nContent-Type: application/sdp\r\n${more}\r\n${sdp}\r\n`;
  for (const [what, body] of [
    ['that is there twice', `${part(callersSdp)}${part(callersSdp)}--b--\r\n`],
    ['in base64', `${part(callersSdp, 'Content-Transfer-Encoding: base64\r\n')}--b--\r\n`],
    ['without an end', part(callersSdp)],
  ] as const) {
    test(`an offer ${what} is left alone, and so is its answer`, async () => {
      const { media, streams } = createWorld();
      const call = createCall(media, caller, callee);
      const invite = await call.ask('INVITE', body, { isFirst: true, type: 'multipart/mixed;boundary=b' });
      assert.is(invite.there, body);
      assert.is(await invite.answer(200, callersSdp), callersSdp);
      assert.equal([streams, media.calls()[0]?.media, media.counters.unclear], [[], 'direct', 1]);
      media.close();
    });
  }

  test('the login line is left alone', async () => {
    const { media, streams } = createWorld();
    const call = createCall(media, caller, undefined);
    const { there } = await call.ask('INVITE', callersSdp, { isFirst: true });
    assert.is(there, callersSdp);
    assert.equal([streams, media.calls()], [[], []]);
    media.close();
  });

  test('IPv4 to IPv6', async () => {
    const far = endAt('six', 5);
    const { invite, answer } = await openCall({}, [caller, far]);
    assert.match(invite.there, /^c=IN IP6 2001:db8:6::1\r$/m);
    assert.match(answer, /^c=IN IP4 192\.0\.2\.1\r$/m);
  });

  test('early media, and the same answer again', async () => {
    const { media, streams } = createWorld();
    const invite = await createCall(media, caller, callee).ask('INVITE', callersSdp, { isFirst: true });
    const early = await invite.answer(183, calleesSdp);
    assert.is(targets(early), `192.0.2.1:${streams[0]?.local.port}`);
    streams[1]?.onPacket(rtp(1));
    assert.is(streams[0]?.sent.length, 1);
    assert.is(await invite.answer(200, calleesSdp), early);
    assert.is(await invite.answer(200, calleesSdp), early, 'sent again, its branch is settled');
    assert.is(streams.length, 2);
    media.close();
  });

  test('a late offer: in the 200, answered by the ACK', async () => {
    const { media, streams } = createWorld();
    const call = createCall(media, caller, callee);
    const invite = await call.ask('INVITE', '', { isFirst: true });
    assert.is(invite.there, '');
    assert.is(streams.length, 0);
    const offer = await invite.answer(200, calleesSdp);
    const [facingCaller, facingCallee] = streams;
    assert.is(targets(offer), `192.0.2.1:${facingCaller?.local.port}`);
    assert.is(facingCallee?.at, 'south 198.51.100.7:12000');
    assert.is(targets(await call.ack(callersSdp)), `198.51.100.1:${facingCallee?.local.port}`);
    assert.equal(facingCaller?.events, ['11000']);
    media.close();
  });

  test('a fork has streams of its own for each branch; those of the losers are closed', async () => {
    const { media, streams } = createWorld();
    const call = createCall(media, caller, callee);
    const first = await call.ask('INVITE', callersSdp, { isFirst: true, branch: 'one' });
    const second = await call.ask('INVITE', callersSdp, { isFirst: true, branch: 'two' });
    assert.is(streams.length, 4);
    await first.answer(183, calleesSdp, 't1');
    const answer = await second.answer(200, calleesSdp, 't2');
    await first.answer(487, '', 't1');
    assert.is(targets(answer), `192.0.2.1:${streams[2]?.local.port}`);
    assert.equal(
      streams.map(({ isClosed }) => isClosed),
      [true, true, false, false],
    );
    assert.is(media.calls().length, 1);
    media.close();
  });

  test('hold, resume, another port: the same streams, told what is new', async () => {
    const { call, streams, facingCaller, facingCallee, media } = await openCall();
    const hold = await call.ask('INVITE', sdp('192.0.2.9', 11_000, 'a=sendonly'));
    assert.match(hold.there, /a=sendonly/);
    await hold.answer(200, sdp('198.51.100.7', 12_000, 'a=recvonly'));
    const resume = await call.ask('UPDATE', sdp('198.51.100.7', 12_500), { by: 1 });
    assert.is(targets(resume.there), `192.0.2.1:${facingCaller.local.port}`);
    await resume.answer(200, callersSdp);
    assert.equal(facingCallee.events, ['12000', '12500']);
    assert.equal(facingCaller.events, ['11000']);
    assert.is(streams.length, 2);
    media.close();
  });

  test('RTP and RTCP share a port when both say so', async () => {
    const { media, streams } = createWorld();
    const call = createCall(media, caller, callee);
    const invite = await call.ask('INVITE', sdp('192.0.2.9', 11_000, 'a=rtcp-mux'), { isFirst: true });
    assert.match(invite.there, /a=rtcp-mux/);
    assert.equal(streams[0]?.events, ['11000']);
    await invite.answer(200, sdp('198.51.100.7', 12_000, 'a=rtcp-mux'));
    assert.equal(streams[0]?.events, ['11000', '11000 rtcp 11000']);
    assert.equal(streams[1]?.events, ['12000 rtcp 12000']);
    media.close();
  });

  test('a second m-line opens when it is offered and closes when it is refused', async () => {
    const { call, streams, media } = await openCall();
    const video = ['m=video 11100 RTP/AVP 97', 'a=rtpmap:97 H264/90000'];
    const offer = await call.ask('INVITE', sdp('192.0.2.9', 11_000, ...video));
    assert.is(streams.length, 4);
    assert.equal(streams[2]?.events, ['packetsPerSecond 2000', '11100']);
    assert.is(targets(offer.there).split(' ').length, 2);
    await offer.answer(200, sdp('198.51.100.7', 12_000, 'm=video 0 RTP/AVP 97'));
    assert.equal(
      streams.map(({ isClosed }) => isClosed),
      [false, false, true, true],
    );
    media.close();
  });

  test('a fax is carried as it is', async () => {
    const { call, streams, media } = await openCall();
    const fax = sdp('192.0.2.9', 0).replace(/m=.*\r\n/, 'm=image 11200 udptl t38\r\na=T38FaxVersion:0\r\n');
    const offer = await call.ask('INVITE', fax);
    assert.match(offer.there, /m=image 40006 udptl t38\r\na=T38FaxVersion:0/);
    assert.equal(streams[2]?.events, ['carries datagram', '11200']);
    await offer.answer(488, '');
    assert.not(streams[0]?.isClosed, 'the voice goes on when the fax is refused');
    media.close();
  });

  test('a refused call leaves nothing open', async () => {
    const { media, streams } = createWorld();
    const invite = await createCall(media, caller, callee).ask('INVITE', callersSdp, { isFirst: true });
    await invite.answer(486, '');
    assert.ok(streams.every(({ isClosed }) => isClosed));
    assert.equal(media.calls(), []);
    media.close();
  });

  test('a BYE of either side ends it, and it is remembered with its numbers', async () => {
    for (const by of [0, 1] as const) {
      const { call, streams, media, facingCaller, logged } = await openCall();
      facingCaller.onPacket(rtp(1));
      await call.bye(by);
      assert.ok(streams.every(({ isClosed }) => isClosed));
      const [ended] = media.calls();
      assert.ok(ended?.endedAt);
      assert.is(ended?.streams[0]?.packets, 1);
      assert.ok(logged.includes('call ended'));
      media.close();
    }
  });

  test('of ended calls the last ones are remembered', async () => {
    const world = createWorld({ keep: 2 });
    for (const user of ['1', '2', '3']) {
      const call = createCall(world.media, endAt('north', 9, { user }), callee);
      await (await call.ask('INVITE', callersSdp, { isFirst: true })).answer(200, calleesSdp);
      await call.bye();
    }
    assert.equal(
      world.media.calls().map(({ from }) => from),
      ['3', '2'],
    );
    world.media.close();
  });

  test('goes to where a phone is, whatever its SDP names; a PBX names where its media is', async () => {
    const { streams, call, media } = await openCall();
    const elsewhere = sdp('203.0.113.66', 13_000);
    await (await call.ask('INVITE', elsewhere)).answer(200, sdp('203.0.113.66', 14_000));
    assert.equal(
      streams.map(({ events }) => events.at(-1)),
      ['13000', '14000'],
    );
    media.close();

    const pbx = { ...callee, namesItsMedia: true } as const;
    const far = await openCall({}, [caller, pbx]);
    await (await far.call.ask('INVITE', callersSdp)).answer(200, sdp('203.0.113.66', 14_000));
    assert.is(far.facingCallee.events.at(-1), '203.0.113.66 14000');
    far.media.close();
  });

  test('tags of another call open no door', async () => {
    const { media, streams, call } = await openCall();
    const before = streams.length;
    // The same Call-ID and tags, from another place: not that call's streams.
    const thief = createCall(media, endAt('north', 66), callee, call.id);
    await thief.ask('UPDATE', sdp('192.0.2.66', 13_000));
    assert.ok(!streams.slice(0, before).some(({ events }) => events.includes('13000')));
    media.close();
  });

  // biome-ignore format: a table
  const refused: [what: string, body: string, code: string][] = [
    ['no SDP at all',        'hello',                          'sdp.malformed'],
    ['a privileged port',    sdp('192.0.2.9', 22),             'sdp.malformed'],
    ['five media',           sdp('192.0.2.9', 11_000, ...Array<string>(4).fill('m=audio 11002 RTP/AVP 8')), 'sdp.malformed'],
  ];
  for (const [what, body, code] of refused) {
    test(`${what} is refused`, async () => {
      const { media, streams } = createWorld();
      const call = createCall(media, caller, callee);
      const why = await call.ask('INVITE', body, { isFirst: true }).catch((error: unknown) => error);
      assert.ok(Fault.is(why, 'sdp.malformed'), code);
      assert.equal(streams, []);
      media.close();
    });
  }

  test('where no stream can be had, the call is refused', async () => {
    const { media } = createWorld({ refuse: true });
    const call = createCall(media, caller, callee);
    const why = await call.ask('INVITE', callersSdp, { isFirst: true }).catch((error: unknown) => error);
    assert.ok(Fault.is(why, 'unavailable'));
    assert.is(media.counters.unavailable, 1);
    media.close();
  });

  test('five seconds without RTP are reported once, held calls not at all', async () => {
    const { media, clock, facingCaller, facingCallee, call, logged } = await openCall();
    const wait = (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        clock.advance(1_000);
        facingCallee.onPacket(rtp(second));
      }
    };
    facingCaller.onPacket(rtp(1));
    wait(4);
    assert.is(media.counters.silences, 0);
    wait(10);
    assert.is(media.counters.silences, 1);
    assert.ok(logged.includes('no RTP'));
    assert.is(media.calls()[0]?.streams[0]?.silences, 1);
    const hold = await call.ask('INVITE', sdp('198.51.100.7', 12_000, 'a=sendonly'), { by: 1 });
    await hold.answer(200, sdp('192.0.2.9', 11_000, 'a=recvonly'));
    wait(20);
    assert.is(media.counters.silences, 1);
    clock.advance(20_000);
    assert.is(media.counters.silences, 1, 'nor is who holds expected to send');
    media.close();
  });

  test('a call whose session timer ran out and that has no RTP is over', async () => {
    const { media, streams, clock } = createWorld();
    const call = createCall(media, caller, callee);
    const timer = [['Session-Expires', '90;refresher=uac']] as const;
    const invite = await call.ask('INVITE', callersSdp, { isFirst: true });
    await invite.answer(200, calleesSdp, 't', timer);
    const [facingCaller] = streams;
    const isOver = () => streams.every(({ isClosed }) => isClosed);
    clock.advance(80_000);
    await (await call.ask('UPDATE', '')).answer(200, '', 't', timer);
    clock.advance(89_000);
    // Nobody refreshed it, but they still talk.
    for (let second = 0; second < 60; second++) {
      facingCaller?.onPacket(rtp(second));
      clock.advance(1_000);
    }
    assert.not.ok(isOver());
    clock.advance(31_000);
    assert.ok(isOver());
    assert.is(media.counters.idle, 1);
    media.close();
  });

  test('a call without a session timer and without RTP is over after an hour', async () => {
    const { media, streams, clock } = createWorld();
    const call = createCall(media, caller, callee);
    const invite = await call.ask('INVITE', callersSdp, { isFirst: true });
    await invite.answer(200, calleesSdp);
    clock.advance(3_599_000);
    assert.is(
      streams.some(({ isClosed }) => isClosed),
      false,
    );
    clock.advance(2_000);
    assert.ok(streams.every(({ isClosed }) => isClosed));
    assert.is(media.counters.idle, 1);
    media.close();
  });

  test('streams lost with their agent are opened again by the next offer', async () => {
    const { call, streams, media, facingCallee } = await openCall();
    facingCallee.onLost?.();
    assert.is(media.counters.lost, 1);
    assert.ok(media.calls()[0]?.streams[0]?.isLost);
    const again = await call.ask('INVITE', callersSdp);
    assert.is(streams.length, 4);
    assert.is(targets(again.there), `198.51.100.1:${streams[3]?.local.port}`);
    media.close();
  });

  test('an offer in a call that nobody remembers opens streams for it', async () => {
    const { media, streams } = createWorld();
    const call = createCall(media, caller, callee);
    const again = await call.ask('INVITE', calleesSdp, { by: 1 });
    const answer = await again.answer(200, callersSdp);
    assert.is(targets(again.there), `192.0.2.1:${streams[1]?.local.port}`);
    assert.is(targets(answer), `198.51.100.1:${streams[0]?.local.port}`);
    await call.bye();
    assert.ok(streams.every(({ isClosed }) => isClosed));
    media.close();
  });

  test('over the bound on calls, one that needs streams is refused', async () => {
    const { media } = createWorld({ maxCalls: 0 });
    const why = await createCall(media, caller, callee)
      .ask('INVITE', callersSdp, { isFirst: true })
      .catch((error: unknown) => error);
    assert.ok(Fault.is(why, 'limit.reached'));
    const direct = await createCall(media, caller, neighbour).ask('INVITE', callersSdp, { isFirst: true });
    assert.is(direct.there, callersSdp);
    media.close();
  });
});

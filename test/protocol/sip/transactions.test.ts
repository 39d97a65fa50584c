/** The layer as a server: matching, timers, CANCEL, and its bounds on both sides. */

import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { createWorld, type Parts, request } from './transaction-world.ts';

describe('transactions, server', (test) => {
  test('a request comes up once, and its repeats get its answer', () => {
    const world = createWorld();
    for (let i = 0; i < 3; i++) world.transactions.receive(request('OPTIONS'), 'phone');
    assert.is(world.requests.length, 1);
    assert.equal(world.take(), []);
    world.respond(200);
    world.transactions.receive(request('OPTIONS'), 'phone');
    assert.equal(world.take(), ['phone: 200 OPTIONS', 'phone: 200 OPTIONS']);
    assert.is(world.transactions.counters.repeats, 3);
    world.clock.advance(32_000);
    assert.is(world.transactions.size, 0);
  });

  test('100 for an INVITE that its user thinks about', () => {
    const world = createWorld();
    world.transactions.receive(request('INVITE'), 'phone');
    world.clock.advance(199);
    assert.equal(world.take(), []);
    world.clock.advance(1);
    world.transactions.receive(request('INVITE'), 'phone');
    assert.equal(world.take(), ['phone: 100 INVITE', 'phone: 100 INVITE']);
    assert.is(world.messages[0]?.to.params.has('tag'), false);
  });

  test('a refusal is sent again until its ACK (timers G and H, I)', () => {
    const world = createWorld();
    world.transactions.receive(request('INVITE'), 'phone');
    let why = '';
    world.server().onEnd = (given) => {
      why = given;
    };
    world.respond(486);
    world.clock.advance(500 + 1_000 + 2_000 + 4_000);
    assert.is(world.take().length, 5);
    world.transactions.receive(request('ACK', { toTag: 'us' }), 'phone');
    world.clock.advance(4_999);
    assert.equal(world.take(), []);
    assert.is(world.transactions.size, 1);
    world.clock.advance(1);
    assert.is(world.transactions.size, 0);
    assert.is(why, 'done');
    assert.equal(world.acks, []);
  });

  test('a refusal without ACK ends in a timeout', () => {
    const world = createWorld();
    world.transactions.receive(request('INVITE'), 'phone');
    let why = '';
    world.server().onEnd = (given) => {
      why = given;
    };
    world.respond(486);
    world.clock.advance(32_000);
    assert.is(why, 'timeout');
    // 0.5, 1.5, 3.5, then every 4 s up to 31.5 s
    assert.is(world.take().length, 1 + 3 + 7);
    assert.is(world.clock.pending(), 0);
  });

  test('nothing is sent again over a reliable transport', () => {
    const world = createWorld();
    world.transactions.receive(request('INVITE'), 'tcp');
    world.respond(486);
    world.clock.advance(31_999);
    assert.equal(world.take(), ['tcp: 486 INVITE']);
    world.transactions.receive(request('ACK'), 'tcp');
    assert.is(world.transactions.size, 0);
  });

  test('an ACK to a 2xx is its user\u2019s, on its own branch or on the INVITE\u2019s', () => {
    const world = createWorld();
    world.transactions.receive(request('INVITE'), 'phone');
    world.respond(200);
    world.transactions.receive(request('ACK', { branch: 'z9hG4bKother' }), 'phone');
    world.transactions.receive(request('ACK'), 'phone');
    assert.equal(world.acks, ['phone: c1', 'phone: c1']);
  });

  test('a repeated INVITE after a 2xx is swallowed; its user sends the 2xx again', () => {
    const world = createWorld();
    world.transactions.receive(request('INVITE'), 'phone');
    world.respond(200);
    world.transactions.receive(request('INVITE'), 'phone');
    world.respond(200);
    assert.equal(world.take(), ['phone: 200 INVITE', 'phone: 200 INVITE']);
    assert.is(world.requests.length, 1);
    world.clock.advance(32_000);
    assert.is(world.transactions.size, 0);
  });

  test('an ACK before any final response is dropped and counted', () => {
    const world = createWorld();
    world.transactions.receive(request('INVITE'), 'phone');
    world.transactions.receive(request('ACK'), 'phone');
    assert.equal(world.acks, []);
    assert.is(world.transactions.counters.strayAcks, 1);
  });

  test('a response that comes too late is counted, not sent', () => {
    const world = createWorld();
    world.transactions.receive(request('OPTIONS'), 'phone');
    world.respond(200);
    world.respond(404);
    assert.equal(world.take(), ['phone: 200 OPTIONS']);
    assert.is(world.transactions.counters.lateResponses, 1);
  });

  test('a peer that cannot be reached', () => {
    const world = createWorld();
    world.transactions.receive(request('OPTIONS'), 'phone');
    let why = '';
    world.server().onEnd = (given) => {
      why = given;
    };
    world.isReachable = false;
    world.respond(200);
    assert.is(why, '');
    world.clock.advance(0);
    assert.is(why, 'transport');
  });
});

/** Which of two requests are the same to us. */
// biome-ignore format: a table
const pairs: { name: string; first: Parts; second: Parts; peer?: string; method?: string; isNew: boolean; isMerged?: boolean }[] = [
  { name: 'the same branch',                    first: {}, second: {}, isNew: false },
  { name: 'the same branch in another Call-ID', first: {}, second: { callId: 'c2' }, isNew: false },
  { name: 'another branch',                     first: {}, second: { branch: 'z9hG4bK2' }, isNew: true, isMerged: true },
  { name: 'another branch and CSeq',            first: {}, second: { branch: 'z9hG4bK2', cseq: 2 }, isNew: true },
  { name: 'another branch within a dialog',     first: { toTag: 't' }, second: { branch: 'z9hG4bK2', toTag: 't' }, isNew: true },
  { name: 'another sent-by',                    first: {}, second: { host: '192.0.2.22' }, isNew: true, isMerged: true },
  { name: 'a host in another case',             first: { host: 'A.example' }, second: { host: 'a.EXAMPLE' }, isNew: false },
  { name: 'another method',                     first: {}, second: {}, method: 'INFO', isNew: true },
  { name: 'another peer',                       first: {}, second: {}, peer: 'other', isNew: true, isMerged: true },
  { name: 'no branch (RFC 2543)',               first: { branch: undefined }, second: { branch: undefined }, isNew: false },
  { name: 'a branch without the cookie',        first: { branch: '1' }, second: { branch: '1' }, isNew: false },
  { name: 'without the cookie, another CSeq',   first: { branch: '1' }, second: { branch: '1', cseq: 2 }, isNew: true },
  { name: 'without the cookie, another call',   first: { branch: '1' }, second: { branch: '1', callId: 'c2' }, isNew: true },
  { name: 'the cookie alone is no branch',      first: { branch: 'z9hG4bK' }, second: { branch: 'z9hG4bK', callId: 'c2' }, isNew: true },
];

describe('transactions, matching', (test) => {
  for (const { name, first, second, peer = 'phone', method = 'OPTIONS', isNew, isMerged = false } of pairs) {
    test(name, () => {
      const world = createWorld();
      world.transactions.receive(request('OPTIONS', first), 'phone');
      world.transactions.receive(request(method, second), peer);
      assert.is(world.requests.length, isNew ? 2 : 1);
      assert.is(world.requests[0]?.isMerged, false);
      if (isNew) assert.is(world.requests[1]?.isMerged, isMerged);
    });
  }

  test('a copy of what ended is no copy', () => {
    const world = createWorld();
    world.transactions.receive(request('OPTIONS'), 'phone');
    world.respond(200);
    world.clock.advance(32_000);
    world.transactions.receive(request('OPTIONS', { branch: 'z9hG4bK2' }), 'phone');
    assert.is(world.requests[1]?.isMerged, false);
  });

  test('the ACK of RFC 2543, whose To has a tag', () => {
    const world = createWorld();
    world.transactions.receive(request('INVITE', { branch: undefined }), 'phone');
    world.respond(486);
    world.transactions.receive(request('ACK', { branch: undefined, toTag: 'us' }), 'phone');
    world.clock.advance(5_000);
    assert.is(world.transactions.size, 0);
    assert.equal(world.acks, []);
  });
});

describe('transactions, CANCEL', (test) => {
  test('is answered, and its INVITE is told', () => {
    const world = createWorld();
    world.transactions.receive(request('INVITE'), 'phone');
    const cancels: string[] = [];
    world.server().onCancel = (cancel) => {
      cancels.push(cancel.method);
      world.respond(487);
    };
    world.respond(180);
    world.transactions.receive(request('CANCEL'), 'phone');
    assert.equal(world.take(), ['phone: 180 INVITE', 'phone: 200 CANCEL', 'phone: 487 INVITE']);
    assert.is(world.messages[1]?.to.params.get('tag'), 'us'); // RFC 3261 9.2: the tag of the INVITE's answers
    world.transactions.receive(request('CANCEL'), 'phone');
    assert.equal(cancels, ['CANCEL']);
    assert.equal(world.take(), ['phone: 200 CANCEL']);
    assert.is(world.requests.length, 1);
  });

  test('after a final response changes nothing', () => {
    const world = createWorld();
    world.transactions.receive(request('INVITE'), 'phone');
    world.respond(200);
    world.server().onCancel = () => assert.unreachable();
    world.transactions.receive(request('CANCEL'), 'phone');
    assert.equal(world.take(), ['phone: 200 INVITE', 'phone: 200 CANCEL']);
  });

  // biome-ignore format: a table
  const strays: { name: string; parts: Parts; peer: string }[] = [
    { name: 'of another branch', parts: { branch: 'z9hG4bK2' }, peer: 'phone' },
    { name: 'of another peer',   parts: {},                     peer: 'other' },
  ];
  for (const { name, parts, peer } of strays) {
    test(`${name}: 481`, () => {
      const world = createWorld();
      world.transactions.receive(request('INVITE'), 'phone');
      world.server().onCancel = () => assert.unreachable();
      world.transactions.receive(request('CANCEL', parts), peer);
      assert.equal(world.take(), [`${peer}: 481 CANCEL`]);
      assert.ok(world.messages[0]?.to.params.has('tag'));
    });
  }
});

describe('transactions, bounds', (test) => {
  const fill = (world: ReturnType<typeof createWorld>, count: number, peer = 'phone') => {
    for (let i = 0; i < count; i++) {
      world.transactions.receive(
        request('INVITE', { branch: `z9hG4bK${peer}${i}`, callId: `${peer}${i}` }),
        peer,
      );
    }
  };

  test('too many of one peer: 503, and others go on', () => {
    const world = createWorld({ maxPerPeer: 3 });
    fill(world, 4);
    assert.equal(world.take(), ['phone: 503 INVITE']);
    assert.is(world.messages[0]?.get('Retry-After'), '5');
    assert.ok(world.messages[0]?.to.params.has('tag'));
    fill(world, 1, 'other');
    assert.is(world.requests.length, 4);
    assert.is(world.transactions.counters.refused, 1);
  });

  test('too many in all: 503, but what is exempt comes up', () => {
    const world = createWorld({
      maxTransactions: 3,
      maxPerPeer: 3,
      isExempt: (_request, peer) => peer === 'alarm',
    });
    fill(world, 3);
    fill(world, 1, 'other');
    assert.equal(world.take(), ['other: 503 INVITE']);
    fill(world, 1, 'alarm');
    assert.is(world.requests.length, 4);
  });

  test('there is room for a CANCEL of what is there, and for no other', () => {
    const world = createWorld({ maxPerPeer: 1 });
    fill(world, 1);
    world.transactions.receive(request('CANCEL', { branch: 'z9hG4bKphone0', callId: 'phone0' }), 'phone');
    world.transactions.receive(request('CANCEL', { branch: 'z9hG4bKnone' }), 'phone');
    assert.equal(world.take(), ['phone: 200 CANCEL', 'phone: 503 CANCEL']);
  });

  test('what ended makes room', () => {
    const world = createWorld({ maxPerPeer: 1 });
    fill(world, 1);
    world.respond(200);
    world.clock.advance(32_000);
    fill(world, 1);
    assert.is(world.requests.length, 2);
  });

  test('too many of our own: a fault', () => {
    const world = createWorld({ maxTransactions: 1 });
    world.request('INVITE', 'phone', 'z9hG4bK1');
    world.request('INVITE', 'phone', 'z9hG4bK2');
    assert.throws(
      () => world.request('INVITE', 'phone', 'z9hG4bK3'),
      (e: unknown) => Fault.is(e, 'limit.reached'),
    );
  });

  test('close ends all, without a word', () => {
    const world = createWorld();
    world.request('INVITE');
    world.transactions.receive(request('INVITE'), 'phone');
    world.transactions.close();
    world.transactions.close();
    assert.is(world.transactions.size, 0);
    assert.is(world.clock.pending(), 0);
    assert.equal(world.heard, []);
  });

  test('close within a callback', () => {
    const world = createWorld();
    const transactions = world.transactions;
    transactions.request(request('OPTIONS'), 'phone', { response: () => transactions.close() });
    world.answer(200);
    assert.is(world.clock.pending(), 0);
  });
});

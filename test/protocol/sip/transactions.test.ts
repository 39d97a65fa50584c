/** The layer over a wire that is a list: what was sent, to whom, when the clock says so. */

import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { createRequest, createResponse, parseMessage, type SipMessage } from '#protocol/sip/message.ts';
import {
  type ClientTransaction,
  type ServerTransaction,
  Transactions,
  type TransactionsOptions,
} from '#protocol/sip/transactions.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

type Options = Partial<TransactionsOptions<string>>;

/** A peer whose name begins with `tcp` is reliable. */
function createWorld(options: Options = {}) {
  const clock = createFakeClock();
  const world = {
    clock,
    /** `peer: first word`, as `phone: 180 INVITE` or `phone: ACK`. */
    sent: [] as string[],
    messages: [] as SipMessage[],
    requests: [] as ServerTransaction<string>[],
    acks: [] as string[],
    strays: [] as string[],
    heard: [] as string[],
    isReachable: true,
    take(): string[] {
      return world.sent.splice(0);
    },
    server(at = 0): ServerTransaction<string> {
      const transaction = world.requests[at];
      if (transaction === undefined) throw new Error('no such request came');
      return transaction;
    },
    respond(status: number, at = 0): void {
      world.server(at).respond(createResponse(world.server(at).request, status, { toTag: 'us' }));
    },
    /** Sends a request of ours; what comes of it is in `heard`. */
    request(method: string, peer = 'phone', branch = 'z9hG4bKours'): ClientTransaction {
      return transactions.request(request(method, { branch }), peer, {
        response: ({ start }) => world.heard.push(start.type === 'response' ? `${start.status}` : '?'),
        end: (why) => world.heard.push(why),
      });
    },
    /** The peer answers what we last sent it. */
    answer(status: number, peer = 'phone'): void {
      const last = world.messages.findLast(
        ({ start, method }) => start.type === 'request' && method !== 'ACK',
      );
      if (last !== undefined) transactions.receive(createResponse(last, status, { toTag: 'them' }), peer);
    },
    transactions: undefined as unknown as Transactions<string>,
  };
  const transactions = new Transactions<string>({
    clock,
    send(peer, bytes) {
      const message = parseMessage(bytes);
      const { start, method } = message;
      world.sent.push(`${peer}: ${start.type === 'response' ? `${start.status} ${method}` : method}`);
      world.messages.push(message);
      return world.isReachable;
    },
    isReliable: (peer) => peer.startsWith('tcp'),
    keyOf: (peer) => peer,
    onRequest: (transaction) => world.requests.push(transaction),
    onAck: (ack, peer) => world.acks.push(`${peer}: ${ack.callId}`),
    onStrayResponse: (_response, peer) => world.strays.push(peer),
    ...options,
  });
  world.transactions = transactions;
  return world;
}

type Parts = {
  branch?: string | undefined;
  host?: string;
  callId?: string;
  cseq?: number;
  toTag?: string;
  uri?: string;
};

function request(method: string, parts: Parts = {}): SipMessage {
  const { host = '192.0.2.21', callId = 'c1', cseq = 1, toTag, uri = 'sip:100@desk.example' } = parts;
  const branch = 'branch' in parts ? parts.branch : 'z9hG4bK1';
  return createRequest({
    method,
    uri,
    headers: [
      ['Via', `SIP/2.0/UDP ${host}${branch === undefined ? '' : `;branch=${branch}`}`],
      ['Route', '<sip:192.0.2.1;lr>'],
      ['From', '<sip:101@desk.example>;tag=a1'],
      ['To', `<sip:100@desk.example>${toTag === undefined ? '' : `;tag=${toTag}`}`],
      ['Call-ID', callId],
      ['CSeq', `${cseq} ${method}`],
    ],
  });
}

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

describe('transactions, client', (test) => {
  test('an INVITE is sent again until it is answered (timers A and B)', () => {
    const world = createWorld();
    world.request('INVITE');
    world.clock.advance(500 + 1_000 + 2_000);
    assert.is(world.take().length, 4);
    world.answer(180);
    world.clock.advance(60_000);
    assert.equal(world.take(), []);
    world.answer(200);
    world.answer(200); // again: its user sends the ACK again
    world.clock.advance(32_000);
    assert.equal(world.heard, ['180', '200', '200', 'done']);
    assert.is(world.transactions.size, 0);
    assert.is(world.clock.pending(), 0);
  });

  test('an INVITE that nobody answers', () => {
    const world = createWorld();
    world.request('INVITE');
    world.clock.advance(32_000);
    assert.equal(world.heard, ['timeout']);
    assert.is(world.take().length, 7);
  });

  test('what is not an INVITE is sent at most every 4 s (timers E and F)', () => {
    const world = createWorld();
    world.request('OPTIONS');
    world.clock.advance(32_000);
    assert.equal(world.heard, ['timeout']);
    assert.is(world.take().length, 11);
  });

  test('a final response is heard once (timer K)', () => {
    const world = createWorld();
    world.request('OPTIONS');
    world.answer(200);
    world.answer(200);
    world.clock.advance(5_000);
    assert.equal(world.heard, ['200', 'done']);
    world.answer(200);
    assert.equal(world.strays, ['phone']);
    assert.is(world.transactions.counters.strayResponses, 1);
  });

  test('a refusal is acknowledged each time, and heard once', () => {
    const world = createWorld();
    world.request('INVITE');
    world.take();
    world.answer(486);
    world.answer(486);
    assert.equal(world.take(), ['phone: ACK', 'phone: ACK']);
    assert.equal(world.heard, ['486']);
    const ack = world.messages.at(-1);
    assert.is(ack?.get('Via'), 'SIP/2.0/UDP 192.0.2.21;branch=z9hG4bKours');
    assert.is(ack?.get('To'), '<sip:100@desk.example>;tag=them');
    assert.is(ack?.get('CSeq'), '1 ACK');
    assert.equal(ack?.getAll('Route'), ['<sip:192.0.2.1;lr>']);
    assert.is(ack?.start.type === 'request' && ack.start.uri, 'sip:100@desk.example');
    world.clock.advance(32_000);
    assert.equal(world.heard, ['486', 'done']);
  });

  test('over a reliable transport nothing is repeated and nothing lingers', () => {
    const world = createWorld();
    world.request('OPTIONS', 'tcp');
    world.clock.advance(20_000);
    assert.equal(world.take(), ['tcp: OPTIONS']);
    world.answer(200, 'tcp');
    assert.equal(world.heard, ['200', 'done']);
    assert.is(world.clock.pending(), 0);
  });

  test('a CANCEL waits for a provisional response', () => {
    const world = createWorld();
    const call = world.request('INVITE');
    assert.is(call.branch, 'z9hG4bKours');
    world.take();
    call.cancel([['Reason', 'SIP;cause=200;text="Call completed elsewhere"']]);
    assert.equal(world.take(), []);
    const invite = world.messages[0];
    assert.ok(invite);
    world.transactions.receive(createResponse(invite, 180), 'phone');
    assert.equal(world.take(), ['phone: CANCEL']);
    const cancel = world.messages.at(-1);
    assert.is(cancel?.get('Reason'), 'SIP;cause=200;text="Call completed elsewhere"');
    assert.is(cancel?.get('CSeq'), '1 CANCEL');
    assert.equal(cancel?.getAll('Via'), invite.getAll('Via'));
    assert.is(cancel?.to.params.has('tag'), false);
    world.answer(200); // to the CANCEL: nobody but the layer hears it
    world.transactions.receive(createResponse(invite, 487, { toTag: 'them' }), 'phone');
    assert.equal(world.take(), ['phone: ACK']);
    assert.equal(world.heard, ['180', '487']);
  });

  test('a CANCEL is sent again, and 32 s later the call is over', () => {
    const world = createWorld();
    const call = world.request('INVITE');
    world.answer(180);
    world.take();
    call.cancel();
    world.clock.advance(500);
    assert.equal(world.take(), ['phone: CANCEL', 'phone: CANCEL']);
    world.clock.advance(32_000);
    assert.equal(world.heard, ['180', 'timeout']);
    assert.is(world.transactions.size, 0);
  });

  test('what is no INVITE is not cancelled', () => {
    const world = createWorld();
    const call = world.request('OPTIONS');
    world.answer(100);
    world.take();
    call.cancel();
    assert.equal(world.take(), []);
  });

  test('a response of another method is a stray', () => {
    const world = createWorld();
    world.request('OPTIONS');
    world.transactions.receive(createResponse(request('INFO', { branch: 'z9hG4bKours' }), 200), 'phone');
    assert.equal(world.heard, []);
    assert.equal(world.strays, ['phone']);
  });

  test('a peer that cannot be reached: told, but not before request() returns', () => {
    const world = createWorld();
    world.isReachable = false;
    world.request('INVITE');
    assert.equal(world.heard, []);
    world.clock.advance(0);
    assert.equal(world.heard, ['transport']);
    assert.is(world.clock.pending(), 0);
  });

  test('a branch in use is a conflict', () => {
    const world = createWorld();
    world.request('INVITE');
    assert.throws(
      () => world.request('INVITE'),
      (e: unknown) => Fault.is(e, 'conflict'),
    );
  });
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

/** The layer as a client: timers, ACK, CANCEL. */

import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { createResponse } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { createWorld, request } from './transaction-world.ts';

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

describe('transactions, whose user cannot take a response', (test) => {
  // biome-ignore format: a table
  const rows: { method: string; peer: string; statuses: number[]; afterMs: number; heard: string[] }[] = [
    { method: 'OPTIONS', peer: 'phone', statuses: [500],      afterMs: 5_000,  heard: ['transport'] },
    { method: 'OPTIONS', peer: 'tcp',   statuses: [500],      afterMs: 0,      heard: ['transport'] },
    { method: 'INVITE',  peer: 'phone', statuses: [500],      afterMs: 32_000, heard: ['transport'] },
    { method: 'INVITE',  peer: 'tcp',   statuses: [500],      afterMs: 0,      heard: ['transport'] },
    { method: 'INVITE',  peer: 'phone', statuses: [199, 486], afterMs: 32_000, heard: ['486', 'done'] },
    { method: 'INVITE',  peer: 'phone', statuses: [299],      afterMs: 32_000, heard: ['transport'] },
    { method: 'INVITE',  peer: 'phone', statuses: [299, 200], afterMs: 32_000, heard: ['200', 'done'] },
  ];
  /** Those that he cannot take. */
  const unread = [199, 299, 500];
  for (const { method, peer, statuses, afterMs, heard } of rows) {
    test(`${method} over ${peer}, ${statuses.join(' then ')}: ends, as ${heard.join(' ')}`, () => {
      const world = createWorld();
      const said: string[] = [];
      world.transactions.request(request(method, { branch: 'z9hG4bKours' }), peer, {
        response({ start }) {
          const status = start.type === 'response' ? start.status : 0;
          if (unread.includes(status)) throw new Fault('sip.malformed', 'not read');
          said.push(String(status));
        },
        end: (why) => said.push(why),
      });
      for (const status of statuses) {
        const answer = () => world.answer(status, peer);
        if (unread.includes(status))
          assert.throws(answer, (error: unknown) => Fault.is(error, 'sip.malformed'));
        else answer();
      }
      world.clock.advance(afterMs);
      assert.equal(said, heard);
      assert.is(world.transactions.size, 0);
      assert.is(world.clock.pending(), 0);
    });
  }
});

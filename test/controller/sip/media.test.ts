/** What the proxy does while media is being arranged: nothing goes on before, and what is over by then never does. */

import * as assert from 'uvu/assert';
import type { CallMedia, Passage } from '#controller/model/ports.ts';
import { Fault } from '#protocol/fault.ts';
import { describe } from '#test/support/describe.ts';
import { createWorld, flowAt } from './world.ts';

type Waiting = { passage: Passage; go(): void; refuse(fault: Fault): void };

/** Media that takes until it is told; `at once` for what it does not care about. */
function createOffice(isOurs: (passage: Passage) => boolean) {
  const waiting: Waiting[] = [];
  const seen: string[] = [];
  const settled: boolean[] = [];
  const media: CallMedia = {
    pass(passage) {
      const { start, cseq } = passage.message;
      const what = start.type === 'request' ? start.method : `${start.status} ${cseq.method}`;
      seen.push(`${what} ${passage.from?.user ?? 'line'} > ${passage.to?.user ?? 'line'}`);
      if (!isOurs(passage)) return undefined;
      return new Promise((resolve, reject) => waiting.push({ passage, go: resolve, refuse: reject }));
    },
    settled: (_, isSuccess) => void settled.push(isSuccess),
  };
  const world = createWorld({ media });
  const a = world.phone('HD0001', flowAt('north', 11));
  const b = world.phone('HD0003', flowAt('south', 31));
  for (const [phone, user] of [
    [a, '100'],
    [b, '101'],
  ] as const) {
    phone.register();
    world.login(phone.id, user);
  }
  return { world, a, b, waiting, seen, settled };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const isInvite = ({ message: { start } }: Passage) => start.type === 'request' && start.method === 'INVITE';
const isAnswer = ({ message: { start } }: Passage) => start.type === 'response' && start.status === 200;

describe('media and the proxy', (test) => {
  test('an INVITE rings when its streams are open, with the body they gave it', async () => {
    const { a, b, waiting, seen } = createOffice(isInvite);
    a.call('101');
    assert.is(b.heard(), '');
    const [first] = waiting;
    assert.ok(first);
    first.passage.message.body = Buffer.from('v=0\r\ns=other\r\n');
    first.go();
    await turn();
    assert.is(Buffer.from(b.take().body).toString(), 'v=0\r\ns=other\r\n');
    assert.equal(seen, ['INVITE 100 > 101']);
  });

  test('cancelled while they are being opened, the callee never hears of it', async () => {
    const { a, b, waiting, settled } = createOffice(isInvite);
    const invite = a.call('101');
    const cancel = a.ackTo(invite, invite);
    cancel.start = { type: 'request', method: 'CANCEL', uri: 'sip:101@192.0.2.1:5060' };
    cancel.set('CSeq', `${invite.cseq.number} CANCEL`);
    a.send(cancel);
    assert.is(a.heard(), '200 487');
    waiting[0]?.go();
    await turn();
    assert.is(b.heard(), '');
    assert.equal(settled, [false]);
  });

  // biome-ignore format: a table
  const refusals: [fault: Fault, status: string][] = [
    [new Fault('sdp.malformed', 'no SDP'),      '488'],
    [new Fault('unavailable', 'no agent'),      '480'],
    [new Fault('limit.reached', 'no port'),     '480'],
  ];
  for (const [fault, status] of refusals) {
    test(`${fault.message}: ${status}`, async () => {
      const { a, b, waiting } = createOffice(isInvite);
      a.call('101');
      waiting[0]?.refuse(fault);
      await turn();
      assert.equal([a.heard(), b.heard()], [status, '']);
    });
  }

  test('a late offer holds the 200 back, and the ACK after it goes at once', async () => {
    const { a, b, waiting, seen, settled } = createOffice(isAnswer);
    const invite = a.call('101');
    const got = b.take();
    b.answer(got, 180);
    b.answer(got, 200);
    assert.is(a.heard(), '180');
    assert.equal(settled, [true]);
    waiting[0]?.go();
    await turn();
    const ok = a.take();
    a.send(a.asCaller('ACK', invite, ok));
    assert.is(b.heard(), 'ACK');
    assert.equal(seen, ['INVITE 100 > 101', '180 INVITE 101 > 100', '200 INVITE 101 > 100', 'ACK 100 > 101']);
  });

  test('an answer whose streams cannot be opened still reaches the caller', async () => {
    const { a, b, waiting } = createOffice(isAnswer);
    a.call('101');
    b.answer(b.take(), 200);
    waiting[0]?.refuse(new Fault('unavailable', 'no agent'));
    await turn();
    assert.is(a.heard(), '200');
  });

  test('the login line has no end here', () => {
    const { a, seen } = createOffice(() => false);
    a.call('*77*5*');
    assert.equal(seen, ['INVITE 100 > line']);
  });
});

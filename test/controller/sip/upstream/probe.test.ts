/** Whose silence counts when an upstream is asked again while it is being asked. */

import * as assert from 'uvu/assert';
import type { UpstreamPeer } from '#controller/sip/peer.ts';
import { startProbe } from '#controller/sip/upstream/probe.ts';
import { createResponse, type SipMessage } from '#protocol/sip/message.ts';
import type { OnClient } from '#protocol/sip/transactions.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

const at = { address: '192.0.2.1', port: 5060 };
const peer: UpstreamPeer = {
  ...{ type: 'upstream', upstream: 'pbx', domain: 'pbx.invalid', prefix: '' },
  ...{ transport: 'tcp', local: at, remote: at, account: '', offset: 0 },
};

/** Asked twice, a second apart. */
function openTwice() {
  const clock = createFakeClock();
  const asked: { message: SipMessage; on: OnClient }[] = [];
  const told: (boolean | 'silence')[] = [];
  let serial = 0;
  const probe = startProbe({
    peer: () => peer,
    everyMs: 30_000,
    ask: (message, _, on) => void asked.push({ message, on }),
    clock,
    random: (bytes) => new Uint8Array(bytes).fill(++serial),
    onResult: (_, isAlive) => told.push(isAlive),
    onSilence: () => told.push('silence'),
  });
  clock.advance(1_000);
  probe.ask();
  assert.is(asked.length, 2);
  const ends = (nth: number, why: 'timeout' | 'transport') => asked[nth]?.on.end?.(why);
  const answers = (nth: number) => {
    const question = asked[nth];
    assert.ok(question);
    question.on.response(createResponse(question.message, 200, { toTag: 'pbx' }));
  };
  return { clock, probe, told, ends, answers };
}

describe('controller/sip/upstream: a probe that is asked for while one is on its way', (test) => {
  test('the first stays silent, the second is answered: it is up', () => {
    const { clock, told, ends, answers, probe } = openTwice();
    answers(1);
    clock.advance(10_000);
    ends(0, 'timeout');
    assert.equal(told, [true]);
    probe.end();
  });

  test('the first fails at once, the second stays silent: it is down after its own time', () => {
    const { clock, told, ends, probe } = openTwice();
    ends(0, 'transport');
    clock.advance(3_999);
    assert.equal(told, []);
    clock.advance(1);
    assert.equal(told, [false, 'silence']);
    probe.end();
  });

  test('and that is ended: nothing is told, and no timer is left', () => {
    const { clock, told, ends, probe } = openTwice();
    probe.end();
    clock.advance(60_000);
    ends(1, 'timeout');
    assert.equal(told, []);
    assert.is(clock.pending(), 0);
  });
});

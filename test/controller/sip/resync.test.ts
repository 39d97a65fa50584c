import * as assert from 'uvu/assert';
import { createKeys } from '#controller/keys.ts';
import { isRightResponse, parseCredentials } from '#protocol/sip/digest.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { createWorld, flowAt } from './world.ts';

const keys = createKeys(new Uint8Array(32).fill(7));

function start() {
  const world = createWorld();
  const phone = world.phone('HD0001', flowAt('north', 11));
  phone.register();
  return { world, phone };
}

/** Which generation's secret answered. */
function generationIn(request: SipMessage): number | undefined {
  const credentials = parseCredentials(request.get('Authorization') ?? '');
  return [1, 2, 3].find((generation) =>
    isRightResponse(credentials, { method: 'NOTIFY', password: keys.sipSecret('HD0001', generation) }),
  );
}

describe('resync', (test) => {
  test('is a NOTIFY check-sync to the registered flow', async () => {
    const { world, phone } = start();
    const answer = world.core.resync('HD0001');
    const notify = phone.take();
    assert.is(notify.method, 'NOTIFY');
    assert.is(notify.start.type === 'request' && notify.start.uri, phone.contact);
    assert.is(notify.get('Event'), 'check-sync;reboot=false');
    phone.answer(notify, 200);
    assert.is(await answer, 'answered');
  });

  test('answers a challenge with the secret the phone has, then with the new one', async () => {
    const { world, phone } = start();
    world.raise('HD0001', 2, 1);
    const answer = world.core.resync('HD0001');
    const challenge = [['WWW-Authenticate', 'Digest realm="phone", nonce="n", qop="auth"']] as const;
    phone.answer(phone.take(), 401, challenge);
    const old = await until('the answer to the challenge', () => phone.inbox.shift());
    assert.is(generationIn(old), 1);
    phone.answer(old, 401, challenge);
    const newer = await until('the second answer', () => phone.inbox.shift());
    assert.is(generationIn(newer), 2);
    assert.equal([old.cseq.number, newer.cseq.number], [2, 3]);
    phone.answer(newer, 401, challenge);
    assert.is(await answer, 'no-answer');
    assert.is(phone.heard(), '');
  });

  test('a phone that does not know the name it registered is asked by those it may have now', async () => {
    const { world, phone } = start();
    world.login('HD0001', '100');
    const answer = world.core.resync('HD0001');
    const uriOf = ({ start: line }: SipMessage) => (line.type === 'request' ? line.uri : '');
    const first = phone.take();
    assert.is(uriOf(first), phone.contact);
    phone.answer(first, 404);
    const second = await until('the next name', () => phone.inbox.shift());
    assert.is(uriOf(second), phone.contact.replace('HD0001', '100'));
    assert.is(second.to.uri, first.to.uri.replace('HD0001', '100'));
    assert.is.not(second.callId, first.callId);
    phone.answer(second, 200);
    assert.is(await answer, 'answered');
    assert.is(phone.heard(), '');
  });

  test('a phone that knows itself by none of them has not answered', async () => {
    const { world, phone } = start();
    const answer = world.core.resync('HD0001');
    phone.answer(phone.take(), 404);
    assert.is(await answer, 'no-answer');
  });

  test('waits for no phone that is not there, and for one that is silent 32 s', async () => {
    const { world, phone } = start();
    assert.is(await world.core.resync('HD0002'), 'unregistered');
    const answer = world.core.resync('HD0001');
    world.clock.advance(32_000);
    assert.is(await answer, 'no-answer');
    assert.match(phone.heard(), /^NOTIFY( NOTIFY)+$/);
    world.clock.advance(3_600_000);
    assert.is(await world.core.resync('HD0001'), 'unregistered');
  });

  test('is not sent into a call', async () => {
    const { world, phone } = start();
    phone.call('*77*100*');
    assert.is(await world.core.resync('HD0001'), 'busy');
    assert.is(phone.heard(), '');
  });
});

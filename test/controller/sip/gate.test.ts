import * as assert from 'uvu/assert';
import { formatMessage, type SipMessage } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { createWorld, flowAt, type Phone } from './world.ts';

const statusOf = ({ start }: SipMessage) => (start.type === 'response' ? start.status : 0);

function start(options: Parameters<typeof createWorld>[0] = {}) {
  const world = createWorld(options);
  return { world, phone: world.phone('HD0001', flowAt('north', 11)) };
}

/** What an attacker can compare: all but the nonce, the tag and what he sent himself. */
function shape(response: SipMessage): string {
  return Buffer.from(formatMessage(response))
    .toString('latin1')
    .replace(/nonce="[^"]*"/, (nonce) => 'n'.repeat(nonce.length))
    .replace(/;tag=[^\r]*/g, (tag) => 't'.repeat(tag.length))
    .replace(/^(Via|From|To|Call-ID|CSeq).*\r\n/gm, '');
}

describe('gate', (test) => {
  for (const method of [
    'REGISTER',
    'INVITE',
    'OPTIONS',
    'SUBSCRIBE',
    'MESSAGE',
    'REFER',
    'NOTIFY',
    'BYE',
    'FOO',
  ]) {
    test(`asks for a digest before it says anything of a ${method}, the same for all`, () => {
      const { world, phone } = start();
      const answers = ['100', '999', 'HD0001', '*77*100*'].map((number) => {
        phone.send(phone.build(method, { uri: `sip:${number}@192.0.2.1:5060` }));
        return phone.take();
      });
      assert.is(
        statusOf(answers[0] as SipMessage),
        ['REGISTER', 'OPTIONS', 'SUBSCRIBE'].includes(method) ? 401 : 407,
      );
      assert.is(new Set(answers.map(shape)).size, 1);
      assert.is(world.clock.pending(), 0);
    });
  }

  test('one message over which something of ours breaks is a 500, and the next is as ever', () => {
    let isBroken = true;
    const { world, phone } = start({
      onStranger() {
        if (isBroken) throw new TypeError('what is this?');
      },
    });
    const ask = () => {
      phone.send(phone.build('OPTIONS', { from: 'sip:nobody@192.0.2.1' }));
      return statusOf(phone.take());
    };
    assert.is(ask(), 500);
    assert.is(world.core.counters.failed, 1);
    isBroken = false;
    assert.is(ask(), 401);
    assert.is(world.core.counters.failed, 1);
  });

  test('answers an unknown device as a known one with a wrong secret', () => {
    const { world, phone } = start();
    const stranger = world.phone('HD0999', flowAt('north', 12));
    const [wrong, unknown] = [phone, stranger].map((each) => {
      const request = each.build('REGISTER', { to: 'sip:HD0001@x', from: 'sip:HD0001@x' });
      each.send(request);
      each.send(each.credential(request, each.take(), { generation: 9 }));
      return each.take();
    }) as [SipMessage, SipMessage];
    assert.is(statusOf(wrong), 401);
    assert.is(shape(wrong), shape(unknown));
    assert.is(world.core.counters.wrongCredentials, 2);
  });

  test('takes the secrets between the proven generation and the newest, and no other', () => {
    const { world, phone } = start();
    const taken = (generation: number, confirmed: number) => {
      world.raise('HD0001', generation, confirmed);
      return [1, 2, 3, 4, 5, 6, 7].filter((each) => {
        phone.generation = each;
        return statusOf(phone.register()) === 200;
      });
    };
    assert.equal(taken(3, 0), [1, 2, 3]);
    assert.equal(taken(3, 3), [3]);
    assert.equal(taken(4, 3), [3, 4]);
    assert.equal(taken(7, 1), [4, 5, 6, 7]);
  });

  test('refuses a replay, and knows a repeat', () => {
    const { world, phone } = start();
    const elsewhere = world.phone('HD0001', flowAt('north', 11, 5099));
    const request = phone.build('OPTIONS');
    phone.send(request);
    const challenge = phone.take();
    const right = phone.credential(request, challenge);
    phone.send(right);
    phone.send(right);
    assert.is(phone.heard(), '200 200');

    // Captured: sent from another port, sent again as a new request, the count not raised, raised.
    elsewhere.send(right);
    assert.match(elsewhere.take().get('WWW-Authenticate') ?? '', /stale=true/);
    const again = phone.credential(right, challenge);
    phone.send(again);
    assert.match(phone.take().get('WWW-Authenticate') ?? '', /stale=true/);
    phone.send(phone.credential(right, challenge, { nc: 2 }));
    assert.is(phone.heard(), '200');

    world.clock.advance(61_000);
    phone.send(phone.credential(right, challenge, { nc: 3 }));
    assert.match(phone.take().get('WWW-Authenticate') ?? '', /stale=true/);
  });

  test('knows nonces in turn, but none that it has forgotten', () => {
    const { phone } = start();
    const request = phone.build('OPTIONS');
    const challenges = Array.from({ length: 6 }, () => {
      phone.send(request);
      return phone.take();
    });
    const said = challenges.map((challenge) => {
      phone.send(phone.credential(request, challenge));
      return phone.heard();
    });
    assert.equal(said, Array(6).fill('200'));
    const [first, last] = [challenges[0], challenges[5]] as [SipMessage, SipMessage];
    phone.send(phone.credential(request, first, { nc: 2 }));
    assert.is(phone.heard(), '401');
    phone.send(phone.credential(request, last, { nc: 2 }));
    assert.is(phone.heard(), '200');
  });

  // biome-ignore format: a table
  const credentials: { name: string; change: (value: string) => string }[] = [
    { name: 'a parameter twice',     change: (value) => `${value}, username="HD0001"` },
    { name: 'another realm',         change: (value) => value.replace('hotdesk', 'other') },
    { name: 'another user',          change: (value) => value.replace('HD0001', 'HD0002') },
    { name: 'a nonce of its own',    change: (value) => value.replace(/nonce="[^"]*"/, 'nonce="x"') },
    { name: 'an empty response',     change: (value) => value.replace(/response="[^"]*"/, 'response=""') },
    { name: 'no response',           change: (value) => value.replace(/response="[^"]*", /, '') },
    { name: 'an unknown algorithm',  change: (value) => value.replace('algorithm=MD5', 'algorithm=MD4') },
    { name: 'auth-int',              change: (value) => value.replace('qop=auth', 'qop=auth-int') },
    { name: 'a count of another',    change: (value) => value.replace('nc=00000001', 'nc=00000002') },
    { name: 'another scheme',        change: (value) => value.replace('Digest', 'Basic') },
  ];
  for (const { name, change } of credentials) {
    test(`takes no credentials with ${name}`, () => {
      const { phone } = start();
      const request = phone.build('REGISTER', { to: 'sip:HD0001@x' });
      phone.send(request);
      const forged = phone.credential(request, phone.take());
      forged.set('Authorization', change(forged.get('Authorization') ?? ''));
      phone.send(forged);
      assert.is(phone.heard(), '401');
    });
  }

  test('refuses a device through the agent of another site', () => {
    const { world } = start();
    const moved = world.phone('HD0001', flowAt('south', 11));
    assert.is(statusOf(moved.register()), 403);
    moved.call('101');
    assert.is(moved.heard(), '403');
    assert.is(world.core.counters.foreignSite, 2);
  });

  test('answers a flood up to a rate, others all the same, and a right digest always', () => {
    const { world, phone } = start({ unauthenticatedPerSecond: 2 });
    const other = world.phone('HD0002', flowAt('north', 12));
    const request = phone.build('OPTIONS');
    phone.send(request);
    const challenge = phone.take();
    for (let i = 0; i < 50; i++) phone.send(phone.build('REGISTER'));
    assert.is(phone.inbox.splice(0).length, 9);
    assert.is(world.core.counters.limited, 41);
    phone.send(phone.credential(request, challenge));
    assert.is(phone.heard(), '200');
    other.send(other.build('REGISTER'));
    assert.is(other.heard(), '401');
    phone.send(phone.build('INVITE', { uri: 'sip:112@192.0.2.1:5060' }));
    assert.is(phone.heard(), '407');
  });

  // biome-ignore format: a table
  const broken: { name: string; change: (text: string) => string; status: string }[] = [
    { name: 'no CSeq',                  change: (text) => text.replace(/CSeq.*\r\n/, ''),           status: '' },
    { name: 'a CSeq of another method', change: (text) => text.replace('1 OPTIONS', '1 INVITE'),    status: '400' },
    { name: 'too many hops',            change: (text) => text.replace('Forwards: 70', 'Forwards: 256'), status: '400' },
    { name: 'SIP 3.0',                  change: (text) => text.replace('SIP/2.0\r\n', 'SIP/3.0\r\n'), status: '505' },
    { name: 'a hidden header',          change: (text) => text.replace('\r\n\r\n', '\r\nX\x01: 1\r\n\r\n'), status: '400' },
    { name: 'no SIP at all',            change: () => 'GET / HTTP/1.1\r\n\r\n',                     status: '' },
    { name: 'a broken response',        change: () => 'SIP/2.0 99 x\r\n\r\n',                       status: '' },
  ];
  for (const { name, change, status } of broken) {
    test(`answers "${status}" to ${name}`, () => {
      const { world, phone } = start();
      const text = Buffer.from(formatMessage(phone.build('OPTIONS'))).toString('latin1');
      phone.sendRaw(Buffer.from(change(text), 'latin1'));
      assert.is(phone.heard(), status);
      assert.is(world.core.counters.malformed, 1);
      assert.is(world.clock.pending(), 0);
    });
  }

  test('keeps nothing of a CANCEL, an ACK or a response that belong to nothing', () => {
    const { world, phone } = start();
    phone.send(phone.build('CANCEL'));
    assert.is(phone.heard(), '481');
    phone.send(phone.build('ACK'));
    assert.is(phone.heard(), '');
    phone.answer(phone.build('INVITE'), 200);
    assert.is(phone.heard(), '');
    assert.is(world.clock.pending(), 0);
  });

  /** Authenticated as HD0001, where 100 is logged in. */
  // biome-ignore format: a table
  const targets: { name: string; uri: string; method?: string; route?: string; status: string }[] = [
    { name: 'another domain',           uri: 'sip:101@example.com',                status: '404' },
    { name: 'the neighbour by address', uri: 'sip:101@192.0.2.12:5060',            status: '404' },
    { name: 'emergency elsewhere',      uri: 'sip:112@evil',                       status: '404' },
    { name: 'no user',                  uri: 'sip:192.0.2.1',                      status: '404' },
    { name: 'a tel: number',            uri: 'tel:101',                            status: '416' },
    { name: 'a premium number',         uri: 'sip:0900123@192.0.2.1',              status: '404' },
    { name: 'REFER outside a dialog',   uri: 'sip:101@192.0.2.1', method: 'REFER', status: '405' },
    { name: 'MESSAGE',                  uri: 'sip:101@192.0.2.1', method: 'MESSAGE', status: '405' },
    { name: 'SUBSCRIBE',                uri: 'sip:101@192.0.2.1', method: 'SUBSCRIBE', status: '489' },
    { name: 'NOTIFY check-sync',        uri: 'sip:101@192.0.2.1', method: 'NOTIFY', status: '405' },
  ];
  for (const { name, uri, method = 'INVITE', status } of targets) {
    test(`lets nothing out to ${name}`, () => {
      const { world, phone } = start();
      const b: Phone = world.phone('HD0002', flowAt('north', 12));
      b.register();
      world.login('HD0001', '100');
      world.login('HD0002', '101');
      phone.ask(phone.build(method, { uri }));
      assert.is(phone.heard(), status);
      assert.is(b.heard(), '');
      assert.equal(world.told.lost, []);
    });
  }

  test('follows no Route that is not its own', () => {
    const { world, phone } = start();
    const b = world.phone('HD0002', flowAt('north', 12));
    b.register();
    world.login('HD0001', '100');
    world.login('HD0002', '101');
    phone.call('101', [['Route', '<sip:169.254.169.254;lr>']]);
    assert.is(b.take().get('Route'), undefined);
    assert.equal(world.told.lost, []);
  });
});

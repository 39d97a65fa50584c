/** Phones by TCP: real sockets, the flows they are, and how each is given up. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { ok, openWorld, toText } from './stream-phones.ts';

describe('SIP over TCP', (test) => {
  test('a connection is a flow: both ways, and its end is the end of the flow', async () => {
    const { connect, came, tunnel, at, sip, close } = await openWorld();
    const phone = connect();
    phone.socket.write(toText('REGISTER', 'a'));
    await came(1);
    const { localPort: port = 0 } = phone.socket;
    assert.equal(tunnel.controls, [
      { type: 'flow.open', flow: 1, transport: 'tcp', local: at.tcp, remote: { address: '127.0.0.1', port } },
    ]);
    sip.relay.send(1, ok);
    await until('the answer', () => phone.heard() === ok.toString());
    phone.socket.end();
    await until('the flow is closed', () => tunnel.controls.length === 2);
    assert.equal(tunnel.controls[1], { type: 'flow.close', flow: 1 });
    assert.equal(sip.relay.flows(), []);
    sip.relay.send(1, ok);
    assert.is(sip.relay.counters.unknownFlows, 1);
    await close();
  });

  test('one message, one byte a write', async () => {
    const { connect, came, tunnel, close } = await openWorld();
    const phone = connect();
    const text = `${toText('MESSAGE', 'a', ['Content-Length: 5'])}hello`;
    for (const letter of text) {
      await new Promise((written) => phone.socket.write(letter, written));
    }
    await came(1);
    assert.equal(tunnel.sips, [{ flow: 1, text }]);
    await close();
  });

  test('fifty messages in one write', async () => {
    const { connect, came, tunnel, close } = await openWorld();
    const all = Array.from({ length: 50 }, (_, n) => `${toText('MESSAGE', `m${n}`, ['l: 4'])}body`);
    connect().socket.write(all.join(''));
    await came(50);
    assert.equal(
      tunnel.sips.map(({ flow, text }) => [flow, text]),
      all.map((text) => [1, text]),
    );
    await close();
  });

  test('a ping is answered and keeps the flow; it opens none', async () => {
    const { connect, came, counted, clock, tunnel, sip, close } = await openWorld();
    const phone = connect();
    phone.socket.write('\r\n\r\n');
    await until('a pong', () => phone.heard() === '\r\n');
    assert.equal(tunnel.controls, []);
    phone.socket.write(toText('REGISTER', 'a'));
    await came(1);
    clock.advance(100_000);
    phone.socket.write('\r\n\r\n');
    await counted('keepAlives', 2);
    clock.advance(100_000);
    assert.is(sip.relay.flows().length, 1);
    clock.advance(120_000);
    await until('the stranger is gone', () => phone.isEnded());
    assert.is(sip.relay.flows().length, 0);
    await close();
  });

  test('the controller closes a flow: the connection ends', async () => {
    const { connect, came, sip, tunnel, close } = await openWorld();
    const phone = connect();
    phone.socket.write(toText('REGISTER', 'a'));
    await came(1);
    sip.relay.closeFlow(1);
    await until('the end', () => phone.isEnded());
    assert.is(tunnel.controls.length, 1, 'who closes need not be told');
    await close();
  });

  test('while the tunnel is down: 503 over the connection, which stays', async () => {
    const { connect, tunnel, close } = await openWorld();
    tunnel.isUp = false;
    tunnel.takes = false;
    const phone = connect();
    phone.socket.write(toText('REGISTER', 'a'));
    await until('503', () => /^SIP\/2\.0 503 /.test(phone.heard()));
    phone.socket.write(toText('REGISTER', 'b'));
    await until('another', () => phone.heard().split('SIP/2.0 503').length === 3);
    assert.not(phone.isEnded());
    await close();
  });
});

describe('SIP over TCP, hostile', (test) => {
  const smuggled = toText('INVITE', 'smuggled');
  // biome-ignore format: a table
  const broken: [what: string, lines: string[]][] = [
    ['no Content-Length',   []],
    ['no number',           ['Content-Length: abc']],
    ['two that differ',     ['Content-Length: 0', 'Content-Length: 5']],
    ['two, one is compact', ['l: 0', 'Content-Length: 5']],
    ['a list',              ['Content-Length: 0, 0']],
    ['negative',            ['Content-Length: -1']],
  ];
  for (const [what, lines] of broken) {
    test(`Content-Length with ${what}: 400, the end, and nothing behind it`, async () => {
      const { connect, counted, came, tunnel, close } = await openWorld();
      const phone = connect();
      phone.socket.write(toText('OPTIONS', 'before') + toText('OPTIONS', 'odd', lines) + smuggled);
      await came(1);
      await until('the end', () => phone.isEnded());
      await counted('streamsBroken');
      assert.match(phone.heard(), /^SIP\/2\.0 400 .*\r\nVia: .*branch=z9hG4bKodd\r\n/);
      assert.is(phone.heard().match(/SIP\/2\.0/g)?.length, 2, 'one answer (and its Via)');
      assert.equal(
        tunnel.sips.map(({ text }) => text),
        [toText('OPTIONS', 'before')],
      );
      await close();
    });
  }

  test('what is no SIP ends the connection without a word', async () => {
    const { connect, tunnel, close } = await openWorld();
    const phones = ['GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n', '\x16\x03\x01\x02'].map(
      (text) => {
        const phone = connect();
        phone.socket.write(text + smuggled);
        return phone;
      },
    );
    await until('both ended', () => phones.every((phone) => phone.isEnded()));
    assert.equal(
      phones.map((phone) => phone.heard()),
      ['', ''],
    );
    assert.equal(tunnel.controls, []);
    await close();
  });

  test('half a head, half a body, nothing at all: given up in time', async () => {
    const { connect, sip, clock, counted, tunnel, close } = await openWorld();
    const whole = toText('INVITE', 'a', ['Content-Length: 5']);
    const [inHead, inBody, mute] = [connect(), connect(), connect()];
    inHead.socket.write(whole.slice(0, 60));
    inBody.socket.write(`${whole}hel`);
    await until('all are open and read', () => clock.pending() === sweeps + 3 + 2);
    clock.advance(4_999);
    assert.is(sip.relay.counters.streamsLate, 0);
    clock.advance(1);
    await counted('streamsLate', 1);
    await until('half a head', () => inHead.isEnded());
    assert.not(inBody.isEnded());
    clock.advance(5_000);
    await counted('streamsLate', 2);
    clock.advance(20_000);
    await counted('muteConnections', 1);
    await until('all', () => inBody.isEnded() && mute.isEnded());
    assert.equal(tunnel.controls, []);
    await close();
  });

  test('connections are bounded for each source', async () => {
    const { connect, came, counters, close } = await openWorld({ connections: { maxPerSource: 2 } });
    const phones = [connect(), connect()];
    for (const [n, { socket }] of phones.entries()) socket.write(toText('REGISTER', `p${n}`));
    await came(2);
    const third = connect();
    await until('refused', () => third.isEnded());
    assert.is(counters.connectionsRefused, 1);
    connect('127.0.0.2').socket.write(toText('REGISTER', 'other'));
    await came(3);
    // Its flow ends before it does; it has ended on either side once its own end was answered.
    phones[0]?.socket.end();
    await until('one has gone', () => phones[0]?.isEnded());
    connect().socket.write(toText('REGISTER', 'again'));
    await came(4);
    await close();
  });

  test('and in all: the oldest stranger makes room, a phone never', async () => {
    const { connect, came, sip, counters, close } = await openWorld({ connections: { maxConnections: 3 } });
    const phones = [connect(), connect()];
    for (const [n, { socket }] of phones.entries()) {
      socket.write(toText('REGISTER', `p${n}`));
      await came(n + 1);
      sip.relay.send(2 * n + 1, ok);
    }
    await until('both are registered', () => phones.every((phone) => phone.heard() === ok.toString()));
    const strangers = Array.from({ length: 5 }, (_, n) => connect(`127.0.0.${n + 10}`));
    await until('four strangers are gone', () => counters.connectionsRefused === 4);
    await until('all but one', () => strangers.filter((each) => each.isEnded()).length === 4);
    assert.not(phones.some((phone) => phone.isEnded()));
    const phone = connect('127.0.0.30');
    phone.socket.write(toText('REGISTER', 'third'));
    await came(3);
    sip.relay.send(5, ok);
    const late = connect('127.0.0.40');
    await until('nobody can make room any more', () => late.isEnded());
    assert.not([...phones, phone].some((each) => each.isEnded()));
    await close();
  });

  test('who does not read is given up, by size', async () => {
    const connections = { maxUnreadBytes: 64 * 1_024 };
    const { connect, came, sip, counters, close } = await openWorld({ connections });
    const phone = connect();
    phone.socket.write(toText('REGISTER', 'a'));
    await came(1);
    phone.socket.pause();
    const bytes = Buffer.alloc(60_000, 'x');
    await until('given up', () => {
      sip.relay.send(1, bytes);
      return counters.slowReaders === 1;
    });
    assert.equal(sip.relay.flows(), []);
    await close();
  });

  test('who does not read is given up, by time', async () => {
    const { connect, came, sip, clock, counted, close } = await openWorld({
      connections: { maxUnreadBytes: 1e9 },
    });
    const phone = connect();
    phone.socket.write(toText('REGISTER', 'a'));
    await came(1);
    phone.socket.pause();
    const before = clock.pending();
    const bytes = Buffer.alloc(60_000, 'x');
    // One that was taken at once waits no longer when it is looked at again.
    await until('a write waits', () => {
      if (clock.pending() > before) return true;
      sip.relay.send(1, bytes);
      return false;
    });
    clock.advance(30_000);
    await counted('slowReaders');
    await close();
  });
});

/** Timers that are there before any phone: the sweep of idle flows. */
const sweeps = 1;

import * as assert from 'uvu/assert';
import { Stream, type Verdict } from '#protocol/media/stream.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

const phone = { address: '192.0.2.9', port: 11_780 };

/** G.711, 20 ms. */
function toRtp({ bytes = 172, first = 0x80, second = 0 } = {}): Uint8Array {
  const packet = new Uint8Array(bytes);
  packet.set([first, second].slice(0, bytes));
  return packet;
}

describe('RTP stream', (test) => {
  type Row = [address: string, port: number, verdict: Verdict, target: number];
  // biome-ignore format: a table
  const dialogues: [what: string, rows: Row[]][] = [
    ['the signalled port is the phone, then no other is', [
      [phone.address, 11_780, 'pass',    11_780],
      [phone.address, 40_000, 'foreign', 11_780],
      ['192.0.2.66',  11_780, 'foreign', 11_780],
      [phone.address, 11_780, 'pass',    11_780],
    ]],
    ['another port is learned once, from the first packet', [
      [phone.address, 40_000, 'pass',    40_000],
      [phone.address, 40_001, 'foreign', 40_000],
      [phone.address, 11_780, 'foreign', 40_000],
    ]],
    ['another address teaches nothing', [
      ['192.0.2.66',  11_780, 'foreign', 11_780],
      ['192.0.2.66',  40_000, 'foreign', 11_780],
      [phone.address, 40_000, 'pass',    40_000],
    ]],
  ];
  for (const [what, rows] of dialogues) {
    test(what, () => {
      const stream = new Stream(phone, createFakeClock());
      for (const [address, port, verdict, target] of rows) {
        assert.is(stream.fromPhone(toRtp(), address, port), verdict);
        assert.is(stream.target.port, target);
        assert.is(stream.target.address, phone.address);
      }
    });
  }

  test('after a re-INVITE only the new remote is heard', () => {
    const stream = new Stream(phone, createFakeClock());
    stream.fromPhone(toRtp(), phone.address, phone.port);
    stream.retarget({ address: '192.0.2.10', port: 4_000 });
    assert.is(stream.fromPhone(toRtp(), phone.address, phone.port), 'foreign');
    assert.is(stream.fromPhone(toRtp(), '192.0.2.10', 4_002), 'pass');
    assert.equal(stream.target, { address: '192.0.2.10', port: 4_002 });
  });

  // biome-ignore format: a table
  const shapes: [what: string, packet: Uint8Array, verdict: Verdict][] = [
    ['G.711',                        toRtp(),                              'pass'],
    ['a header alone',               toRtp({ bytes: 12 }),                 'pass'],
    ['telephone-event, marked',      toRtp({ bytes: 16, second: 0x80 | 101 }), 'pass'],
    ['an Ethernet frame',            toRtp({ bytes: 1_500 }),              'pass'],
    ['a byte more',                  toRtp({ bytes: 1_501 }),              'tooLong'],
    ['nothing',                      toRtp({ bytes: 0 }),                  'notRtp'],
    ['a header cut short',           toRtp({ bytes: 11 }),                 'notRtp'],
    ['a CSRC list that is not there', toRtp({ bytes: 12, first: 0x81 }),   'notRtp'],
    ['version 1',                    toRtp({ first: 0x40 }),               'notRtp'],
    ['STUN',                         toRtp({ first: 0x00, second: 0x01 }), 'notRtp'],
    ['RTCP, a sender report',        toRtp({ second: 200 }),               'pass'],
    ['RTCP cut short',               toRtp({ bytes: 7, second: 200 }),     'notRtp'],
  ];
  for (const [what, packet, verdict] of shapes) {
    test(`${what}: ${verdict}, both ways`, () => {
      const stream = new Stream(phone, createFakeClock());
      assert.is(stream.fromPhone(packet, phone.address, phone.port), verdict);
      assert.is(stream.toPhone(packet), verdict);
    });
  }

  test('a fax is carried where it was agreed, and nowhere else', () => {
    const udptl = Uint8Array.of(0, 1, 2, 3);
    const fax = new Stream(phone, createFakeClock(), { carries: 'datagram' });
    assert.is(fax.fromPhone(udptl, phone.address, phone.port), 'pass');
    assert.is(fax.toPhone(udptl), 'pass');
    assert.is(fax.fromPhone(new Uint8Array(1_501), phone.address, phone.port), 'tooLong');
  });

  // biome-ignore format: a table
  const rtcp: [what: string, rtcpPort: number | undefined, leavesBy: string][] = [
    ['the port above, when nothing is said', undefined,  'rtcp 11781'],
    ['the port that was said',               11_799,     'rtcp 11799'],
    ['the port of RTP, when they share it',  phone.port, 'rtp 11780'],
  ];
  for (const [what, rtcpPort, leavesBy] of rtcp) {
    test(`RTCP goes to ${what}`, () => {
      const terms = rtcpPort === undefined ? {} : { rtcpPort };
      const stream = new Stream(phone, createFakeClock(), terms);
      const { way, target } = stream.targetOf(toRtp({ second: 201 }));
      assert.is(`${way} ${target.port}`, leavesBy);
    });
  }

  test('said again, what was learned stays learned', () => {
    const stream = new Stream(phone, createFakeClock());
    stream.fromPhone(toRtp(), phone.address, 40_000);
    stream.retarget(phone);
    assert.is(stream.target.port, 40_000);
    assert.is(stream.fromPhone(toRtp(), phone.address, 40_001), 'foreign');
  });

  test('what is no RTP teaches no port', () => {
    const stream = new Stream(phone, createFakeClock());
    stream.fromPhone(toRtp({ second: 200 }), phone.address, 40_000);
    assert.is(stream.target.port, phone.port);
  });

  test("a thousand packets a second are cut to a stream's share", () => {
    const clock = createFakeClock();
    const stream = new Stream(phone, clock);
    let passed = 0;
    for (let ms = 0; ms < 2_000; ms++) {
      if (stream.fromPhone(toRtp(), phone.address, phone.port) === 'pass') passed++;
      clock.advance(1);
    }
    assert.ok(passed >= 590 && passed <= 610, `${passed} passed`);
  });
});

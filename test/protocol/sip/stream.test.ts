import * as assert from 'uvu/assert';
import { refuse } from '#protocol/sip/refusal.ts';
import { SipStream, type StreamEvent, type StreamOptions } from '#protocol/sip/stream.ts';
import { describe } from '#test/support/describe.ts';
import { createRandom } from '#test/support/random.ts';

const head = (extra: string, method = 'MESSAGE') =>
  [
    `${method} sip:100@192.0.2.1 SIP/2.0`,
    'Via: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bK1',
    'From: <sip:100@192.0.2.1>;tag=a',
    'To: <sip:100@192.0.2.1>',
    'Call-ID: one',
    `CSeq: 1 ${method}`,
    ...(extra === '' ? [] : [extra]),
    '',
    '',
  ].join('\r\n');

const message = (body = '', name = 'Content-Length') => `${head(`${name}: ${body.length}`)}${body}`;

/** `ping`, the length of a message, or `broken STATUS`. */
function name(event: StreamEvent): string {
  if (event.type === 'message') return String(event.bytes.length);
  return event.type === 'broken' ? `broken ${event.error.facts.status}` : 'ping';
}

function run(pieces: readonly (string | Buffer)[], options: StreamOptions = {}) {
  const stream = new SipStream(options);
  const events = pieces.flatMap((piece) => stream.take(Buffer.from(piece as string, 'latin1'), 0));
  return { stream, events, names: events.map(name) };
}

const inBytes = (text: string) => [...Buffer.from(text, 'latin1')].map((byte) => Buffer.of(byte));

describe('SIP stream', (test) => {
  const plain = message('hello');
  const length = String(plain.length);
  const smuggled = message('').replace('MESSAGE', 'INVITE').replace('1 MESSAGE', '1 INVITE');

  // biome-ignore format: a table
  const rows: [what: string, text: string, events: string[]][] = [
    ['one message',                      plain,                                      [length]],
    ['no body',                          message(),                                  [String(message().length)]],
    ['the compact form',                 message('hello', 'l'),                      [String(message('hello', 'l').length)]],
    ['a line end inside the body',       message('a\r\n\r\nINVITE sip:x SIP/2.0\r\n\r\n'), [String(message('a\r\n\r\nINVITE sip:x SIP/2.0\r\n\r\n').length)]],
    ['a value on the next line',         `${head('Content-Length:\r\n 5')}hello`,    [String(head('Content-Length:\r\n 5').length + 5)]],
    ['a ping',                           '\r\n\r\n',                                 ['ping']],
    ['a pong',                           '\r\n',                                     []],
    ['a pong, then a message',           `\r\n${plain}`,                             [length]],
    ['a ping, then a message',           `\r\n\r\n${plain}`,                         ['ping', length]],
    ['two messages',                     plain + plain,                              [length, length]],
    ['no Content-Length',                head('') + smuggled,                        ['broken 400']],
    ['two, equal',                       head('Content-Length: 5\r\nContent-Length: 5') + smuggled, ['broken 400']],
    ['two, one compact',                 head('Content-Length: 0\r\nl: 5') + smuggled, ['broken 400']],
    ['two in one line',                  head('Content-Length: 0, 5') + smuggled,    ['broken 400']],
    ['negative',                         head('Content-Length: -1') + smuggled,      ['broken 400']],
    ['signed',                           head('Content-Length: +5') + smuggled,      ['broken 400']],
    ['hexadecimal',                      head('Content-Length: 0x5') + smuggled,     ['broken 400']],
    ['empty',                            head('Content-Length:') + smuggled,         ['broken 400']],
    ['a number no machine holds',        head('Content-Length: 99999999999999999999') + smuggled, ['broken 400']],
    ['more than a message may have',     head('Content-Length: 70000') + smuggled,   ['broken 513']],
    ['a name that is no token',          head('Content-Length\x00: 5') + smuggled,   ['broken 400']],
    ['LF alone',                         head('X: a\nContent-Length: 5') + smuggled, ['broken 400']],
    ['a message, then garbage',          `${plain}\x16\x03\x01${smuggled}`,          [length, 'broken 400']],
    ['HTTP',                             `GET / HTTP/1.1\r\nHost: a\r\n\r\n${smuggled}`, ['broken 400']],
    ['TLS on the wrong port',            '\x16\x03\x01\x02\x00\x01',                 ['broken 400']],
  ];
  for (const [what, text, events] of rows) {
    test(`${what}, at once`, () => assert.equal(run([text]).names, events));
    test(`${what}, byte by byte`, () => assert.equal(run(inBytes(text)).names, events));
  }

  test('fifty messages at once are fifty, whole and in order', () => {
    const all = Array.from({ length: 50 }, (_, n) => message(`body ${n}`));
    const { events } = run([all.join('')]);
    assert.equal(
      events.map((event) => event.type === 'message' && event.bytes.toString('latin1')),
      all,
    );
  });

  test('cut anywhere, the messages are the same', () => {
    const random = createRandom(7);
    const all = Array.from({ length: 40 }, (_, n) => message('x'.repeat(n * 37)));
    const text = all.join('\r\n');
    for (let round = 0; round < 50; round++) {
      const pieces: string[] = [];
      for (let at = 0; at < text.length; ) {
        const size = 1 + random.below(900);
        pieces.push(text.slice(at, at + size));
        at += size;
      }
      const got = run(pieces).events.map(
        (event) => event.type === 'message' && event.bytes.toString('latin1'),
      );
      assert.equal(got, all);
    }
  });

  test('a flood of pings at once is answered once', () => {
    assert.equal(run(['\r\n'.repeat(10_000)]).names, ['ping']);
  });

  test('broken is for good, and tells what to answer', () => {
    const { stream, events } = run([head('Content-Length: 5, 5')]);
    const [event] = events;
    assert.is(event?.type, 'broken');
    if (event?.type !== 'broken') return;
    assert.match(Buffer.from(refuse(event.head, event.error) ?? []).toString(), /^SIP\/2\.0 400 /);
    assert.equal(stream.take(Buffer.from(plain), 0), []);
    assert.is(stream.deadline, undefined);
  });
});

describe('bounds of a SIP stream', (test) => {
  // biome-ignore format: a table
  const rows: [what: string, text: string, broken: string][] = [
    ['a head without end',   `INVITE sip:x SIP/2.0\r\nSubject: ${'x'.repeat(1_100)}`,           'broken 513'],
    ['a start line without end', 'I'.repeat(1_100),                                             'broken 513'],
    ['a head too long',      head(`Subject: ${'x'.repeat(1_000)}\r\nContent-Length: 0`),          'broken 513'],
    ['head and body',        head('Content-Length: 1900'),                                      'broken 513'],
  ];
  for (const [what, text, broken] of rows) {
    const options = { maxHeadBytes: 1_024, maxMessageBytes: 2_000 };
    test(`${what}, at once`, () => assert.equal(run([text], options).names, [broken]));
    test(`${what}, byte by byte`, () => assert.equal(run(inBytes(text), options).names, [broken]));
  }
});

describe('deadlines of a SIP stream', (test) => {
  const text = message('hello');
  const bodyAt = text.length - 5;

  test('a head has 5 s from its first byte, however slowly it drips', () => {
    const stream = new SipStream();
    assert.is(stream.deadline, undefined);
    for (let at = 0; at < bodyAt - 1; at++) {
      stream.take(Buffer.from(text.charAt(at)), at);
      assert.is(stream.deadline, 5_000);
    }
  });

  test('a body has 10 s from the end of its head', () => {
    const stream = new SipStream();
    stream.take(Buffer.from(text.slice(0, bodyAt)), 4_000);
    assert.is(stream.deadline, 14_000);
    stream.take(Buffer.from('hel'), 9_000);
    assert.is(stream.deadline, 14_000);
    assert.equal(stream.take(Buffer.from('lo'), 9_500).map(name), [String(text.length)]);
    assert.is(stream.deadline, undefined);
  });

  test('what follows a message has a deadline of its own', () => {
    const stream = new SipStream();
    stream.take(Buffer.from(`${text}INV`), 1_000);
    assert.is(stream.deadline, 6_000);
  });

  test('line ends have none', () => {
    const stream = new SipStream();
    stream.take(Buffer.from('\r\n\r'), 0);
    assert.is(stream.deadline, undefined);
  });
});

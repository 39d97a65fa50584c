import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import {
  createRequest,
  createResponse,
  formatMessage,
  parseMessage,
  reasonOf,
  type SipMessage,
} from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';

const wire = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
const text = (message: SipMessage) => Buffer.from(formatMessage(message)).toString('latin1');

const base = `INVITE sip:100@desk.example SIP/2.0
Via: SIP/2.0/UDP a.example;branch=z9hG4bK1, SIP/2.0/UDP b.example;branch=z9hG4bK2
Via: SIP/2.0/TCP c.example;branch=z9hG4bK3
f: "Ada L." <sip:101@desk.example>;tag=a1
To: <sip:100@desk.example>
Call-ID: 8f3c
CSeq: 7 INVITE
k: path
X-odd-NAME: kept

v=0
`;
const parse = () => parseMessage(wire(base));

describe('sip message', (test) => {
  test('what is asked of every message', () => {
    const message = parse();
    assert.equal(message.start, { type: 'request', method: 'INVITE', uri: 'sip:100@desk.example' });
    assert.is(message.method, 'INVITE');
    assert.is(message.callId, '8f3c');
    assert.equal(message.cseq, { number: 7, method: 'INVITE' });
    assert.is(message.from.display, 'Ada L.');
    assert.is(message.from.params.get('tag'), 'a1');
    assert.is(message.to.uri, 'sip:100@desk.example');
    assert.is(message.topVia.host, 'a.example');
    assert.is(Buffer.from(message.body).toString(), 'v=0\r\n');
  });

  test('names have one spelling', () => {
    assert.equal(parse().names(), ['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Supported', 'X-Odd-Name']);
    assert.is(parse().get('x-odd-name'), 'kept');
    assert.is(parse().get('F'), parse().get('FROM'));
  });

  test('is written from the parse, with its length', () => {
    const lines = text(parse()).split('\r\n');
    assert.is(lines[3], 'From: "Ada L." <sip:101@desk.example>;tag=a1');
    assert.equal(lines.slice(-4), ['Content-Length: 5', '', 'v=0', '']);
  });

  test('the length written is the length of the body', () => {
    const message = parse();
    message.set('Content-Length', '999');
    message.body = Buffer.from('12');
    assert.is(text(message).match(/Content-Length/g)?.length, 1);
    assert.ok(text(message).endsWith('Content-Length: 2\r\n\r\n12'));
  });

  test('takes its method from CSeq when it is a response', () => {
    const ok = createResponse(parse(), 200);
    assert.is(ok.method, 'INVITE');
  });
});

/** Whole edits; `via` and `supported` are what getAll answers afterwards. */
// biome-ignore format: a table
const edits: { name: string; edit: (m: SipMessage) => void; via?: string; supported?: string }[] = [
  { name: 'prepend goes before the first',         edit: (m) => m.prepend('Via', 'SIP/2.0/UDP z'), via: 'z a b c' },
  { name: 'append goes after the last',            edit: (m) => m.append('Via', 'SIP/2.0/UDP z'), via: 'a b c z' },
  { name: 'removeFirst takes one of a line',       edit: (m) => m.removeFirst('v'), via: 'b c' },
  { name: 'removeFirst takes a line when it is spent', edit: (m) => { for (let i = 0; i < 2; i++) m.removeFirst('Via'); }, via: 'c' },
  { name: 'removeFirst of nothing',                edit: (m) => m.removeFirst('Route'), via: 'a b c' },
  { name: 'removeFirst goes past a line without values', edit: (m) => { m.prepend('Supported', ','); m.removeFirst('k'); }, supported: '' },
  { name: 'removeAll takes all lines',             edit: (m) => m.removeAll('via'), via: '' },
  { name: 'set leaves one in the first place',     edit: (m) => m.set('VIA', 'SIP/2.0/UDP z'), via: 'z' },
  { name: 'set adds what was not there',           edit: (m) => { m.removeAll('Supported'); m.set('k', 'timer'); }, supported: 'timer' },
  { name: 'append of a list adds to it',           edit: (m) => m.append('Supported', 'gruu, outbound'), supported: 'path gruu outbound' },
];

describe('sip message edit', (test) => {
  for (const { name, edit, via, supported } of edits) {
    test(name, () => {
      const message = parse();
      edit(message);
      const hosts = message.getAll('Via').map((each) => each.slice(12, 13));
      if (via !== undefined) assert.is(hosts.join(' '), via);
      if (supported !== undefined) assert.is(message.getAll('Supported').join(' '), supported);
    });
  }

  test('what was taken apart is forgotten when its header changes', () => {
    const message = parse();
    assert.is(message.topVia.host, 'a.example');
    message.removeFirst('Via');
    assert.is(message.topVia.host, 'b.example');
    assert.is(message.to.params.get('tag'), undefined);
    message.set('t', '<sip:100@desk.example>;tag=x');
    assert.is(message.to.params.get('tag'), 'x');
    message.set('From', '<sip:c@d.example>');
    assert.is(message.from.uri, 'sip:c@d.example');
    message.set('CSeq', '8 INVITE');
    assert.is(message.cseq.number, 8);
  });

  test('a replaced top Via is what is read and what is written', () => {
    for (const vias of [1, 2]) {
      const message = parse();
      for (let i = vias; i < 2; i++) message.removeFirst('Via');
      const via = message.topVia;
      const others = message.getAll('Via').slice(1);
      message.replaceTopVia({ ...via, params: new Map([...via.params, ['received', '192.0.2.9']]) });
      assert.is(message.topVia.params.get('received'), '192.0.2.9');
      assert.match(message.get('Via') ?? '', /;received=192\.0\.2\.9$/);
      assert.equal(message.getAll('Via').slice(1), others);
    }
  });

  test('a prepended header that is new stands at the top', () => {
    const message = parse();
    message.prepend('Record-Route', '<sip:192.0.2.1;lr>');
    assert.is(text(message).split('\r\n')[1], 'Record-Route: <sip:192.0.2.1;lr>');
  });

  test('a clone is another message', () => {
    const message = parse();
    const copy = message.clone();
    copy.removeAll('Via');
    copy.append('Subject', 'x');
    if (copy.start.type === 'request') copy.start.uri = 'sip:other@desk.example';
    assert.is(message.getAll('Via').length, 3);
    assert.is(message.get('Subject'), undefined);
    assert.is(message.start.type === 'request' && message.start.uri, 'sip:100@desk.example');
  });

  test('what a clone changes is read anew in the clone alone', () => {
    const message = parse();
    assert.is(message.topVia.host, 'a.example');
    assert.is(message.to.params.get('tag'), undefined);
    const { uri } = message.from;
    const copy = message.clone();
    copy.removeFirst('Via');
    copy.set('To', '<sip:100@desk.example>;tag=x');
    copy.removeWhere((name) => name === 'From');
    assert.is(copy.topVia.host, 'b.example');
    assert.is(copy.to.params.get('tag'), 'x');
    assert.throws(
      () => copy.from,
      (error: unknown) => Fault.is(error, 'sip.malformed'),
    );
    assert.is(message.topVia.host, 'a.example');
    assert.is(message.to.params.get('tag'), undefined);
    assert.is(message.from.uri, uri);
  });
});

describe('sip message writing', (test) => {
  const refuses = (run: () => unknown) => assert.throws(run, (e: unknown) => Fault.is(e, 'sip.malformed'));

  test('a line end in a value, a name, a Request-URI or a reason', () => {
    refuses(() => parse().set('Subject', 'a\r\nX-Evil: b'));
    refuses(() => parse().append('Subject', 'a\nb'));
    refuses(() => parse().prepend('X\r\nY', 'a'));
    refuses(() => createRequest({ method: 'OPT IONS', uri: 'sip:a', headers: [] }));
    for (const uri of ['sip:a\r\nX: y', 'sip:a b', 'sip:\u{10d}']) {
      refuses(() => formatMessage(createRequest({ method: 'OPTIONS', uri, headers: [] })));
    }
    refuses(() => formatMessage(createResponse(parse(), 200, { reason: 'OK\r\nX: y' })));
  });

  test('text beyond latin1 is written as UTF-8, never cut to a control character', () => {
    const message = parse();
    message.set('Subject', 'Č\u{10a}\u{10d}');
    const written = formatMessage(message);
    assert.ok(Buffer.from(written).includes(Buffer.from('Subject: Č\u{10a}\u{10d}\r\n', 'utf8')));
    assert.equal(parseMessage(written).names(), message.names().concat('Content-Length'));
  });

  test('a request has Max-Forwards', () => {
    const request = createRequest({ method: 'OPTIONS', uri: 'sip:a', headers: [['Via', 'SIP/2.0/UDP b']] });
    assert.is(request.get('Max-Forwards'), '70');
    const given = createRequest({ method: 'OPTIONS', uri: 'sip:a', headers: [['max-forwards', '5']] });
    assert.equal(given.getAll('Max-Forwards'), ['5']);
  });

  test('a response repeats what it must', () => {
    const response = createResponse(parse(), 486, { toTag: 'b1', headers: [['Warning', '399 a "b"']] });
    assert.equal(response.start, { type: 'response', status: 486, reason: 'Busy Here' });
    assert.equal(response.names(), ['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Warning']);
    assert.is(response.getAll('Via').length, 3);
    assert.is(response.to.params.get('tag'), 'b1');
    assert.is(response.get('To'), '<sip:100@desk.example>;tag=b1');
  });

  test('a To tag stays what it is', () => {
    const request = parse();
    request.set('To', '<sip:100@desk.example>;tag=theirs');
    assert.is(createResponse(request, 200, { toTag: 'ours' }).to.params.get('tag'), 'theirs');
  });

  test('Timestamp is repeated in a 100 alone', () => {
    const request = parse();
    request.append('Timestamp', '54');
    assert.is(createResponse(request, 100).get('Timestamp'), '54');
    assert.is(createResponse(request, 180).get('Timestamp'), undefined);
  });

  test('a reason for every status', () => {
    assert.is(reasonOf(487), 'Request Terminated');
    assert.is(reasonOf(499), 'Bad Request');
    assert.is(reasonOf(999), 'Unknown');
  });
});

describe('sip message limits', (test) => {
  const withLines = (...lines: string[]) => wire(base.replace('k: path', lines.join('\n')));
  const many = (count: number, line: string) => Array.from({ length: count }, () => line);

  // biome-ignore format: a table
  const limits: { name: string; bytes: () => Uint8Array; status?: number }[] = [
    { name: '200 headers',            bytes: () => withLines(...many(193, 'X-A: 1')) },
    { name: '201 headers',            bytes: () => withLines(...many(194, 'X-A: 1')), status: 400 },
    { name: '70 Vias',                bytes: () => withLines(...many(67, 'Via: SIP/2.0/UDP d')) },
    { name: '71 Vias',                bytes: () => withLines(...many(68, 'Via: SIP/2.0/UDP d')), status: 400 },
    { name: '71 Vias in one line',    bytes: () => withLines(`Via: ${many(68, 'SIP/2.0/UDP d').join(',')}`), status: 400 },
    { name: 'a line of 8 KiB',        bytes: () => withLines(`X-A: ${'a'.repeat(8 * 1024 - 5)}`) },
    { name: 'a line over 8 KiB',      bytes: () => withLines(`X-A: ${'a'.repeat(8 * 1024 - 4)}`), status: 400 },
    { name: 'a folded line over 8 KiB', bytes: () => withLines(`X-A: ${many(9, 'a'.repeat(1024)).join('\n ')}`), status: 400 },
    { name: '60 kB of white space',   bytes: () => withLines(`X-A:${' '.repeat(60_000)}`), status: 400 },
    { name: '8,000 parameters',       bytes: () => withLines(`Contact: <sip:a>${';a'.repeat(4_000)}`), status: 400 },
    { name: '101 parameters',         bytes: () => withLines(`Contact: <sip:a>${many(101, '').map((_, i) => `;p${i}`).join('')}`), status: 400 },
    { name: '64 KiB',                 bytes: () => Buffer.concat([wire(base), Buffer.alloc(64 * 1024 - wire(base).length)]) },
    { name: 'over 64 KiB',            bytes: () => Buffer.concat([wire(base), Buffer.alloc(64 * 1024)]), status: 513 },
  ];
  for (const { name, bytes, status } of limits) {
    test(name, () => {
      if (status === undefined) parseMessage(bytes());
      else
        assert.throws(
          () => parseMessage(bytes()),
          (e: unknown) => Fault.is(e) && e.facts.status === status,
        );
    });
  }
});

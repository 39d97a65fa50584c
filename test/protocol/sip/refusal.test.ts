import * as assert from 'uvu/assert';
import { Fault } from '#protocol/fault.ts';
import { parseMessage } from '#protocol/sip/message.ts';
import { refuse } from '#protocol/sip/refusal.ts';
import { describe } from '#test/support/describe.ts';
import { readSipVectors } from '#test/support/sip-vectors.ts';

const wire = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
const fault = (status: number) => new Fault('sip.malformed', 'a test', { status });
const written = (bytes: Uint8Array | undefined) =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1');

const lines =
  'v: SIP/2.0/UDP a;branch=z9hG4bK1\nVia: SIP/2.0/UDP b\nf: <sip:a@b>;tag=1\nTo: <sip:c@b>\nCall-ID: x\nCSeq: 1 INFO\n';

describe('sip refusal', (test) => {
  test('repeats what a response must', () => {
    const answer = written(refuse(wire(`INFO sip:b SIP/2.0\n${lines}Content-Length: -1\n\n`), fault(400)));
    const expected = `SIP/2.0 400 Bad Request\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\nVia: SIP/2.0/UDP b\nFrom: <sip:a@b>;tag=1\nTo: <sip:c@b>\nCall-ID: x\nCSeq: 1 INFO\nContent-Length: 0\n\n`;
    assert.is(answer, expected.replaceAll('\n', '\r\n'));
  });

  // biome-ignore format: a table
  const statuses: { name: string; error: unknown; line: string }[] = [
    { name: 'the fault\u2019s status',  error: fault(505),                           line: 'SIP/2.0 505 Version Not Supported' },
    { name: 'a fault without one', error: new Fault('sip.malformed', 'a test'), line: 'SIP/2.0 500 Server Internal Error' },
    { name: 'another fault',       error: new Fault('unavailable', 'a test'),   line: 'SIP/2.0 500 Server Internal Error' },
    { name: 'any error',           error: new TypeError('a test'),              line: 'SIP/2.0 500 Server Internal Error' },
  ];
  for (const { name, error, line } of statuses) {
    test(name, () => {
      assert.ok(written(refuse(wire(`INFO sip:b SIP/2.0\n${lines}\n`), error))?.startsWith(`${line}\r\n`));
    });
  }

  // biome-ignore format: a table
  const silent: { name: string; text: string }[] = [
    { name: 'a response',               text: `SIP/2.0 2000 OK\n${lines}\n` },
    { name: 'an ACK',                   text: `ACK sip:b SIP/2.0\n${lines}\n` },
    { name: 'what is no SIP',           text: `GET / HTTP/1.1\n${lines}\n` },
    { name: 'nothing',                  text: '' },
    { name: 'no Via',                   text: `INFO sip:b SIP/2.0\n${lines.replace(/^v.*\nVia.*\n/, '')}\n` },
    { name: 'no Call-ID',               text: `INFO sip:b SIP/2.0\n${lines.replace('Call-ID', 'Call')}\n` },
    { name: 'a control character in To', text: `INFO sip:b SIP/2.0\n${lines.replace('<sip:c@b>', 'a\u0000b')}\n` },
    { name: 'headers after the empty line', text: `INFO sip:b SIP/2.0\n\n${lines}\n` },
  ];
  for (const { name, text } of silent) {
    test(`no answer to ${name}`, () => assert.is(refuse(wire(text), fault(400)), undefined));
  }

  test('every answer is a proper response, and no longer than asks for trouble', () => {
    for (const { name, bytes, status } of readSipVectors()) {
      if (status === undefined) continue;
      const answer = refuse(bytes, fault(status));
      if (answer === undefined) continue;
      assert.ok(answer.length <= bytes.length + 400, name);
      const text = written(answer) ?? '';
      assert.ok(text.startsWith(`SIP/2.0 ${status} `) && text.endsWith('\r\n\r\n'), name);
      assert.is(text.split('\r\n\r\n').length, 2, name);
    }
  });

  test('what it repeats from a proper request parses', () => {
    const answer = refuse(wire(`INFO sip:b SIP/2.0\n${lines}l: 0\nl: 0\n\n`), fault(400));
    assert.is(parseMessage(answer ?? new Uint8Array()).getAll('Via').length, 2);
  });
});

import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Traced } from '#controller/model/ports.ts';
import { addressBytes, formatPcap } from '#controller/sip/pcap.ts';
import type { Peer } from '#controller/sip/peer.ts';
import { createTrace } from '#controller/sip/trace.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';

const phoneAt = (address: string, port = 5062): Peer => ({
  type: 'flow',
  flow: {
    agent: 'a1',
    site: 'berlin',
    transport: 'udp',
    local: { address: address.includes(':') ? '2001:db8::1' : '192.0.2.1', port: 5060 },
    remote: { address, port },
  },
});
const phone = phoneAt('192.0.2.7');

function message(start: string, headers: string[] = [], body = ''): Buffer {
  const lines = [start, 'Via: SIP/2.0/UDP 192.0.2.7:5062', 'CSeq: 1 REGISTER', ...headers];
  return Buffer.from(`${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}

function open() {
  const clock = createFakeClock();
  const trace = createTrace({ clock });
  const texts = () => trace.messages().map(({ bytes }) => bytes.toString());
  return { clock, trace, texts };
}

describe('trace', (test) => {
  test('keeps nothing before its start and nothing after its end, but what it has', () => {
    const { clock, trace, texts } = open();
    const [before, during, after] = [
      'OPTIONS sip:1 SIP/2.0',
      'OPTIONS sip:2 SIP/2.0',
      'OPTIONS sip:3 SIP/2.0',
    ];
    trace.note('in', phone, message(before));
    trace.start({ minutes: 2 });
    trace.note('in', phone, message(during));
    assert.is(trace.status().until, clock.wall() + 120_000);
    clock.advance(120_000);
    trace.note('in', phone, message(after));
    assert.equal(trace.status(), { messages: 1, dropped: 0 });
    assert.match(texts()[0] ?? '', /^OPTIONS sip:2 /);
    trace.start({ minutes: 1 });
    assert.equal(texts(), []);
    assert.is(clock.pending(), 1);
    trace.close();
    assert.is(clock.pending(), 0);
  });

  test('says from where to where, and leaves out what stays in this process', () => {
    const { trace } = open();
    trace.start({ minutes: 1 });
    trace.note('out', phone, message('SIP/2.0 200 OK'));
    trace.note('out', { type: 'ivr' }, message('INVITE sip:hotdesk@hotdesk.invalid SIP/2.0'));
    const [only, ...others] = trace.messages();
    assert.equal(others, []);
    assert.equal(
      [only?.direction, only?.by, only?.transport, only?.remote],
      ['out', 'a1', 'udp', { address: '192.0.2.7', port: 5062 }],
    );
    trace.close();
  });

  test('keeps only what holds the text that was asked for', () => {
    const { trace, texts } = open();
    trace.start({ minutes: 1, contains: 'Call-ID: wanted' });
    for (const id of ['other', 'wanted', 'third'])
      trace.note('in', phone, message('BYE sip:1 SIP/2.0', [`Call-ID: ${id}`]));
    assert.is(texts().length, 1);
    trace.close();
  });

  test('what is masked is nothing to ask for: else each digit of a PIN could be', () => {
    const { trace, texts } = open();
    for (const digit of '0123456789') {
      trace.start({ minutes: 1, contains: `Signal=${digit}` });
      trace.note('in', phone, message('INFO sip:1 SIP/2.0', ['CSeq: 2 INFO'], 'Signal=7\r\n'));
      assert.equal(texts(), []);
    }
    trace.close();
  });

  test('masks what can be guessed from, and no length changes', () => {
    const { trace, texts } = open();
    trace.start({ minutes: 1 });
    const digest = `Digest username="HD0001", nonce="n", response="${'0a'.repeat(16)}", uri="sip:1"`;
    const secrets = [
      message('REGISTER sip:1 SIP/2.0', [`Authorization: ${digest}`]),
      message('INVITE sip:1 SIP/2.0', [
        `proxy-authorization : Digest username="HD0001",\r\n response="${'0a'.repeat(16)}"`,
      ]),
      message('INFO sip:1 SIP/2.0', ['CSeq: 2 INFO'], 'Signal=7\r\nDuration=160\r\n'),
      message('INFO sip:1 SIP/2.0', ['CSeq:\r\n 3\r\n INFO'], 'Signal=7\r\nDuration=160\r\n'),
    ];
    for (const each of secrets) trace.note('in', phone, each);
    for (const [index, text] of texts().entries()) {
      assert.not.match(text, /0a0a|Signal=7/);
      assert.is(text.length, secrets[index]?.length);
    }
    assert.match(texts()[0] ?? '', /username="HD0001"/);
    trace.close();
  });

  test('has room for the last 5,000, and counts the others', () => {
    const { trace, texts } = open();
    trace.start({ minutes: 1 });
    for (let number = 0; number < 5_003; number++)
      trace.note('in', phone, message(`BYE sip:${number} SIP/2.0`));
    assert.equal(trace.status(), { until: trace.status().until as number, messages: 5_000, dropped: 3 });
    assert.match(texts()[0] ?? '', /^BYE sip:3 /);
    trace.close();
  });

  test('Homer has each message as HEP3 while it runs', async () => {
    const homer = createSocket('udp4').bind(0, '127.0.0.1');
    await once(homer, 'listening');
    const { trace } = open();
    trace.start({ minutes: 1, hep: { address: '127.0.0.1', port: homer.address().port } });
    const sent = message('BYE sip:1 SIP/2.0');
    trace.note('in', phone, sent);
    const [bytes] = (await once(homer, 'message')) as [Buffer];
    assert.is(bytes.toString('latin1', 0, 4), 'HEP3');
    assert.is(bytes.readUInt16BE(4), bytes.length);
    const chunks = new Map<number, Buffer>();
    for (let at = 6; at < bytes.length; at += bytes.readUInt16BE(at + 4)) {
      chunks.set(bytes.readUInt16BE(at + 2), bytes.subarray(at + 6, at + bytes.readUInt16BE(at + 4)));
    }
    assert.equal([...(chunks.get(3) ?? [])], [192, 0, 2, 7], 'source');
    assert.equal([...(chunks.get(4) ?? [])], [192, 0, 2, 1], 'destination');
    assert.equal([chunks.get(7)?.readUInt16BE(), chunks.get(8)?.readUInt16BE()], [5062, 5060]);
    assert.equal([chunks.get(1)?.[0], chunks.get(2)?.[0], chunks.get(11)?.[0]], [2, 17, 1]);
    assert.is(chunks.get(15)?.toString(), sent.toString());
    trace.close();
    homer.close();
    await once(homer, 'close');
  });

  test('IPv6 addresses become their sixteen bytes', () => {
    for (const [address, hex] of [
      ['::1', '00000000000000000000000000000001'],
      ['2001:db8::1', '20010db8000000000000000000000001'],
      ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
      ['fe80::1:2:3:4', 'fe800000000000000001000200030004'],
      ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ] as const) {
      assert.is(addressBytes(address).toString('hex'), hex, address);
    }
  });

  const read = hasProgram('tcpdump') ? test : (name: string) => test.skip(name, 'tcpdump is not installed');
  read('the capture is one that tcpdump reads, with its sums right', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hotdesk-trace-'));
    const file = join(folder, 'sip.pcap');
    const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    const made = (peer: Peer, direction: Traced['direction']): Traced => {
      if (peer.type !== 'flow') throw new Error('a phone is wanted');
      const { agent: by, transport, local, remote } = peer.flow;
      return { at, direction, by, transport, local, remote, bytes: message('BYE sip:100@192.0.2.1 SIP/2.0') };
    };
    writeFileSync(file, formatPcap([made(phone, 'in'), made(phoneAt('2001:db8::7', 5064), 'out')]));
    const said = execFileSync('tcpdump', ['-r', file, '-n', '-vv', '-tttt'], {
      encoding: 'utf8',
      env: { ...process.env, TZ: 'UTC' },
    });
    rmSync(folder, { recursive: true });
    assert.match(said, /2026-01-02 03:04:05\.678000 IP .*192\.0\.2\.7\.5062 > 192\.0\.2\.1\.5060: .*SIP/s);
    assert.match(said, /IP6 .*2001:db8::1\.5060 > 2001:db8::7\.5064: .*SIP/s);
    assert.is(said.match(/BYE sip:100@192\.0\.2\.1/g)?.length, 2);
    assert.not.match(said, /bad|cksum 0x[0-9a-f]+ \(incorrect|truncated/);
  });
});

/** The login line for real: INVITEs as text, digits as RTP, prompts recognised in what comes back. */

import pino from 'pino';
import * as assert from 'uvu/assert';
import { createLoginLine, type LoginLineOptions } from '#controller/ivr/line.ts';
import { type Prompt, prompts } from '#controller/ivr/machine.ts';
import { loadVoices } from '#controller/ivr/prompts.ts';
import type { Flow, Site } from '#controller/model/model.ts';
import type { LoginCall, MediaStream, PinAnswer, Sessions } from '#controller/model/ports.ts';
import type { HostPort } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import type { G711 } from '#protocol/media/g711.ts';
import { decodeRtp, encodeRtp, type RtpPacket } from '#protocol/media/rtp.ts';
import { encodeDigit } from '#protocol/media/telephone-event.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';

const voices = loadVoices();
const pin = '739216';
const flow: Flow = {
  agent: '0123456789abcdef',
  site: 'berlin',
  transport: 'udp',
  local: { address: '192.0.2.1', port: 5060 },
  remote: { address: '192.0.2.77', port: 5062 },
};

describe('login line', (test) => {
  test('logs in: 200 with our SDP, prompt, PIN, commit, confirmation, BYE', async () => {
    const world = open();
    const call = await world.answered();

    const ok = call.last(200);
    assert.match(ok.body, /^m=audio 40000 RTP\/AVP 8 101\r$/m);
    assert.match(ok.body, /^c=IN IP4 192\.0\.2\.1\r$/m);
    assert.match(ok.body, /^a=rtpmap:101 telephone-event\/8000\r$/m);
    assert.match(ok.head, /^Contact: <sip:hotdesk@hotdesk\.invalid>\r?$/m);
    assert.match(ok.head, /^Record-Route: <sip:proxy\.invalid;lr>\r?$/m);
    assert.equal(world.opened, ['192.0.2.77:11780']);

    world.clock.advance(4_000);
    assert.equal(world.heard(), ['pin']);
    world.press(`${pin}#`);
    await until('committed', () => world.asked.length === 2);
    assert.equal(world.asked, [`check HD0001 100 ${pin}`, 'login HD0001 100 dial']);
    await settle();
    world.clock.advance(2_000);
    assert.equal(world.heard(), ['pin', 'loggedIn']);

    const bye = call.request('BYE');
    call.respond(bye, 200);
    await settle();
    assert.is(world.line.size, 0);
    assert.ok(world.streams.every(({ isClosed }) => isClosed));
    await world.close();
  });

  test('confirms nothing before the commit is done', async () => {
    const world = open();
    let commit = () => {};
    world.sessions.login = async (device, extension) => {
      await new Promise<void>((resolve) => {
        commit = resolve;
      });
      return { device, extension, since: 0, how: 'dial' };
    };
    await world.answered();
    world.press(`${pin}#`);
    await settle();
    world.clock.advance(10_000);
    assert.equal(
      world.heard().filter((prompt) => prompt !== 'pin'),
      [],
    );
    commit();
    await settle();
    world.clock.advance(2_000);
    assert.is(world.heard().at(-1), 'loggedIn');
    await world.close();
  });

  test('logs out without a question, in German where the site is', async () => {
    const world = open({ language: 'de' });
    const call = await world.answered({ request: { type: 'logout' } });
    await settle();
    world.clock.advance(3_000);
    assert.equal(world.asked, ['logout HD0001 dial']);
    assert.equal(world.heard('de'), ['loggedOut']);
    call.request('BYE');
    await world.close();
  });

  test('asks for the extension when the code was dialled bare', async () => {
    const world = open();
    await world.answered({ request: { type: 'login' } });
    world.clock.advance(4_000);
    world.press('100');
    world.clock.advance(3_100);
    world.clock.advance(4_000);
    world.press(pin);
    world.clock.advance(3_100);
    await settle();
    world.clock.advance(2_000);
    assert.equal(world.heard(), ['extension', 'pin', 'loggedIn']);
    await world.close();
  });

  test('sends one packet each 20 ms without drift, also after late timers', async () => {
    const world = open();
    await world.answered();
    world.clock.advance(1_007);
    world.clock.advance(993);
    const { packets } = world;
    assert.is(packets.length, 101);
    for (const [i, packet] of packets.entries()) {
      const first = packets[0];
      assert.ok(first);
      assert.is(packet.sequence, (first.sequence + i) & 0xffff);
      assert.is(packet.timestamp, (first.timestamp + i * 160) >>> 0);
      assert.is(packet.payload.length, 160);
      assert.is(packet.marker, i === 0);
    }
    await world.close();
  });

  test('takes digits from the negotiated payload type only', async () => {
    const world = open();
    await world.answered();
    world.press(`${pin}#`, { payloadType: 96 });
    world.send(Uint8Array.of(1, 2, 3));
    await settle();
    assert.equal(world.asked, []);
    world.press(`${pin}#`, { payloadType: 101 });
    await settle();
    assert.is(world.asked[0], `check HD0001 100 ${pin}`);
    await world.close();
    assert.is(world.line.counters.junk, 1);
  });

  test('three wrong PINs: refused, goodbye, BYE', async () => {
    const world = open({ answer: 'wrong' });
    const call = await world.answered();
    for (let attempt = 0; attempt < 3; attempt++) {
      world.clock.advance(4_000);
      world.press('1111#');
      await settle();
    }
    world.clock.advance(4_000);
    assert.equal(world.heard(), ['pin', 'wrong', 'wrong', 'refused', 'goodbye']);
    call.request('BYE');
    await world.close();
  });

  test('a call that lasts two minutes ends', async () => {
    const world = open();
    const call = await world.answered();
    for (let second = 0; second < 119; second++) {
      world.press('1');
      world.press('*');
      world.clock.advance(1_000);
    }
    assert.is(world.line.size, 1);
    world.clock.advance(1_000);
    call.request('BYE');
    assert.is(world.line.size, 0);
    await world.close();
  });

  test('the phone hangs up', async () => {
    const world = open();
    const call = await world.answered();
    call.bye();
    await settle();
    call.last(200);
    assert.is(world.line.size, 0);
    assert.is(world.clock.pending(), 0);
    await world.close();
  });

  test('a BYE that comes before the ACK waits for it', async () => {
    const world = open({ maxCallMs: 1_000 });
    const call = await world.answered({ ack: false });
    world.clock.advance(1_000);
    await settle();
    assert.is(call.sent('BYE').length, 0);
    call.ack();
    await settle();
    call.request('BYE');
    await world.close();
  });

  test('hold and resume: the answer mirrors, our audio stops and goes on, the stream stays', async () => {
    const world = open();
    const call = await world.answered();
    world.clock.advance(200);
    call.reinvite(sdp({ direction: 'sendonly' }));
    await until('held', () => call.sent('SIP/2.0 200').length === 2);
    assert.match(call.last(200).body, /^a=recvonly\r$/m);
    call.ack();
    await settle();
    const before = world.packets.length;
    world.clock.advance(1_000);
    assert.is(world.packets.length, before);

    call.reinvite(sdp({}));
    await until('resumed', () => call.sent('SIP/2.0 200').length === 3);
    assert.match(call.last(200).body, /^a=sendrecv\r$/m);
    call.ack();
    world.clock.advance(1_000);
    assert.is(world.packets.length, before + 50);
    assert.is(world.packets[before]?.marker, true);
    assert.is(world.opened.length, 1);
    await world.close();
  });

  test('a re-INVITE to another port opens another stream, one without a codec is 488 and changes nothing', async () => {
    const world = open();
    const call = await world.answered();
    call.reinvite(sdp({ port: 11_800 }));
    await until('moved', () => call.sent('SIP/2.0 200').length === 2);
    call.ack();
    await settle();
    assert.match(call.last(200).body, /^m=audio 40002 /m);
    assert.equal(world.opened, ['192.0.2.77:11780', '192.0.2.77:11800']);
    assert.equal(
      world.streams.map(({ isClosed }) => isClosed),
      [true, false],
    );

    call.reinvite(sdp({ formats: '18 101' }));
    await until('refused', () => call.sent('SIP/2.0 488').length === 1);
    assert.is(world.line.size, 1);
    await world.close();
  });

  // biome-ignore format: a table
  const refused: { name: string; invite: Invite; status: number; counter: keyof ReturnType<typeof open>['line']['counters'] }[] = [
    { name: 'an INVITE without an offer',          invite: { body: '' },                                     status: 488, counter: 'unacceptable' },
    { name: 'an offer that is no SDP',             invite: { body: 'v=1\r\n' },                              status: 488, counter: 'unacceptable' },
    { name: 'a body of another type',              invite: { type: 'text/plain' },                           status: 488, counter: 'unacceptable' },
    { name: 'no codec of ours',                    invite: { body: sdp({ formats: '18 9 101' }) },           status: 488, counter: 'unacceptable' },
    { name: 'no telephone events',                 invite: { body: sdp({ formats: '8 0' }) },                status: 488, counter: 'unacceptable' },
    { name: 'SRTP only',                           invite: { body: sdp({ protocol: 'RTP/SAVP' }) },          status: 488, counter: 'unacceptable' },
    { name: 'held from the start (0.0.0.0)',       invite: { body: sdp({ address: '0.0.0.0' }) },            status: 488, counter: 'unacceptable' },
    { name: 'a multicast group',                   invite: { body: sdp({ address: '224.0.1.75' }) },         status: 488, counter: 'unacceptable' },
    { name: 'everybody',                           invite: { body: sdp({ address: '255.255.255.255' }) },    status: 488, counter: 'unacceptable' },
    { name: 'the port of a service',               invite: { body: sdp({ port: 22 }) },                      status: 488, counter: 'unacceptable' },
    { name: 'port 0',                              invite: { body: sdp({ port: 0 }) },                       status: 488, counter: 'unacceptable' },
    { name: 'no stream to be had',                 invite: { media: new Fault('limit.reached', 'no ports') }, status: 480, counter: 'unavailable' },
    { name: 'a call nobody announced',             invite: { expect: false },                                status: 403, counter: 'unexpected' },
  ];
  for (const { name, invite, status, counter } of refused) {
    test(`refuses ${name}`, async () => {
      const world = open();
      const call = world.call(invite);
      await until(`a ${status}`, () => call.sent(`SIP/2.0 ${status}`)[0]);
      assert.is(world.line.counters[counter], 1);
      assert.is(world.line.size, 0);
      assert.is(world.clock.pending(), 0);
      assert.equal(world.opened, []);
      await world.close();
    });
  }

  // biome-ignore format: a table
  const addresses: { name: string; address: string }[] = [
    { name: 'loopback',       address: '127.0.0.1' },
    { name: 'another host',   address: '169.254.169.254' },
    { name: 'another family', address: '2001:db8::9' },
  ];
  for (const { name, address } of addresses) {
    test(`sends to the flow's own address when the SDP names ${name}`, async () => {
      const world = open();
      await world.answered({ body: sdp({ address }) });
      assert.equal(world.opened, ['192.0.2.77:11780']);
      await world.close();
    });
  }

  test('is busy over its bounds: two calls a device, and so many in all', async () => {
    const world = open({ maxCalls: 3 });
    await world.answered({ callId: 'a' });
    await world.answered({ callId: 'b' });
    const third = world.call({ callId: 'c' });
    await until('486', () => third.sent('SIP/2.0 486')[0]);
    await world.answered({ callId: 'd', device: 'HD0002' });
    const fifth = world.call({ callId: 'e', device: 'HD0003' });
    await until('486', () => fifth.sent('SIP/2.0 486')[0]);
    assert.is(world.line.counters.busy, 2);
    await world.close();
    assert.is(world.line.size, 0);
  });

  test('forgets the oldest announcement over its bound', async () => {
    const world = open({ maxExpected: 2 });
    for (const branch of ['z9hG4bK1', 'z9hG4bK2', 'z9hG4bK3']) world.line.expect(branch, loginCall());
    const first = world.call({ expect: false, branch: 'z9hG4bK1', callId: 'a' });
    await until('403', () => first.sent('SIP/2.0 403')[0]);
    const last = world.call({ expect: false, branch: 'z9hG4bK3', callId: 'b' });
    await until('200', () => last.sent('SIP/2.0 200')[0]);
    await world.close();
  });

  test('cancelled while the stream is being opened: 487, and the stream is closed when it comes', async () => {
    const world = open();
    let give = () => {};
    const opening = new Promise<void>((resolve) => {
      give = resolve;
    });
    const call = world.call({ media: opening });
    await settle();
    call.cancel();
    await until('487', () => call.sent('SIP/2.0 487')[0]);
    give();
    await until('closed', () => world.streams[0]?.isClosed);
    assert.is(world.line.size, 0);
    assert.is(world.clock.pending(), 0);
    await world.close();
  });

  test('lives through messages that are none', async () => {
    const world = open();
    for (const text of [
      '',
      '\r\n\r\n',
      'INVITE',
      'INVITE sip:hotdesk@hotdesk.invalid SIP/2.0\r\n\r\n',
      '\0\xff'.repeat(500),
    ]) {
      world.line.receive(Buffer.from(text));
    }
    await world.answered();
    await world.close();
  });

  test('no digit of the PIN is in any log line', async () => {
    const world = open({ answer: 'wrong' });
    await world.answered({ callId: 'plain' });
    for (let attempt = 0; attempt < 2; attempt++) {
      world.press(`${pin}#`);
      await settle();
    }
    world.sessions.checkPin = async () => {
      throw new Fault('unavailable', 'no hash today');
    };
    world.press(`${pin}#`);
    await settle();
    world.clock.advance(10_000);
    assert.is(world.heard().at(-2), 'unavailable');
    await world.close();

    const log = world.log();
    assert.match(log, /login call ended/);
    assert.match(log, /not possible now/);
    assert.not.match(log, new RegExp(pin));
    // Not digit by digit either: no field is a single key.
    assert.not.match(log, /:"?[0-9*#]"?[,}]/);
  });
});

// --- the world around the line -----------------------------------------------------

type WorldOptions = Partial<LoginLineOptions> & { language?: Site['language']; answer?: PinAnswer };
type Invite = Partial<LoginCall> & {
  body?: string;
  type?: string;
  callId?: string;
  branch?: string;
  expect?: boolean;
  ack?: boolean;
  media?: Fault | Promise<void>;
};

function open({ language = 'en', answer = 'right', ...options }: WorldOptions = {}) {
  const clock = createFakeClock();
  const asked: string[] = [];
  const opened: string[] = [];
  const packets: RtpPacket[] = [];
  const sent: string[] = [];
  const streams: (MediaStream & { isClosed: boolean })[] = [];
  const lines: string[] = [];
  let waiting: Fault | Promise<void> | undefined;

  const sessions: Sessions = {
    async checkPin(device, extension, pin) {
      asked.push(`check ${device} ${extension} ${pin}`);
      return answer;
    },
    async login(device, extension, how) {
      asked.push(`login ${device} ${extension} ${how}`);
      return { device, extension, since: clock.wall(), how };
    },
    async logout(device, how) {
      asked.push(`logout ${device} ${how}`);
      return undefined;
    },
  };

  async function openStream(_flow: Flow, { address, port }: HostPort): Promise<MediaStream> {
    if (waiting instanceof Fault) throw waiting;
    await waiting;
    opened.push(`${address}:${port}`);
    const stream = {
      local: { address: '192.0.2.1', port: 40_000 + streams.length * 2 },
      isClosed: false,
      onPacket() {},
      send(bytes: Uint8Array) {
        const packet = decodeRtp(bytes);
        assert.ok(packet);
        packets.push(packet);
      },
      close() {
        stream.isClosed = true;
      },
    };
    streams.push(stream);
    return stream;
  }

  const site: Site = {
    id: 'berlin',
    language,
    timeZone: 'UTC',
    emergencyNumbers: [],
    dialCodes: {},
    idleMayCall: [],
  };
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const store = { get: () => ({ ...site, revision: 1 }) } as unknown as LoginLineOptions['store'];
  const line = createLoginLine({
    sessions,
    store,
    media: { open: openStream },
    clock,
    log,
    voices,
    ...options,
  });
  line.onSend = (message) => sent.push(Buffer.from(message).toString());

  const dtmf = { sequence: 1, timestamp: 1_000 };
  const send = (bytes: Uint8Array) => streams.at(-1)?.onPacket(bytes);

  function call(invite: Invite = {}) {
    const { branch = `z9hG4bK${sent.length}`, expect = true } = invite;
    waiting = invite.media;
    const dialog = createPhone({ callId: 'call', branch, ...invite }, line.receive, sent);
    if (expect) line.expect(branch, loginCall(invite));
    dialog.invite(invite.body ?? sdp({}), invite.type);
    return dialog;
  }

  return {
    line,
    clock,
    sessions,
    asked,
    opened,
    packets,
    streams,
    send,
    call,
    log: () => lines.join(''),
    /** A call that is up; the dialogue runs. */
    async answered(invite: Invite = {}) {
      const phone = call(invite);
      await until('a 200', () => phone.sent('SIP/2.0 200')[0]);
      if (invite.ack !== false) phone.ack();
      await settle();
      return phone;
    },
    press(digits: string, { payloadType = 101 } = {}) {
      for (const digit of digits) {
        const press = encodeDigit({ digit, payloadType, ssrc: 7, ...dtmf });
        for (const packet of press) send(encodeRtp(packet));
        dtmf.sequence += press.length;
        dtmf.timestamp += 2_400;
      }
    },
    heard: (spoken: Site['language'] = 'en') => recognise(packets, spoken, 'PCMA'),
    async close() {
      await line.close();
      assert.is(clock.pending(), 0);
    },
  };
}

function loginCall({ device = 'HD0001', request }: Partial<LoginCall> = {}): LoginCall {
  return { device, site: 'berlin', flow, request: request ?? { type: 'login', extension: '100' } };
}

/** Which prompts begin in this audio, in order: each is looked for by its first quarter second of speech. */
function recognise(packets: readonly RtpPacket[], language: Site['language'], codec: G711): Prompt[] {
  const audio = Buffer.concat(packets.map(({ payload }) => payload)).toString('latin1');
  const found: { at: number; prompt: Prompt }[] = [];
  for (const prompt of prompts) {
    const start = Buffer.from(voices[language][prompt][codec].subarray(0, 3_200)).toString('latin1');
    for (let at = audio.indexOf(start); at >= 0; at = audio.indexOf(start, at + 1))
      found.push({ at, prompt });
  }
  return found.sort((a, b) => a.at - b.at).map(({ prompt }) => prompt);
}

type SdpParts = { address?: string; port?: number; formats?: string; protocol?: string; direction?: string };

function sdp({
  address = '192.0.2.77',
  port = 11_780,
  formats = '9 8 0 101',
  protocol = 'RTP/AVP',
  direction = 'sendrecv',
}: SdpParts): string {
  const family = address.includes(':') ? 'IP6' : 'IP4';
  const lines = [
    'v=0',
    `o=- 20038 20038 IN ${family} ${address}`,
    's=SDP data',
    `c=IN ${family} ${address}`,
    't=0 0',
    `m=audio ${port} ${protocol} ${formats}`,
    'a=rtpmap:9 G722/8000',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:0 PCMU/8000',
    ...(formats.includes('101') ? ['a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15'] : []),
    'a=ptime:20',
    `a=${direction}`,
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** What the proxy passes on for a phone: text in, text out. */
function createPhone(
  { callId, branch }: { callId: string; branch: string },
  receive: (message: Uint8Array) => void,
  all: readonly string[],
) {
  let cseq = 1;
  let via = branch;
  const sent = (start: string) =>
    all.filter((text) => text.startsWith(start) && text.includes(`\r\nCall-ID: ${callId}\r\n`));
  const to = () => {
    const ok = sent('SIP/2.0 200')[0];
    return ok === undefined ? '<sip:*77*100*@berlin.invalid>' : (/^To: (.*)$/m.exec(ok)?.[1] ?? '');
  };

  function request(method: string, body = '', type = 'application/sdp'): void {
    const head = [
      `${method} sip:hotdesk@hotdesk.invalid SIP/2.0`,
      `Via: SIP/2.0/TCP controller.invalid;branch=${via}`,
      'Via: SIP/2.0/UDP 192.0.2.77:5062;branch=z9hG4bKphone',
      'Record-Route: <sip:proxy.invalid;lr>',
      'Max-Forwards: 69',
      'From: "HD0001" <sip:HD0001@berlin.invalid>;tag=phone',
      `To: ${to()}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      'Contact: <sip:HD0001@192.0.2.77:5062>',
      ...(body === '' ? [] : [`Content-Type: ${type}`]),
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    receive(Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`));
  }

  return {
    sent,
    invite: (body: string, type?: string) => request('INVITE', body, type),
    /** Of a 200: end to end, so with a branch of its own (RFC 3261 17.1.1.3). */
    ack() {
      const invited = via;
      via = `z9hG4bKack${cseq}`;
      request('ACK');
      via = invited;
    },
    cancel: () => request('CANCEL'),
    reinvite(body: string) {
      cseq++;
      via = `z9hG4bKagain${cseq}`;
      request('INVITE', body);
    },
    bye() {
      cseq++;
      via = `z9hG4bKbye${cseq}`;
      request('BYE');
    },
    /** The last response of this status. */
    last(status: number) {
      const text = sent(`SIP/2.0 ${status}`).at(-1);
      assert.ok(text, `a ${status} was sent`);
      const [head = '', body = ''] = text.split('\r\n\r\n');
      return { head, body };
    },
    /** The one request of this method that was sent to the phone. */
    request(method: string): string {
      const found = sent(method);
      assert.is(found.length, 1, `one ${method} was sent`);
      return found[0] ?? '';
    },
    respond(text: string, status: number) {
      const kept = text.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
      receive(Buffer.from([`SIP/2.0 ${status} OK`, ...kept, 'Content-Length: 0', '', ''].join('\r\n')));
    },
  };
}

/** Lets promises that are ready go on; nothing here waits for time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

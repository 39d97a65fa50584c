/** The world around a login line: a phone that speaks SIP as text, an RTP stream, sessions that answer as told. */

import pino from 'pino';
import * as assert from 'uvu/assert';
import { createLoginLine, type LoginLineOptions } from '#controller/ivr/line.ts';
import { type Prompt, prompts } from '#controller/ivr/machine.ts';
import { loadVoices } from '#controller/ivr/prompts.ts';
import type { Flow, Site } from '#controller/model/model.ts';
import type { LoginCall, MediaStream, PinAnswer, Sessions } from '#controller/model/ports.ts';
import type { HostPort } from '#protocol/address.ts';
import type { Fault } from '#protocol/fault.ts';
import type { G711 } from '#protocol/media/g711.ts';
import { decodeRtp, encodeRtp, type RtpPacket } from '#protocol/media/rtp.ts';
import { encodeDigit } from '#protocol/media/telephone-event.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { until } from '#test/support/until.ts';

const voices = loadVoices();
const flow: Flow = {
  agent: '0123456789abcdef',
  site: 'berlin',
  transport: 'udp',
  local: { address: '192.0.2.1', port: 5060 },
  remote: { address: '192.0.2.77', port: 5062 },
};

export type WorldOptions = Partial<LoginLineOptions> & { language?: Site['language']; answer?: PinAnswer };
export type Invite = Partial<LoginCall> & {
  body?: string;
  type?: string;
  callId?: string;
  branch?: string;
  expect?: boolean;
  ack?: boolean;
  media?: Fault | Promise<void>;
  /** Its Allow header. */
  allow?: string;
};

export function openWorld({ language = 'en', answer = 'right', ...options }: WorldOptions = {}) {
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
    if (waiting instanceof Error) throw waiting;
    await waiting;
    opened.push(`${address}:${port}`);
    const stream = {
      local: { address: '192.0.2.1', port: 40_000 + streams.length * 2 },
      isClosed: false,
      onPacket() {},
      retarget() {},
      join: () => false,
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
    transport: 'udp',
    dialCodes: {},
    idleMayCall: [],
    media: 'direct',
    mayWatch: 'layout',
  };
  // Without time and process: their digits could be those that a test looks for.
  const log = pino(
    { level: 'trace', base: null, timestamp: false },
    { write: (line: string) => void lines.push(line) },
  );
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

export function loginCall({ device = 'HD0001', request }: Partial<LoginCall> = {}): LoginCall {
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

export function sdp({
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
  { callId, branch, allow }: { callId: string; branch: string; allow?: string },
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
      ...(allow === undefined ? [] : [`Allow: ${allow}`]),
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
    info(body: string, type = 'application/dtmf-relay') {
      cseq++;
      via = `z9hG4bKinfo${cseq}`;
      request('INFO', body, type);
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
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

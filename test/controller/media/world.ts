/** Calls between phones of two sites over ports that are not there: what is opened, told and closed is written down. */

import { type CallMediaOptions, createCallMedia } from '#controller/media/call-media.ts';
import type { Flow } from '#controller/model/model.ts';
import type { MediaEnd, MediaStream } from '#controller/model/ports.ts';
import { Fault } from '#protocol/fault.ts';
import { encodeRtp } from '#protocol/media/rtp.ts';
import { createRequest, createResponse, type HeaderList, type SipMessage } from '#protocol/sip/message.ts';
import { createFakeClock } from '#test/support/clock.ts';

const lans = { north: '192.0.2', south: '198.51.100', six: '2001:db8:6:' } as const;
export type SiteName = keyof typeof lans;

const hostAt = (site: SiteName, host: number) => `${lans[site]}${site === 'six' ? ':' : '.'}${host}`;

export function endAt(site: SiteName, host: number, { user = `${host}`, isGateway = false } = {}): MediaEnd {
  const flow: Flow = {
    agent: site.padEnd(16, '0'),
    site,
    transport: 'udp',
    local: { address: hostAt(site, 1), port: 5060 },
    remote: { address: hostAt(site, host), port: 5060 },
  };
  return { flow, user, isGateway };
}

export type FakeStream = MediaStream & {
  at: string;
  events: string[];
  sent: Uint8Array[];
  isClosed: boolean;
};

export function createWorld(options: Partial<CallMediaOptions> & { refuse?: boolean } = {}) {
  const clock = createFakeClock();
  const streams: FakeStream[] = [];
  const logged: string[] = [];
  const log = (_: object, message: string) => void logged.push(message);
  const world = { refuse: options.refuse ?? false };

  const media = createCallMedia({
    ports: {
      async open(flow, remote, terms = {}) {
        if (world.refuse) throw new Fault('unavailable', 'no media');
        const stream: FakeStream = {
          at: `${flow.site} ${remote.address}:${remote.port}`,
          local: { address: flow.local.address, port: 40_000 + 2 * streams.length },
          events: Object.entries(terms).map(([name, value]) => `${name} ${value}`),
          sent: [],
          isClosed: false,
          onPacket: () => undefined,
          send: (packet) => void stream.sent.push(packet),
          retarget({ address, port }, rtcpPort) {
            const at = address === remote.address ? `${port}` : `${address} ${port}`;
            stream.events.push(rtcpPort === undefined ? at : `${at} rtcp ${rtcpPort}`);
          },
          join: (other) => {
            stream.events.push(`join ${other.local.port}`);
            return true;
          },
          close: () => {
            stream.isClosed = true;
          },
        };
        streams.push(stream);
        return stream;
      },
    },
    mediaOf: () => 'direct',
    clock,
    log: { debug: log, info: log, warn: log },
    ...options,
  });
  return { media, clock, streams, logged, world };
}

let serial = 0;

/** A call as its proxy sees it: each message answers with what the other side got of its body. */
export function createCall(
  media: ReturnType<typeof createWorld>['media'],
  caller: MediaEnd,
  callee: MediaEnd | undefined,
  id = `call${++serial}`,
) {
  let cseq = 0;

  const request = (
    method: string,
    body: string,
    { isFirst = false, by = 0 as 0 | 1, type = 'application/sdp' } = {},
  ) => {
    const [own, other] = by === 0 ? ['f', 't'] : ['t', 'f'];
    const message = createRequest({
      method,
      uri: 'sip:x@192.0.2.1',
      headers: [
        ['Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1'],
        ['From', `<sip:a@x>;tag=${own}`],
        ['To', isFirst ? '<sip:b@x>' : `<sip:b@x>;tag=${other}`],
        ['Call-ID', id],
        ['CSeq', `${++cseq} ${method}`],
        ['Content-Type', type],
      ],
      body: Buffer.from(body),
    });
    return message;
  };

  async function pass(message: SipMessage, branch: string, fromCaller: boolean): Promise<string> {
    const [from, to] = fromCaller ? [caller, callee] : [callee, caller];
    await media.pass({ message, from, to, branch });
    return Buffer.from(message.body).toString();
  }

  return {
    id,
    /** A request of either side; `answer` is the other's. */
    async ask(
      method: string,
      body: string,
      { isFirst = false, by = 0 as 0 | 1, branch = `b${++serial}`, type = 'application/sdp' } = {},
    ) {
      const message = request(method, body, { isFirst, by, type });
      const there = await pass(message, branch, by === 0);
      return {
        there,
        branch,
        async answer(status: number, sdp: string, toTag = 't', more: HeaderList = []) {
          const response = createResponse(message, status, {
            headers: [['Content-Type', 'application/sdp'], ...more],
          });
          if (isFirst) response.set('To', `<sip:b@x>;tag=${toTag}`);
          response.body = Buffer.from(sdp);
          const back = await pass(response, branch, by === 1);
          if (status >= 200) media.settled(branch, status < 300);
          return back;
        },
      };
    },
    ack: (body: string) => pass(request('ACK', body), `b${++serial}`, true),
    bye: (by: 0 | 1 = 0) => pass(request('BYE', '', { by }), `b${++serial}`, by === 0),
  };
}

/** What a phone at `host` says; lines follow. */
export function sdp(address: string, port: number, ...lines: string[]): string {
  const family = address.includes(':') ? 'IP6' : 'IP4';
  const head = ['v=0', `o=- 1 1 IN ${family} ${address}`, 's=-', `c=IN ${family} ${address}`, 't=0 0'];
  return [...head, `m=audio ${port} RTP/AVP 8`, ...lines, ''].join('\r\n');
}

/** `address:port` of each m-line. */
export function targets(body: string): string {
  const address = /^c=IN IP[46] (\S+)/m.exec(body)?.[1];
  return [...body.matchAll(/^m=\S+ (\d+)/gm)].map(([, port]) => `${address}:${port}`).join(' ');
}

export const rtp = (sequence: number, ssrc = 7) =>
  encodeRtp({
    payloadType: 8,
    sequence,
    timestamp: sequence * 160,
    ssrc,
    marker: false,
    payload: new Uint8Array(160),
  });

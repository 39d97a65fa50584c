/** A PBX as far as a test needs one: a UDP socket that hears, challenges and answers as told. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Upstream } from '#controller/model/model.ts';
import { upstream } from '#controller/model/model.ts';
import type { HostPort } from '#protocol/address.ts';
import {
  createRequest,
  createResponse,
  formatMessage,
  type HeaderList,
  parseMessage,
  type SipMessage,
} from '#protocol/sip/message.ts';
import { until } from '#test/support/until.ts';

export type Pbx = Awaited<ReturnType<typeof openPbx>>;

let serial = 0;

export async function openPbx(at = '127.0.0.1', wanted = 0) {
  const socket = createSocket('udp4').bind(wanted, at);
  await once(socket, 'listening');
  const { address, port } = socket.address();
  const inbox: SipMessage[] = [];
  let from: HostPort = { address: '', port: 0 };
  socket.on('message', (bytes, source) => {
    from = { address: source.address, port: source.port };
    const message = parseMessage(bytes);
    // Whether it is there is asked all the time; not what a test looks for.
    if (message.start.type === 'request' && message.method === 'OPTIONS') pbx.answer(message, 200);
    else inbox.push(message);
  });

  const pbx = {
    address: { address, port } satisfies HostPort,
    inbox,
    /** Where the controller speaks from. */
    get controller() {
      return from;
    },
    next: (what: string) => until(what, () => inbox.shift()),
    /** The next request of that method; repeats of others before it are passed over. */
    async request(method: string): Promise<SipMessage> {
      for (;;) {
        const message = await pbx.next(method);
        if (message.start.type === 'request' && message.method === method) return message;
      }
    },
    send(message: SipMessage): SipMessage {
      socket.send(formatMessage(message), from.port, from.address);
      return message;
    },
    answer(request: SipMessage, status: number, headers: HeaderList = []): SipMessage {
      const routes = request.getAll('Record-Route').map((route) => ['Record-Route', route] as const);
      const contact = status < 300 ? ([['Contact', `<sip:far@${address}:${port}>`]] as const) : [];
      const toTag = request.to.params.has('tag') ? {} : { toTag: 'far' };
      return pbx.send(
        createResponse(request, status, { ...toTag, headers: [...routes, ...contact, ...headers] }),
      );
    },
    challenge: (request: SipMessage, nonce: string, status: 401 | 407 = 407, more = '') =>
      pbx.answer(request, status, [
        [
          status === 407 ? 'Proxy-Authenticate' : 'WWW-Authenticate',
          `Digest realm="pbx", nonce="${nonce}", qop="auth"${more}`,
        ],
      ]),
    build(method: string, to: string, headers: HeaderList = [], callId = `in${++serial}`): SipMessage {
      return createRequest({
        method,
        uri: `sip:${to}@${from.address}:${from.port}`,
        headers: [
          ['Via', `SIP/2.0/UDP ${address}:${port};branch=z9hG4bKpbx${++serial};rport`],
          ['From', `"Far" <sip:0301234@pbx.invalid>;tag=far`],
          ['To', `<sip:${to}@pbx.invalid>`],
          ['Call-ID', callId],
          ['CSeq', `1 ${method}`],
          ['Contact', `<sip:far@${address}:${port}>`],
          ...headers,
        ],
      });
    },
    /** A request in the dialog that `invite` of the controller began. */
    inDialog(method: string, invite: SipMessage, headers: HeaderList = []): SipMessage {
      const contact = /<([^>]+)>/.exec(invite.get('Contact') ?? '')?.[1] ?? '';
      return createRequest({
        method,
        uri: contact,
        headers: [
          ['Via', `SIP/2.0/UDP ${address}:${port};branch=z9hG4bKpbx${++serial};rport`],
          ...invite.getAll('Record-Route').map((route) => ['Route', route] as const),
          ['From', `${invite.get('To')};tag=far`],
          ['To', invite.get('From') ?? ''],
          ['Call-ID', invite.callId],
          ['CSeq', `1 ${method}`],
          ['Contact', `<sip:far@${address}:${port}>`],
          ...headers,
        ],
      });
    },
    close: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
  return pbx;
}

export const configured = (
  fields: Partial<Upstream> & Pick<Upstream, 'id' | 'mode' | 'addresses'>,
): Upstream =>
  upstream.parse({
    local: { address: '127.0.0.1', port: 0 },
    domain: 'pbx.invalid',
    probeSeconds: 0,
    ...fields,
  });

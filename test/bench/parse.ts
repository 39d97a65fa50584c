/** Row `parse`: one INVITE of a desk phone, by our parser and by three others, and as our proxy sends it on. */

import { createRequire } from 'node:module';
import { Parser } from 'sip.js/lib/core/messages/parser.js';
import { formatMessage, parseMessage } from '#protocol/sip/message.ts';
import type { Row } from './row.ts';

const load = createRequire(import.meta.url);
// Neither brings types; each is asked for one thing.
const sip = load('sip') as { parse(text: string): unknown };
const Drachtio = (load('drachtio-sip') as { SipMessage: new (text: string) => unknown }).SipMessage;

const body = [
  ...['v=0', 'o=- 20518 20518 IN IP4 192.0.2.21', 's=call', 'c=IN IP4 192.0.2.21', 't=0 0'],
  ...['m=audio 11790 RTP/AVP 0 8 9 18 101', 'a=rtpmap:0 PCMU/8000', 'a=rtpmap:8 PCMA/8000'],
  ...[
    'a=rtpmap:9 G722/8000',
    'a=rtpmap:18 G729/8000',
    'a=fmtp:101 0-15',
    'a=rtpmap:101 telephone-event/8000',
    '',
  ],
].join('\r\n');

const invite = [
  'INVITE sip:100@hotdesk.example SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.21:5062;branch=z9hG4bK2647282252;rport',
  'From: "Ada L." <sip:101@hotdesk.example>;tag=3017020213',
  'To: <sip:100@hotdesk.example>',
  'Call-ID: 0_132618570@192.0.2.21',
  'CSeq: 1 INVITE',
  'Contact: <sip:101@192.0.2.21:5062>',
  'Content-Type: application/sdp',
  'Allow: INVITE, INFO, PRACK, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REGISTER, SUBSCRIBE, REFER, PUBLISH, UPDATE, MESSAGE',
  'Max-Forwards: 70',
  'User-Agent: Yealink SIP-T46S 66.86.0.15',
  'Allow-Events: talk,hold,conference,refer,check-sync',
  'Supported: replaces',
  `Content-Length: ${body.length}`,
  '',
  body,
].join('\r\n');

const bytes = Buffer.from(invite, 'latin1');
const quiet = { debug() {}, log() {}, warn() {}, error() {} };

/** Each from the bytes of a datagram to a message. */
export async function measureParse(): Promise<Row[]> {
  const ours = microseconds(100_000, () => parseMessage(bytes));
  const beside = (peer: string, count: number, parse: (text: string) => unknown): Row => ({
    name: `parse: us for an INVITE of ${bytes.length} bytes, beside ${peer}`,
    ours,
    peer: microseconds(count, () => parse(bytes.toString('latin1'))),
    goal: { most: 1 },
  });
  return [
    beside('npm sip', 20_000, (text) => sip.parse(text)),
    beside('drachtio-sip', 20_000, (text) => new Drachtio(text)),
    beside('sip.js', 500, (text) => Parser.parseMessage(text, quiet as never)),
    { name: "parse: us with a proxy's changes, and written again", ours: microseconds(50_000, relay) },
  ];
}

function relay(): void {
  const message = parseMessage(bytes);
  message.prepend('Via', 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKaa0e1f6d');
  message.prepend('Record-Route', '<sip:192.0.2.1;lr>');
  message.set('Max-Forwards', '69');
  message.removeAll('User-Agent');
  formatMessage(message);
}

/** The best of five rounds: what the machine can do, not what else it did. */
function microseconds(count: number, run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (let i = 0; i < count / 5; i++) run();
    best = Math.min(best, ((performance.now() - start) * 1_000) / (count / 5));
  }
  return best;
}

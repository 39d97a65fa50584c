/** How phones of several makes ask the LAN for their config: shapes as they are heard, words of our own. */

import type { HostPort } from '#protocol/address.ts';

export type Shape = {
  what: string;
  mac: string;
  heard: { vendor?: string; model?: string; version?: string };
  text(at: HostPort, callId: string): string;
};

type Asking = {
  /** User and host of its own address. */
  name: string;
  /** Behind the phone's address in Via, and behind its name in From. */
  via?: string;
  from?: string;
  cseq?: number;
  userAgent?: string;
  /** Before the phone's address in Contact. */
  contact?: string;
  /** With what stands before it. */
  event: string;
  /** Lines that only this one has. */
  more?: readonly string[];
};

const profile = (vendor: string, model: string, version: string) =>
  `ua-profile;profile-type="device";vendor="${vendor}";model="${model}";version="${version}"`;

const asks =
  ({
    name,
    via = ';rport',
    from = '',
    cseq = 1,
    userAgent,
    contact = '',
    event,
    more = [],
  }: Asking): Shape['text'] =>
  ({ address, port }, callId) =>
    [
      `SUBSCRIBE sip:${name} SIP/2.0`,
      `Via: SIP/2.0/UDP ${address}:${port}${via}`,
      `From: <sip:${name}>${from}`,
      `To: <sip:${name}>`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} SUBSCRIBE`,
      `Contact: <sip:${contact}${address}:${port}>`,
      ...more,
      ...(userAgent === undefined ? [] : [`User-Agent: ${userAgent}`]),
      'Expires: 0',
      event,
      'Accept: application/url',
      'Content-Length: 0',
      '\r\n',
    ].join('\r\n');

export const shapes: readonly Shape[] = [
  {
    what: 'Grandstream: capitals, port 5080',
    mac: 'c074ad0a0b0c',
    heard: { vendor: 'Grandstream', model: 'GRP2612W', version: '1.0.5.99' },
    text: asks({
      name: 'MAC%3AC074AD0A0B0C@224.0.1.75',
      via: ';branch=z9hG4bK77001;rport',
      from: ';tag=4711',
      cseq: 20_000,
      userAgent: 'Grandstream GRP2612W 1.0.5.99',
      event: `Event: ${profile('Grandstream', 'GRP2612W', '1.0.5.99')}`,
      more: ['Max-Forwards: 70', 'Supported: replaces, path'],
    }),
  },
  {
    what: 'Snom, old: no branch, no User-Agent, a platform for a name',
    mac: '000413aa0001',
    heard: { version: '7.1.30' },
    text: asks({
      name: 'MAC%3a000413AA0001@lan.example',
      from: ';tag=88',
      event: `Event: ${profile('OEM', 'OEM', '7.1.30')}`,
    }),
  },
  {
    what: 'Snom',
    mac: '000413aa0002',
    heard: { vendor: 'snom', model: 'D120', version: '10.1.40.1' },
    text: asks({
      name: 'MAC%3a000413AA0002@lan.example',
      from: ';tag=89',
      userAgent: 'snomD120/10.1.40.1',
      event: `Event: ${profile('snom', 'snomD120', '10.1.40.1')}`,
    }),
  },
  {
    what: 'Yealink, old: nothing between MAC and its digits',
    mac: '001565bb0003',
    heard: { vendor: 'Yealink', model: 'T21P', version: '34.72.9.9' },
    text: asks({
      name: 'MAC001565bb0003@224.0.1.75',
      via: ';branch=z9hG4bK5150',
      from: ';tag=5151',
      contact: 'MAC001565bb0003@',
      userAgent: 'Yealink SIP-T21P 34.72.9.9',
      event: `Event: ${profile('Yealink', 'T21D', '34.72.9.9')}`,
      more: ['Max-Forwards: 70'],
    }),
  },
  {
    what: 'Fanvil under another name: MAC=, no space after Event, no tag',
    mac: '00304faa0004',
    heard: { vendor: 'PLANET', model: 'VIP-2140PT', version: '2.0.3.1' },
    text: asks({
      name: 'MAC=00304faa0004@224.0.1.75',
      via: ';branch=z9hG4bK310',
      userAgent: 'PLANET VIP-2140PT',
      event: `Event:${profile('PLANET', 'VIP-2140PT', '2.0.3.1')}`,
      more: ['Max-Forwards: 70'],
    }),
  },
  {
    what: 'Gigaset: a host of its own',
    mac: '7c2f80aa0005',
    heard: { version: '7.1.30' },
    text: asks({
      name: 'MAC%3a7C2F80AA0005@maker.example',
      from: ';tag=90',
      event: `Event: ${profile('OEM', 'OEM', '7.1.30')}`,
    }),
  },
  {
    what: 'compact names',
    mac: '0c383eaa0006',
    heard: { vendor: 'Fanvil', model: 'X5U-V2', version: '2.12.16.1' },
    text: ({ address, port }, callId) =>
      [
        'SUBSCRIBE sip:224.0.1.75 SIP/2.0',
        `v: SIP/2.0/UDP ${address}:${port};branch=z9hG4bK9;rport`,
        'f: <sip:MAC:0c383eaa0006@224.0.1.75>;tag=9',
        't: <sip:224.0.1.75>',
        `i: ${callId}`,
        'CSeq: 1 SUBSCRIBE',
        `m: <sip:${address}:${port}>`,
        'User-Agent: Fanvil X5U-V2 2.12.16.1 0c383eaa0006',
        `o: ${profile('Fanvil', 'VOIP PHONE', '2.12.16.1')}`,
        'l: 0',
        '\r\n',
      ].join('\r\n'),
  },
];

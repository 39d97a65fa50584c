/** How phones of several makes ask the LAN for their config: shapes as they are heard, words of our own. */

import type { HostPort } from '#protocol/address.ts';

export type Shape = {
  what: string;
  mac: string;
  heard: { vendor?: string; model?: string; version?: string };
  text(at: HostPort, callId: string): string;
};

const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`;

export const shapes: readonly Shape[] = [
  {
    what: 'Grandstream: capitals, port 5080',
    mac: 'c074ad0a0b0c',
    heard: { vendor: 'Grandstream', model: 'GRP2612W', version: '1.0.5.99' },
    text: ({ address, port }, callId) =>
      lines(
        'SUBSCRIBE sip:MAC%3AC074AD0A0B0C@224.0.1.75 SIP/2.0',
        `Via: SIP/2.0/UDP ${address}:${port};branch=z9hG4bK77001;rport`,
        'From: <sip:MAC%3AC074AD0A0B0C@224.0.1.75>;tag=4711',
        'To: <sip:MAC%3AC074AD0A0B0C@224.0.1.75>',
        `Call-ID: ${callId}`,
        'CSeq: 20000 SUBSCRIBE',
        `Contact: <sip:${address}:${port}>`,
        'Max-Forwards: 70',
        'User-Agent: Grandstream GRP2612W 1.0.5.99',
        'Expires: 0',
        'Supported: replaces, path',
        'Event: ua-profile;profile-type="device";vendor="Grandstream";model="GRP2612W";version="1.0.5.99"',
        'Accept: application/url',
        'Content-Length: 0',
      ),
  },
  {
    what: 'Snom, old: no branch, no User-Agent, a platform for a name',
    mac: '000413aa0001',
    heard: { version: '7.1.30' },
    text: ({ address, port }, callId) =>
      lines(
        'SUBSCRIBE sip:MAC%3a000413AA0001@lan.example SIP/2.0',
        `Via: SIP/2.0/UDP ${address}:${port};rport`,
        'From: <sip:MAC%3a000413AA0001@lan.example>;tag=88',
        'To: <sip:MAC%3a000413AA0001@lan.example>',
        `Call-ID: ${callId}`,
        'CSeq: 1 SUBSCRIBE',
        'Event: ua-profile;profile-type="device";vendor="OEM";model="OEM";version="7.1.30"',
        'Expires: 0',
        'Accept: application/url',
        `Contact: <sip:${address}:${port}>`,
        'Content-Length: 0',
      ),
  },
  {
    what: 'Snom',
    mac: '000413aa0002',
    heard: { vendor: 'snom', model: 'D120', version: '10.1.40.1' },
    text: ({ address, port }, callId) =>
      lines(
        'SUBSCRIBE sip:MAC%3a000413AA0002@lan.example SIP/2.0',
        `Via: SIP/2.0/UDP ${address}:${port};rport`,
        'From: <sip:MAC%3a000413AA0002@lan.example>;tag=89',
        'To: <sip:MAC%3a000413AA0002@lan.example>',
        `Call-ID: ${callId}`,
        'CSeq: 1 SUBSCRIBE',
        'Event: ua-profile;profile-type="device";vendor="snom";model="snomD120";version="10.1.40.1"',
        'Expires: 0',
        'Accept: application/url',
        `Contact: <sip:${address}:${port}>`,
        'User-Agent: snomD120/10.1.40.1',
        'Content-Length: 0',
      ),
  },
  {
    what: 'Yealink, old: nothing between MAC and its digits',
    mac: '001565bb0003',
    heard: { vendor: 'Yealink', model: 'T21P', version: '34.72.9.9' },
    text: ({ address, port }, callId) =>
      lines(
        'SUBSCRIBE sip:MAC001565bb0003@224.0.1.75 SIP/2.0',
        `Via: SIP/2.0/UDP ${address}:${port};branch=z9hG4bK5150`,
        'From: <sip:MAC001565bb0003@224.0.1.75>;tag=5151',
        'To: <sip:MAC001565bb0003@224.0.1.75>',
        `Call-ID: ${callId}`,
        'CSeq: 1 SUBSCRIBE',
        `Contact: <sip:MAC001565bb0003@${address}:${port}>`,
        'Max-Forwards: 70',
        'User-Agent: Yealink SIP-T21P 34.72.9.9',
        'Expires: 0',
        'Event: ua-profile;profile-type="device";vendor="Yealink";model="T21D";version="34.72.9.9"',
        'Accept: application/url',
        'Content-Length: 0',
      ),
  },
  {
    what: 'Fanvil under another name: MAC=, no space after Event, no tag',
    mac: '00304faa0004',
    heard: { vendor: 'PLANET', model: 'VIP-2140PT', version: '2.0.3.1' },
    text: ({ address, port }, callId) =>
      lines(
        'SUBSCRIBE sip:MAC=00304faa0004@224.0.1.75 SIP/2.0',
        `Via: SIP/2.0/UDP ${address}:${port};branch=z9hG4bK310`,
        'From: <sip:MAC=00304faa0004@224.0.1.75>',
        'To: <sip:MAC=00304faa0004@224.0.1.75>',
        `Call-ID: ${callId}`,
        'CSeq: 1 SUBSCRIBE',
        `Contact: <sip:${address}:${port}>`,
        'Max-Forwards: 70',
        'User-Agent: PLANET VIP-2140PT',
        'Expires: 0',
        'Event:ua-profile;profile-type="device";vendor="PLANET";model="VIP-2140PT";version="2.0.3.1"',
        'Accept: application/url',
        'Content-Length: 0',
      ),
  },
  {
    what: 'Gigaset: a host of its own',
    mac: '7c2f80aa0005',
    heard: { version: '7.1.30' },
    text: ({ address, port }, callId) =>
      lines(
        'SUBSCRIBE sip:MAC%3a7C2F80AA0005@maker.example SIP/2.0',
        `Via: SIP/2.0/UDP ${address}:${port};rport`,
        'From: <sip:MAC%3a7C2F80AA0005@maker.example>;tag=90',
        'To: <sip:MAC%3a7C2F80AA0005@maker.example>',
        `Call-ID: ${callId}`,
        'CSeq: 1 SUBSCRIBE',
        'Event: ua-profile;profile-type="device";vendor="OEM";model="OEM";version="7.1.30"',
        'Expires: 0',
        'Accept: application/url',
        `Contact: <sip:${address}:${port}>`,
        'Content-Length: 0',
      ),
  },
  {
    what: 'compact names',
    mac: '0c383eaa0006',
    heard: { vendor: 'Fanvil', model: 'X5U-V2', version: '2.12.16.1' },
    text: ({ address, port }, callId) =>
      lines(
        'SUBSCRIBE sip:224.0.1.75 SIP/2.0',
        `v: SIP/2.0/UDP ${address}:${port};branch=z9hG4bK9;rport`,
        'f: <sip:MAC:0c383eaa0006@224.0.1.75>;tag=9',
        't: <sip:224.0.1.75>',
        `i: ${callId}`,
        'CSeq: 1 SUBSCRIBE',
        `m: <sip:${address}:${port}>`,
        'User-Agent: Fanvil X5U-V2 2.12.16.1 0c383eaa0006',
        'o: ua-profile;profile-type="device";vendor="Fanvil";model="VOIP PHONE";version="2.12.16.1"',
        'l: 0',
      ),
  },
  {
    what: 'Yealink: small letters, and its true model',
    mac: '805ec0bb0007',
    heard: { vendor: 'Yealink', model: 'T46U', version: '108.86.9.9' },
    text: ({ address, port }, callId) =>
      lines(
        'SUBSCRIBE sip:MAC%3a805ec0bb0007@224.0.1.75 SIP/2.0',
        `Via: SIP/2.0/UDP ${address}:${port};branch=z9hG4bK616`,
        'From: <sip:MAC%3a805ec0bb0007@224.0.1.75>;tag=617',
        'To: <sip:MAC%3a805ec0bb0007@224.0.1.75>',
        `Call-ID: ${callId}`,
        'CSeq: 1 SUBSCRIBE',
        `Contact: <sip:MAC%3a805ec0bb0007@${address}:${port}>`,
        'Max-Forwards: 70',
        'User-Agent: Yealink SIP-T46U 108.86.9.9',
        'Expires: 0',
        'Event: ua-profile;profile-type="device";vendor="Yealink";model="T46U";version="108.86.9.9"',
        'Accept: application/url',
        'Content-Length: 0',
      ),
  },
  {
    what: 'a platform sold under other names: capitals, another host',
    mac: '000413aa0008',
    heard: { version: '8.7.5.1' },
    text: ({ address, port }, callId) =>
      lines(
        'SUBSCRIBE sip:MAC%3A000413AA0008@local SIP/2.0',
        `Via: SIP/2.0/UDP ${address}:${port}`,
        'From: <sip:MAC%3A000413AA0008@local>;tag=8',
        'To: <sip:MAC%3A000413AA0008@local>',
        `Call-ID: ${callId}`,
        'CSeq: 1 SUBSCRIBE',
        'Event: ua-profile;profile-type="device";vendor="OEM";model="OEM";version="8.7.5.1"',
        'Expires: 0',
        'Accept: application/url',
        `Contact: <sip:${address}:${port}>`,
        'Content-Length: 0',
      ),
  },
];

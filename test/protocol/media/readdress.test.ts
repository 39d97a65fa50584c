import * as assert from 'uvu/assert';
import { formatSdpBody, readdress, readMediaLines, readSdpBody } from '#protocol/media/readdress.ts';
import { describe } from '#test/support/describe.ts';

const session = ['v=0', 'o=- 1 1 IN IP4 192.0.2.9', 's=-', 'c=IN IP4 192.0.2.9', 't=0 0'];
const bare = ['v=0', 'o=- 1 1 IN IP4 192.0.2.9', 's=-', 't=0 0'];
const six = '2001:db8::1';

/** Rewritten for a phone that reaches us at `to`, our ports 40000, 40002, ... by `m=` line; 0 leaves the line alone. */
function rewrite(lines: string[], to: string, ports: number[]): string[] {
  const sdp = readSdpBody(Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1'));
  const carried = readMediaLines(sdp);
  const portAt = (index: number) => (carried[index] === undefined ? undefined : ports[index]);
  const out = Buffer.from(formatSdpBody(readdress(sdp, { address: to, portAt }))).toString('latin1');
  return out.split('\r\n').slice(0, -1);
}

type Row = {
  name: string;
  of?: string[];
  lines: string[];
  to?: string;
  session?: string[];
  becomes: string[];
};

const four = session.with(3, 'c=IN IP4 10.0.0.1');
const inSix = session.with(3, `c=IN IP6 ${six}`);
const voice = 'a=rtpmap:8 PCMA/8000';

// biome-ignore format: a table
const rows: Row[] = [
  { name: 'c= of the session',
    lines:   ['m=audio 11780 RTP/AVP 8 101', voice, 'a=sendrecv'],
    becomes: ['m=audio 40000 RTP/AVP 8 101', voice, 'a=sendrecv'] },
  { name: 'c= of the media', of: bare, session: bare,
    lines:   ['m=audio 11780 RTP/AVP 8', 'i=desk', 'c=IN IP4 192.0.2.9', voice],
    becomes: ['m=audio 40000 RTP/AVP 8', 'i=desk', 'c=IN IP4 10.0.0.1', voice] },
  { name: 'c= of both',
    lines:   ['m=audio 11780 RTP/AVP 8', 'c=IN IP4 192.0.2.10'],
    becomes: ['m=audio 40000 RTP/AVP 8', 'c=IN IP4 10.0.0.1'] },
  { name: 'IPv4 to IPv6', to: six, session: inSix,
    lines:   ['m=audio 11780 RTP/AVP 8'],
    becomes: ['m=audio 40000 RTP/AVP 8'] },
  { name: 'IPv6 to IPv4', of: session.with(3, 'c=IN IP6 2001:db8::9'),
    lines:   ['m=audio 11780 RTP/AVP 8', 'c=IN IP6 2001:db8::9'],
    becomes: ['m=audio 40000 RTP/AVP 8', 'c=IN IP4 10.0.0.1'] },
  { name: 'a port with a count',
    lines:   ['m=audio 11780/2 RTP/AVP 8'],
    becomes: ['m=audio 40000 RTP/AVP 8'] },
  { name: 'a=rtcp, the next above',
    lines:   ['m=audio 11780 RTP/AVP 8', 'a=rtcp:11781'],
    becomes: ['m=audio 40000 RTP/AVP 8', 'a=rtcp:40001'] },
  { name: 'a=rtcp elsewhere, with an address',
    lines:   ['m=audio 11780 RTP/AVP 8', 'a=rtcp:53020 IN IP4 192.0.2.77'],
    becomes: ['m=audio 40000 RTP/AVP 8', 'a=rtcp:40001'] },
  { name: 'a=rtcp with rtcp-mux',
    lines:   ['m=audio 11780 RTP/AVP 8', 'a=rtcp-mux', 'a=rtcp:11780'],
    becomes: ['m=audio 40000 RTP/AVP 8', 'a=rtcp-mux', 'a=rtcp:40000'] },
  { name: 'hold by sendonly',
    lines:   ['m=audio 11780 RTP/AVP 8', 'a=sendonly'],
    becomes: ['m=audio 40000 RTP/AVP 8', 'a=sendonly'] },
  { name: 'hold by inactive',
    lines:   ['m=audio 11780 RTP/AVP 8', 'a=inactive'],
    becomes: ['m=audio 40000 RTP/AVP 8', 'a=inactive'] },
  { name: 'hold by 0.0.0.0', of: session.with(3, 'c=IN IP4 0.0.0.0'), session: session.with(3, 'c=IN IP4 0.0.0.0'),
    lines:   ['m=audio 11780 RTP/AVP 8', 'a=sendonly'],
    becomes: ['m=audio 40000 RTP/AVP 8', 'a=sendonly'] },
  { name: 'hold by 0.0.0.0, to IPv6', of: session.with(3, 'c=IN IP4 0.0.0.0'), to: six, session: session.with(3, 'c=IN IP6 ::'),
    lines:   ['m=audio 11780 RTP/AVP 8'],
    becomes: ['m=audio 40000 RTP/AVP 8'] },
  { name: 'several m-lines',
    lines:   ['m=audio 11780 RTP/AVP 8', voice, 'm=video 11790 RTP/AVP 97', 'c=IN IP4 192.0.2.9', 'a=rtpmap:97 H264/90000'],
    becomes: ['m=audio 40000 RTP/AVP 8', voice, 'm=video 40002 RTP/AVP 97', 'c=IN IP4 10.0.0.1', 'a=rtpmap:97 H264/90000'] },
  { name: 'a line with port 0',
    lines:   ['m=audio 11780 RTP/AVP 8', 'm=video 0 RTP/AVP 97', 'c=IN IP4 192.0.2.9'],
    becomes: ['m=audio 40000 RTP/AVP 8', 'm=video 0 RTP/AVP 97', 'c=IN IP4 192.0.2.9'] },
  { name: 'a line that goes over TCP keeps its address',
    lines:   ['m=audio 11780 RTP/AVP 8', 'm=message 9 TCP/MSRP *', 'i=chat', 'a=path:msrp://x'],
    becomes: ['m=audio 40000 RTP/AVP 8', 'm=message 9 TCP/MSRP *', 'i=chat', 'c=IN IP4 192.0.2.9', 'a=path:msrp://x'] },
  { name: 'a multicast line keeps its address',
    lines:   ['m=audio 11780 RTP/AVP 8', 'c=IN IP4 224.0.1.75/3'],
    becomes: ['m=audio 11780 RTP/AVP 8', 'c=IN IP4 224.0.1.75/3'] },
  { name: 'T.38 and what nobody knows',
    lines:   ['m=image 11780 udptl t38', 'a=T38FaxVersion:0', 'a=T38FaxUdpEC:t38UDPRedundancy', 'a=x-unknown:M\xfcller', 'y=odd'],
    becomes: ['m=image 40000 udptl t38', 'a=T38FaxVersion:0', 'a=T38FaxUdpEC:t38UDPRedundancy', 'a=x-unknown:M\xfcller', 'y=odd'] },
  { name: 'SRTP by SDES',
    lines:   ['m=audio 11780 RTP/SAVP 8', 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc|2^20|1:4'],
    becomes: ['m=audio 40000 RTP/SAVP 8', 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc|2^20|1:4'] },
  { name: 'ICE and BUNDLE go', of: [...session, 'a=ice-lite', 'a=group:BUNDLE 0 1', 'a=group:LS 0 1'], session: [...four, 'a=group:LS 0 1'],
    lines:   ['m=audio 11780 RTP/AVP 8', 'a=ice-ufrag:x', 'a=ice-pwd:y', 'a=candidate:1 1 UDP 1 192.0.2.9 11780 typ host', 'a=end-of-candidates', 'a=mid:0'],
    becomes: ['m=audio 40000 RTP/AVP 8', 'a=mid:0'] },
];

// biome-ignore format: a table
const read: { name: string; lines: string[]; of?: string[]; is: object | undefined }[] = [
  { name: 'voice',          lines: ['m=audio 11780 RTP/AVP 8'],                    is: { port: 11_780, carries: 'rtp', sends: true, receives: true, isMuxed: false } },
  { name: 'sendonly',       lines: ['m=audio 11780 RTP/AVP 8', 'a=sendonly'],      is: { sends: true, receives: false } },
  { name: 'recvonly',       lines: ['m=audio 11780 RTP/AVP 8', 'a=recvonly'],      is: { sends: false, receives: true } },
  { name: 'inactive',       lines: ['m=audio 11780 RTP/AVP 8', 'a=inactive'],      is: { sends: false, receives: false } },
  { name: 'held the old way', of: session.with(3, 'c=IN IP4 0.0.0.0'), lines: ['m=audio 11780 RTP/AVP 8'], is: { sends: true, receives: false } },
  { name: 'RTCP elsewhere', lines: ['m=audio 11780 RTP/AVP 8', 'a=rtcp:53020'],    is: { rtcpPort: 53_020, isMuxed: false } },
  { name: 'rtcp-mux',       lines: ['m=audio 11780 RTP/AVP 8', 'a=rtcp-mux'],      is: { rtcpPort: undefined, isMuxed: true } },
  { name: 'a bad a=rtcp',   lines: ['m=audio 11780 RTP/AVP 8', 'a=rtcp:99999'],    is: { rtcpPort: undefined } },
  { name: 'SRTP',           lines: ['m=audio 11780 RTP/SAVPF 8'],                  is: { carries: 'rtp', isSecure: true } },
  { name: 'DTLS-SRTP',      lines: ['m=audio 11780 UDP/TLS/RTP/SAVPF 8'],          is: { carries: 'datagram', isSecure: true } },
  { name: 'a fax',          lines: ['m=image 11780 udptl t38'],                    is: { carries: 'datagram', kind: 'image' } },
  { name: 'IPv6 in capitals', of: session.with(3, 'c=IN IP6 2001:DB8:0::9'), lines: ['m=audio 11780 RTP/AVP 8'], is: { address: '2001:db8::9' } },
  { name: 'TCP',            lines: ['m=message 9 TCP/MSRP *'],                     is: undefined },
  { name: 'port 0',         lines: ['m=audio 0 RTP/AVP 8'],                        is: undefined },
];

describe('SDP through a relay', (test) => {
  for (const { name, of = session, lines, to = '10.0.0.1', session: head = four, becomes } of rows) {
    test(name, () => {
      assert.equal(rewrite([...of, ...lines], to, [40_000, 40_002]), [...head, ...becomes]);
    });
  }
});

describe('media line', (test) => {
  for (const { name, of = session, lines, is } of read) {
    test(name, () => {
      const [line] = readMediaLines(readSdpBody(Buffer.from([...of, ...lines].join('\r\n'))));
      if (is === undefined) assert.is(line, undefined);
      else
        for (const [field, value] of Object.entries(is))
          assert.is(Reflect.get(line ?? {}, field), value, field);
    });
  }
});

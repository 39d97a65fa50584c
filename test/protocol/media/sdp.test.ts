import * as assert from 'uvu/assert';
import type { HostPort } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import { type Direction, formatSdp, parseSdp, rtpTarget } from '#protocol/media/sdp.ts';
import { describe } from '#test/support/describe.ts';

/** A desk phone's offer, shortened where `lines` says so. */
const session = ['v=0', 'o=- 20038 20038 IN IP4 192.0.2.77', 's=SDP data', 'c=IN IP4 192.0.2.77', 't=0 0'];
const audio = ['m=audio 11780 RTP/AVP 9 0 8 18 101', 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15'];
const sdp = (...lines: string[]) => `${lines.join('\r\n')}\r\n`;
const offer = sdp(...session, ...audio);
const to = (address: string, port = 11_780): HostPort => ({ address, port });

// biome-ignore format: a table
const targets: { name: string; text: string; target: HostPort | undefined }[] = [
  { name: 'the session connection',        text: offer,                                                       target: to('192.0.2.77') },
  { name: 'the media connection first',    text: sdp(...session, ...audio, 'c=IN IP4 192.0.2.9'),             target: to('192.0.2.9') },
  { name: 'IPv6',                          text: sdp('v=0', 'c=IN IP6 2001:db8::77', ...audio),               target: to('2001:db8::77') },
  { name: 'the first of two connections',  text: sdp(...session, ...audio, 'c=IN IP4 192.0.2.9', 'c=IN IP4 192.0.2.8'), target: to('192.0.2.9') },
  { name: 'loopback',                      text: sdp('v=0', 'c=IN IP4 127.0.0.1', ...audio),                  target: to('127.0.0.1') },
  { name: 'IPv6 loopback',                 text: sdp('v=0', 'c=IN IP6 ::1', ...audio),                        target: to('::1') },
  { name: 'a number of ports',             text: sdp(...session, 'm=audio 11780/2 RTP/AVP 0'),                target: to('192.0.2.77') },
  { name: 'port 0: refused',               text: sdp(...session, 'm=audio 0 RTP/AVP 0'),                      target: undefined },
  { name: '0.0.0.0: hold the old way',     text: sdp('v=0', 'c=IN IP4 0.0.0.0', ...audio),                    target: undefined },
  { name: ':: the same in IPv6',           text: sdp('v=0', 'c=IN IP6 ::', ...audio),                         target: undefined },
  { name: '0:0:0:0:0:0:0:0',               text: sdp('v=0', 'c=IN IP6 0:0:0:0:0:0:0:0', ...audio),            target: undefined },
  { name: 'no connection at all',          text: sdp('v=0', ...audio),                                        target: undefined },
  { name: 'a host name',                   text: sdp('v=0', 'c=IN IP4 phone.example', ...audio),              target: undefined },
  { name: 'multicast',                     text: sdp('v=0', 'c=IN IP4 224.2.36.42/127', ...audio),            target: undefined },
  { name: 'IPv6 multicast',                text: sdp('v=0', 'c=IN IP6 FF15::101/3', ...audio),                target: undefined },
  { name: 'broadcast',                     text: sdp('v=0', 'c=IN IP4 255.255.255.255', ...audio),            target: undefined },
  { name: 'IPv4 in IPv6 clothes',          text: sdp('v=0', 'c=IN IP6 ::ffff:127.0.0.1', ...audio),           target: undefined },
  { name: 'the same in hex',               text: sdp('v=0', 'c=IN IP6 ::ffff:7f00:1', ...audio),              target: undefined },
  { name: 'numbers that are no address',   text: sdp('v=0', 'c=IN IP4 2130706433', ...audio),                 target: undefined },
];

// biome-ignore format: a table
const directions: { name: string; text: string; direction: Direction }[] = [
  { name: 'nothing said',                text: offer,                                                direction: 'sendrecv' },
  { name: 'said for the media',          text: sdp(...session, ...audio, 'a=sendonly'),              direction: 'sendonly' },
  { name: 'said for the session',        text: sdp(...session, 'a=inactive', ...audio),              direction: 'inactive' },
  { name: 'the media against the session', text: sdp(...session, 'a=inactive', ...audio, 'a=recvonly'), direction: 'recvonly' },
  { name: 'a word that begins like one', text: sdp(...session, ...audio, 'a=sendonlyx'),             direction: 'sendrecv' },
];

// biome-ignore format: a table
const refused: { name: string; text: string | Uint8Array }[] = [
  { name: 'nothing',                         text: '' },
  { name: 'no version',                      text: sdp(...session.slice(1), ...audio) },
  { name: 'version 1',                       text: sdp('v=1', ...audio) },
  { name: 'a line without =',                text: sdp(...session, 'hello') },
  { name: 'a line that begins with a space', text: sdp(...session, ' a=x') },
  { name: 'an empty line in the middle',     text: sdp('v=0', '', ...audio) },
  { name: 'a capital letter',                text: sdp('v=0', 'A=sendrecv') },
  { name: 'a NUL',                           text: sdp(...session, ...audio, 'a=fmtp:101 0-\0') },
  { name: 'a NUL in bytes',                  text: Buffer.from(sdp(...session, 's=\0')) },
  { name: 'a CR in a line',                  text: sdp('v=0', 's=a\rb') },
  { name: 'm= without a port',               text: sdp('v=0', 'm=audio') },
  { name: 'm= without a format',             text: sdp('v=0', 'm=audio 1 RTP/AVP') },
  { name: 'port 65536',                      text: sdp('v=0', 'm=audio 65536 RTP/AVP 0') },
  { name: 'port -1',                         text: sdp('v=0', 'm=audio -1 RTP/AVP 0') },
  { name: 'port 1e3',                        text: sdp('v=0', 'm=audio 1e3 RTP/AVP 0') },
  { name: 'port 0x10',                       text: sdp('v=0', 'm=audio 0x10 RTP/AVP 0') },
  { name: 'payload type 128',                text: sdp('v=0', 'm=audio 1 RTP/AVP 128') },
  { name: 'payload type 2^32',               text: sdp('v=0', 'm=audio 1 RTP/AVP 4294967296') },
  { name: 'payload type 2^32 in rtpmap',     text: sdp('v=0', 'm=audio 1 RTP/AVP 0', 'a=rtpmap:4294967296 PCMU/8000') },
  { name: 'payload type 2^32 in fmtp',       text: sdp('v=0', 'm=audio 1 RTP/AVP 0', 'a=fmtp:4294967296 0-15') },
  { name: 'a payload type of letters',       text: sdp('v=0', 'm=audio 1 RTP/AVP __proto__') },
  { name: 'rtpmap without a codec',          text: sdp('v=0', 'm=audio 1 RTP/AVP 0', 'a=rtpmap:0') },
  { name: 'rtpmap without a rate',           text: sdp('v=0', 'm=audio 1 RTP/AVP 0', 'a=rtpmap:0 PCMU') },
  { name: 'a clock rate of 2^32',            text: sdp('v=0', 'm=audio 1 RTP/AVP 0', 'a=rtpmap:0 PCMU/4294967296') },
  { name: '300 channels',                    text: sdp('v=0', 'm=audio 1 RTP/AVP 0', 'a=rtpmap:0 PCMU/8000/300') },
  { name: 'a network other than IN',         text: sdp('v=0', 'c=ATM IP4 1.2.3.4', ...audio) },
  { name: 'c= cut short',                    text: sdp('v=0', 'c=IN IP4', ...audio) },
  { name: '513 lines',                       text: sdp('v=0', ...Array<string>(512).fill('a=x')) },
  { name: '33 media',                        text: sdp('v=0', ...Array<string>(33).fill('m=audio 0 RTP/AVP 0')) },
  { name: '65 formats',                      text: sdp('v=0', `m=audio 0 RTP/AVP${' 0'.repeat(65)}`) },
  { name: 'over 16 KiB',                     text: sdp('v=0', `s=${'x'.repeat(17_000)}`) },
];

describe('sdp', (test) => {
  for (const { name, text, target } of targets) {
    test(`target: ${name}`, () => assert.equal(rtpTarget(parseSdp(text)), target));
  }
  for (const { name, text, direction } of directions) {
    test(`direction: ${name}`, () => assert.is(parseSdp(text).media[0]?.direction, direction));
  }
  for (const { name, text } of refused) {
    test(`refuses ${name}`, () =>
      assert.throws(
        () => parseSdp(text),
        (e: unknown) => Fault.is(e, 'sdp.malformed'),
      ));
  }

  test('reads codecs, with and without rtpmap', () => {
    const media = parseSdp(sdp(...session, ...audio, 'a=rtpmap:0 pcmu/8000/1')).media[0];
    assert.equal(
      [...(media?.codecs ?? [])].map(([type, { name, rate }]) => `${type} ${name}/${rate}`).sort(),
      ['0 PCMU/8000', '101 TELEPHONE-EVENT/8000', '18 G729/8000', '8 PCMA/8000', '9 G722/8000'],
    );
    assert.is(media?.fmtp.get(101), '0-15');
  });

  test('keeps several media apart', () => {
    const text = sdp(
      ...session,
      ...audio,
      'm=video 11782 RTP/AVP 96',
      'c=IN IP4 192.0.2.78',
      'a=rtpmap:96 H264/90000',
      'a=inactive',
      'm=image 0 udptl t38',
      'a=T38FaxVersion:0',
    );
    const { media } = parseSdp(text);
    assert.equal(
      media.map(({ kind, port, connection, direction, formats }) => [
        kind,
        port,
        connection,
        direction,
        formats.length,
      ]),
      [
        ['audio', 11_780, '192.0.2.77', 'sendrecv', 5],
        ['video', 11_782, '192.0.2.78', 'inactive', 1],
        ['image', 0, '192.0.2.77', 'sendrecv', 1],
      ],
    );
    assert.equal(rtpTarget(parseSdp(text), 1), to('192.0.2.78', 11_782));
    assert.is(rtpTarget(parseSdp(text), 9), undefined);
  });

  // biome-ignore format: a table
  const kept: { name: string; text: string }[] = [
    { name: 'a phone\'s offer',              text: offer },
    { name: 'lines nobody knows',            text: sdp(...session, 'z=0 0', 'k=clear:x', ...audio, 'i=title', 'b=AS:64', 'y=1', 'a=x-vendor:1 2  3 ', 'a=') },
    { name: 'several media in their order',  text: sdp(...session, 'm=image 0 udptl t38', ...audio, 'm=application 9 TCP/BFCP *') },
    { name: 'letters outside ASCII',         text: sdp('v=0', 's=Büro Süd €', ...audio) },
  ];
  for (const { name, text } of kept) {
    test(`writes back ${name}`, () => {
      assert.is(formatSdp(parseSdp(text)), text);
      assert.is(formatSdp(parseSdp(Buffer.from(text))), text);
    });
  }

  test('reads bare LF, no line end at all, and Latin-1', () => {
    assert.is(formatSdp(parseSdp(offer.replaceAll('\r', ''))), offer);
    assert.is(formatSdp(parseSdp(offer.slice(0, -2))), offer);
    assert.match(formatSdp(parseSdp(Buffer.from(sdp('v=0', 's=Büro'), 'latin1'))), /s=Büro/);
  });

  test('meets any text with an Sdp or a fault, and quickly', () => {
    const pieces = [
      'v=0',
      'm=',
      'audio ',
      '1',
      ' RTP/AVP',
      ' 0',
      'a=rtpmap:',
      'c=IN IP4 ',
      '\r\n',
      '\n',
      '/',
      ':',
      '=',
      '\xff',
    ];
    let x = 1;
    for (let round = 0; round < 3_000; round++) {
      let text = 'v=0\r\n';
      for (let piece = 0; piece < 12; piece++) {
        x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
        text += pieces[(x >>> 16) % pieces.length];
      }
      try {
        assert.is(formatSdp(parseSdp(formatSdp(parseSdp(text)))), formatSdp(parseSdp(text)));
      } catch (error) {
        assert.ok(Fault.is(error, 'sdp.malformed'), `${JSON.stringify(text)}: ${error}`);
      }
    }
  });
});

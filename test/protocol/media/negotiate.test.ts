import * as assert from 'uvu/assert';
import { type AudioTerms, createAnswer, createOffer, readTerms } from '#protocol/media/negotiate.ts';
import { formatSdp, parseSdp } from '#protocol/media/sdp.ts';
import { describe } from '#test/support/describe.ts';

const local = { address: '192.0.2.1', port: 40_000 };
const origin = { id: 7, version: 1 };
const head = ['v=0', 'o=- 1 1 IN IP4 192.0.2.77', 's=-', 'c=IN IP4 192.0.2.77', 't=0 0'];
const offer = (...media: string[]) => parseSdp([...head, ...media].join('\r\n'));

// biome-ignore format: a table
const offers: { name: string; media: string[]; terms: Partial<AudioTerms> | undefined }[] = [
  { name: 'the offerer\'s first law',          media: ['m=audio 2000 RTP/AVP 0 8'],                                                              terms: { codec: 'PCMU', payloadType: 0, eventType: undefined } },
  { name: 'A-law when it comes first',         media: ['m=audio 2000 RTP/AVP 9 18 8 0'],                                                         terms: { codec: 'PCMA', payloadType: 8 } },
  { name: 'a law under a number of its own',   media: ['m=audio 2000 RTP/AVP 110', 'a=rtpmap:110 pcma/8000'],                                    terms: { codec: 'PCMA', payloadType: 110 } },
  { name: 'events under the offered number',   media: ['m=audio 2000 RTP/AVP 8 96', 'a=rtpmap:96 Telephone-Event/8000'],                         terms: { eventType: 96 } },
  { name: 'events at 8 kHz of two',            media: ['m=audio 2000 RTP/AVP 8 97 96', 'a=rtpmap:97 telephone-event/48000', 'a=rtpmap:96 telephone-event/8000'], terms: { eventType: 96 } },
  { name: 'events mapped but not offered',     media: ['m=audio 2000 RTP/AVP 8', 'a=rtpmap:101 telephone-event/8000'],                           terms: { eventType: undefined } },
  { name: 'the second media',                  media: ['m=video 1 RTP/AVP 96', 'm=audio 2000 RTP/AVP 8'],                                        terms: { index: 1, codec: 'PCMA' } },
  { name: 'AVPF',                              media: ['m=audio 2000 RTP/AVPF 8'],                                                               terms: { codec: 'PCMA' } },
  { name: 'hold, mirrored',                    media: ['m=audio 2000 RTP/AVP 8', 'a=sendonly'],                                                  terms: { direction: 'recvonly' } },
  { name: 'hold the old way',                  media: ['m=audio 2000 RTP/AVP 8', 'c=IN IP4 0.0.0.0'],                                            terms: { target: undefined } },
  { name: 'a static number mapped elsewhere',  media: ['m=audio 2000 RTP/AVP 8', 'a=rtpmap:8 G722/8000'],                                        terms: undefined },
  { name: 'G.711 at 16 kHz',                   media: ['m=audio 2000 RTP/AVP 110', 'a=rtpmap:110 PCMA/16000'],                                   terms: undefined },
  { name: 'no codec of ours',                  media: ['m=audio 2000 RTP/AVP 9 18'],                                                             terms: undefined },
  { name: 'SRTP',                              media: ['m=audio 2000 RTP/SAVP 8'],                                                               terms: undefined },
  { name: 'audio switched off',                media: ['m=audio 0 RTP/AVP 8'],                                                                   terms: undefined },
  { name: 'video only',                        media: ['m=video 2000 RTP/AVP 96'],                                                               terms: undefined },
  { name: 'no media',                          media: [],                                                                                        terms: undefined },
];

describe('negotiate', (test) => {
  for (const { name, media, terms } of offers) {
    test(`reads ${name}`, () => {
      const found = readTerms(offer(...media));
      if (terms === undefined || found === undefined) assert.is(found, terms);
      else assert.equal({ ...found, ...terms }, found);
    });
  }

  test('answers with one law and the offered numbers, and refuses the rest in place', () => {
    const sdp = offer(
      'm=video 3000 RTP/AVP 96 97',
      'm=audio 2000 RTP/AVP 18 110 0 96',
      'a=rtpmap:110 PCMA/8000',
      'a=rtpmap:96 telephone-event/8000',
      'a=sendonly',
      'm=image 4000 udptl t38',
    );
    const terms = readTerms(sdp);
    assert.ok(terms);
    const lines = [
      'v=0',
      'o=- 7 1 IN IP4 192.0.2.1',
      's=-',
      'c=IN IP4 192.0.2.1',
      't=0 0',
      'm=video 0 RTP/AVP 96',
      'm=audio 40000 RTP/AVP 110 96',
      'a=rtpmap:110 PCMA/8000',
      'a=rtpmap:96 telephone-event/8000',
      'a=fmtp:96 0-15',
      'a=ptime:20',
      'a=recvonly',
      'm=image 0 udptl t38',
    ];
    assert.is(formatSdp(createAnswer(sdp, terms, local, origin)), `${lines.join('\r\n')}\r\n`);
  });

  test('an offer of ours is one we would take, and its answer gives the same terms', () => {
    const ours = createOffer({ address: '2001:db8::1', port: 40_000 }, origin);
    const terms = readTerms(ours);
    assert.ok(terms);
    assert.equal(terms, {
      index: 0,
      codec: 'PCMA',
      payloadType: 8,
      eventType: 101,
      target: { address: '2001:db8::1', port: 40_000 },
      direction: 'sendrecv',
    });
    const settled = readTerms(createAnswer(ours, terms, local, origin));
    assert.equal(settled, { ...terms, target: local });
  });
});

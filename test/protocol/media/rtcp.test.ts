import * as assert from 'uvu/assert';
import { isRtcp, type ReceptionBlock, readReceptionBlocks } from '#protocol/media/rtcp.ts';
import { describe } from '#test/support/describe.ts';
import { hex } from '#test/support/hex.ts';

const block = '00000007 10 000005 00010203 000000a0 00000000 00000000';
const times = '00000000 00000000 00000000 00000000 00000000';
const read = { ssrc: 7, lost: 5, jitter: 160 };

// biome-ignore format: a table
const rows: { name: string; wire: string; blocks: ReceptionBlock[] }[] = [
  { name: 'a sender report',                 wire: `81c8000c 00000001 ${times} ${block}`, blocks: [read] },
  { name: 'a receiver report',               wire: `81c90007 00000001 ${block}`,          blocks: [read] },
  { name: 'two blocks',                      wire: `82c9000d 00000001 ${block} ${block}`, blocks: [read, read] },
  { name: 'more duplicates than losses',     wire: '81c90007 00000001 00000007 00 ffffff 00010203 000000a0 00000000 00000000', blocks: [{ ...read, lost: -1 }] },
  { name: 'a description before the report', wire: `81ca0002 00000001 01000000 81c90007 00000001 ${block}`, blocks: [read] },
  { name: 'a report about nobody',           wire: '80c90001 00000001',                   blocks: [] },
  { name: 'fewer blocks than it says',       wire: `82c90007 00000001 ${block}`,          blocks: [read] },
  { name: 'a part that is cut short',        wire: '81c90007 00000001 00000007',          blocks: [] },
  { name: 'another version',                 wire: `41c90007 00000001 ${block}`,          blocks: [] },
  { name: 'nothing',                         wire: '',                                    blocks: [] },
];

describe('RTCP', (test) => {
  for (const { name, wire, blocks } of rows) {
    test(name, () => assert.equal(readReceptionBlocks(hex(wire.replaceAll(' ', ''))), blocks));
  }

  test('is told from RTP by its second byte', () => {
    assert.ok(isRtcp(hex('80c8000100000000')));
    assert.not(isRtcp(hex('8008000100000000')));
    assert.not(isRtcp(hex('80e5000100000000')), 'a marked telephone-event');
    assert.not(isRtcp(hex('80c80001')));
  });
});

/** What sip.js reads in our accepted vectors, and what we read: where they differ, one of the two is wrong. */

import { Parser } from 'sip.js/lib/core/messages/parser.js';
import * as assert from 'uvu/assert';
import { parseMessage } from '#protocol/sip/message.ts';
import { describe } from '#test/support/describe.ts';
import { readSipVectors } from '#test/support/sip-vectors.ts';

const quiet = { debug() {}, log() {}, warn() {}, error() {} };

/** Where sip.js cannot follow, and why. A row that it can after all fails. */
const cannot: Record<string, string> = {
  'several Vias in one line and in two': 'takes the branch of another Via than the top one',
  'line ends before the start line': 'takes the first line end for the end of the headers',
  'Contact: *': 'reads a Contact as an address always',
};

describe('sip second opinion', (test) => {
  for (const { name, bytes, status } of readSipVectors()) {
    if (status !== undefined) continue;
    test(name, () => {
      const ours = parseMessage(bytes);
      const theirs = Parser.parseMessage(Buffer.from(bytes).toString('latin1'), quiet as never);
      const reads =
        theirs === undefined
          ? undefined
          : [theirs.callId, theirs.cseq, theirs.from?.uri.toString(), theirs.viaBranch];
      const { from, callId, cseq, topVia } = ours;
      const expected = [callId, cseq.number, from.uri, topVia.params.get('branch')];
      if (name in cannot) assert.not.equal(reads, expected, `sip.js can: ${cannot[name]}`);
      else assert.equal(reads, expected);
    });
  }
});

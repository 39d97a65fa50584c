/** CSeq offsets as whole dialogues: `phone's request → what goes up`. */

import * as assert from 'uvu/assert';
import {
  freshNumbering,
  type Numbering,
  numberAgain,
  numberRequest,
  resumedNumbering,
} from '#controller/sip/upstream/numbering.ts';
import { describe } from '#test/support/describe.ts';

/** `METHOD cseq[/rack][@tag]`, `!` before it: challenged, so sent again. → `METHOD cseq[/rack]` */
function run(numbering: Numbering, dialogue: string): string {
  let state = numbering;
  const said = dialogue.split(', ').map((line) => {
    const [, bang = '', method = '', cseq = '', rack, tag = 'a'] =
      /^(!?)([A-Z]+) (\d+)(?:\/(\d+))?(?:@(\w+))?$/.exec(line) ?? [];
    const asked = { method, tag, cseq: Number(cseq), ...(rack !== undefined && { rack: Number(rack) }) };
    const step = (bang === '' ? numberRequest : numberAgain)(state, asked);
    state = step.numbering;
    return `${method} ${step.cseq}${step.rack === undefined ? '' : `/${step.rack}`}`;
  });
  return said.join(', ');
}

const rows: [name: string, from: Numbering, dialogue: string, up: string][] = [
  ['nobody challenges: nothing changes', freshNumbering, 'INVITE 1, ACK 1, BYE 2', 'INVITE 1, ACK 1, BYE 2'],
  [
    'the INVITE is challenged',
    freshNumbering,
    'INVITE 1, !INVITE 1, ACK 1, INFO 2, UPDATE 3, BYE 4',
    'INVITE 1, INVITE 2, ACK 2, INFO 3, UPDATE 4, BYE 5',
  ],
  [
    'PRACK names the INVITE as it was sent',
    freshNumbering,
    'INVITE 7, !INVITE 7, PRACK 8/7, !PRACK 8/7, PRACK 9/7, ACK 7, BYE 10',
    'INVITE 7, INVITE 8, PRACK 9/8, PRACK 10/8, PRACK 11/8, ACK 8, BYE 12',
  ],
  [
    'a challenge between an INVITE and its ACK does not move the ACK',
    freshNumbering,
    'INVITE 1, !INVITE 1, INFO 2, !INFO 2, ACK 1, BYE 3',
    'INVITE 1, INVITE 2, INFO 3, INFO 4, ACK 2, BYE 5',
  ],
  [
    're-INVITE, challenged again, each ACK its own',
    freshNumbering,
    'INVITE 1, !INVITE 1, ACK 1, INVITE 2, !INVITE 2, ACK 1, ACK 2, BYE 3, !BYE 3',
    'INVITE 1, INVITE 2, ACK 2, INVITE 3, INVITE 4, ACK 2, ACK 4, BYE 5, BYE 6',
  ],
  [
    'another address is tried with the same number, if that was not challenged',
    freshNumbering,
    'INVITE 1, INVITE 1, !INVITE 1, ACK 1',
    'INVITE 1, INVITE 1, INVITE 2, ACK 2',
  ],
  [
    'two phones that one call from there rang count on their own',
    freshNumbering,
    'INVITE 1@a, !INVITE 1@a, INVITE 1@b, ACK 1@a, ACK 1@b',
    'INVITE 1, INVITE 2, INVITE 2, ACK 2, ACK 2',
  ],
  [
    'after a restart: the first ACK as the token says, all else behind a gap',
    resumedNumbering(1, 5_000),
    'ACK 1, PRACK 2/1, INVITE 3, ACK 3, BYE 4',
    'ACK 2, PRACK 5003/2, INVITE 5004, ACK 5004, BYE 5005',
  ],
  [
    'no number above 2^31 - 1',
    resumedNumbering(0, 500_000_000),
    'BYE 2147483640, BYE 2147483641',
    'BYE 2147483641, BYE 2147483642',
  ],
];

describe('controller/sip/upstream: numbering', (test) => {
  for (const [name, from, dialogue, up] of rows) test(name, () => assert.is(run(from, dialogue), up));

  test('remembers a bounded number of INVITEs', () => {
    let numbering = freshNumbering;
    for (let cseq = 1; cseq < 100; cseq++) {
      ({ numbering } = numberRequest(numbering, { method: 'INVITE', tag: 'a', cseq }));
    }
    assert.is(numbering.invites.size, 8);
    assert.is(numbering.invites.get('a 99'), 99);
  });
});

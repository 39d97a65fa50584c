import * as assert from 'uvu/assert';
import { readDialogInfo } from '#controller/sip/upstream/read-dialog-info.ts';
import { describe } from '#test/support/describe.ts';

const read = (xml: string) => readDialogInfo(Buffer.from(xml));
const document = (inner: string, state = 'full') =>
  `<?xml version="1.0"?>\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="3" state="${state}" entity="sip:230@pbx">${inner}</dialog-info>\n`;
const shown = (xml: string) =>
  read(xml)
    ?.dialogs.map((each) => `${each.id} ${each.state} ${each.direction} ${each.remote} ${each.display}`)
    .join(', ');

describe('controller/sip/upstream: a dialog-info body of a PBX', (test) => {
  for (const [name, xml, expected] of [
    ['nothing', document(''), ''],
    [
      'both sides',
      document(
        '<dialog id="a" call-id="c" direction="recipient"><state>early</state><local><identity>sip:230@pbx</identity></local><remote><identity display="Zo&#xEB; &amp; co">sip:0301@pbx</identity><target uri="sip:x@y"/></remote></dialog>',
      ),
      'a early recipient 0301 Zoë & co',
    ],
    [
      'an id and a state',
      document('<dialog id="230"><state>confirmed</state></dialog>'),
      '230 confirmed undefined undefined undefined',
    ],
    [
      'a target alone',
      document(
        '<dialog id="1"><state code="3">\n trying\n</state><remote><target uri=\'tel:+49301\'/></remote></dialog>',
      ),
      '1 trying undefined +49301 undefined',
    ],
    [
      'prefixes, comments, elements of its own',
      '<!-- x --><d:dialog-info xmlns:d="urn:ietf:params:xml:ns:dialog-info"><d:dialog id="1"><x:y xmlns:x="z"><state>early</state></x:y><d:state><![CDATA[confirmed]]></d:state></d:dialog></d:dialog-info>',
      '1 confirmed undefined undefined undefined',
    ],
    ['a state that there is not', document('<dialog id="1"><state>busy</state></dialog>'), ''],
    ['a dialog with no name', document('<dialog><state>early</state></dialog>'), ''],
    [
      'a user part that would be more than one',
      document(
        '<dialog id="1"><state>early</state><remote><identity>sip:1%0d%0aX@pbx</identity></remote></dialog>',
      ),
      '1 early undefined undefined undefined',
    ],
    [
      'what an entity makes is not read again',
      document('<dialog id="&amp;lt;"><state>early</state></dialog>'),
      '&lt; early undefined undefined undefined',
    ],
  ] as const) {
    test(name, () => {
      assert.is(shown(xml), expected);
    });
  }

  test('what has changed, or all there is', () => {
    assert.is(read(document('', 'partial'))?.isFull, false);
    assert.is(read(document(''))?.isFull, true);
  });

  for (const [name, xml] of [
    ['another root', '<presence/>'],
    ['no XML', 'Messages-Waiting: yes'],
    ['nothing at all', ''],
    ['entities of its own', `<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${document('&b;')}`],
    ['two roots', document('') + document('')],
    ['an end that fits no beginning', document('<dialog id="1"><state>early</dialog></state>')],
    ['no end', document('').replace('</dialog-info>', '')],
    ['too deep', document('<a>'.repeat(100) + '</a>'.repeat(100))],
    ['too long', document(`<!--${'x'.repeat(40_000)}-->`)],
  ] as const) {
    test(`refused: ${name}`, () => {
      assert.is(read(xml), undefined);
    });
  }

  test('as many dialogs as a phone shows; text without end costs little', () => {
    const one = (id: number) => `<dialog id="${id}"><state>early</state></dialog>`;
    assert.is(read(document([...Array(200).keys()].map(one).join('')))?.dialogs.length, 16);
    const before = performance.now();
    for (const part of [
      '<a '.padEnd(30_000),
      `<a ${'b="" '.repeat(6_000)}`,
      '<!--'.repeat(8_000),
      `<${'a:'.repeat(15_000)}`,
    ])
      assert.is(read(part), undefined);
    assert.ok(performance.now() - before < 1_000);
  });
});

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { escapeXml, formatDialogInfo } from '#controller/sip/dialog-info.ts';
import type { DialogState } from '#controller/sip/dialog-states.ts';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { createRandom } from '#test/support/random.ts';
import { readDialogInfo } from './dialog-info.ts';
import { flowAt } from './world.ts';

const schema = fileURLToPath(new URL('../../../../shared/vectors/xsd/dialog-info.xsd', import.meta.url));

const side = { peer: { type: 'flow' as const, flow: flowAt('north', 11) }, device: 'HD0001', user: '100' };
const dialog = (parts: Partial<DialogState> = {}): DialogState => ({
  id: 'x-1',
  user: '101',
  direction: 'recipient',
  state: 'early',
  callId: 'c@192.0.2.1',
  localTag: 'lt',
  remoteTag: 'rt',
  remote: '100',
  caller: { side, tag: 'rt', contact: 'sip:100@192.0.2.11' },
  canReplace: true,
  call: { bring() {}, stop() {} },
  ...parts,
});

// No IPv6 here: RFC 3261 writes it in brackets, which xmllint takes for no anyURI outside of `//[…]`.
const format = (dialogs: readonly DialogState[], name = 'Zoë Ädams', version = 0) =>
  formatDialogInfo({ user: '101', host: '192.0.2.1:5060', dialogs, nameOf: () => name })(version);

const hostile = [
  `"><dialog id="x"><state>confirmed</state></dialog><!--`,
  ']]>&amp;&#0;<![CDATA[',
  '\u0000\u0001\u001f\ufffe\uffff\ud800 \udfff',
  '\u{1F600} ‮ é \u2028',
];

describe('dialog-info', (test) => {
  for (const name of hostile) {
    test(`holds ${JSON.stringify(name)} as text and nothing else`, () => {
      const read = readDialogInfo(format([dialog({ callId: name, localTag: name })], name));
      assert.is(read.dialogs.length, 1);
      assert.is(read.dialogs[0]?.state, 'early');
      assert.ok(read.dialogs[0]?.remote?.display !== undefined);
    });
  }

  test('tells tags while it rings, and not after', () => {
    for (const state of ['trying', 'proceeding', 'early', 'confirmed', 'terminated'] as const) {
      const [read] = readDialogInfo(format([dialog({ state })])).dialogs;
      const isRinging = ['trying', 'proceeding', 'early'].includes(state);
      assert.is(read?.attributes['call-id'], isRinging ? 'c@192.0.2.1' : undefined);
    }
  });

  test('says of who is in no call that he is in none', () => {
    const { dialogs } = readDialogInfo(format([]));
    assert.equal(dialogs, [
      { state: 'terminated', attributes: { id: '101' }, local: undefined, remote: undefined },
    ]);
  });

  test('is bounded', () => {
    const many = Array.from({ length: 100 }, () => dialog());
    assert.is(readDialogInfo(format(many)).dialogs.length, 16);
  });

  test('whatever the text, it can be read', () => {
    const random = createRandom(4235);
    for (let round = 0; round < 200; round++) {
      const text = String.fromCharCode(...Array.from({ length: 20 }, () => random.below(0x10000)));
      readDialogInfo(format([dialog({ callId: text, remote: text })], text));
      assert.not.match(escapeXml(text), /[<>"']/);
    }
  });

  // The schema is a second opinion where it lies beside the project; readDialogInfo above runs everywhere.
  const name = 'is valid by the schema of RFC 4235';
  if (existsSync(schema) && !hasProgram('xmllint')) test.skip(name, 'xmllint is not installed');
  else if (existsSync(schema)) {
    test(name, () => {
      const folder = mkdtempSync(join(tmpdir(), 'hotdesk-xml-'));
      try {
        const states = ['trying', 'proceeding', 'early', 'confirmed', 'terminated'] as const;
        const bodies = [
          format([]),
          format(
            states.map((state) => dialog({ state })),
            'Anna',
            4_294_967_296,
          ),
          format([dialog({ direction: 'initiator', localTag: undefined, remoteTag: undefined })]),
          ...hostile.map((text) => format([dialog({ callId: text, remote: text })], text)),
        ];
        const files = bodies.map((body, index) => {
          const file = join(folder, `${index}.xml`);
          writeFileSync(file, body);
          return file;
        });
        const run = spawnSync('xmllint', ['--nonet', '--noout', '--schema', schema, ...files]);
        assert.is(run.status, 0, String(run.stderr));
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});

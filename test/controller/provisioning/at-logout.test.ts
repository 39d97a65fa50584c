import { readFileSync, writeFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { makes } from '#agent/phone/makes.ts';
import { atLogout, remembered, words } from '#controller/provisioning/at-logout.ts';
import type { Model } from '#controller/provisioning/model.ts';
import { findModel, models } from '#controller/provisioning/models.ts';
import { phoneProblems } from '#controller/provisioning/phone-problems.ts';
import { describe } from '#test/support/describe.ts';
import { readConfig } from '#test/support/read-config.ts';
import { textOf } from './desk.ts';

const makeOf = ({ vendor, isNumbered, isText }: Model) =>
  makes[isNumbered ? 'grandstreamNumbered' : isText ? 'fanvilText' : vendor];

describe('what is left of the last user', (test) => {
  for (const model of models) {
    test(`${model.vendor} ${model.model}: what is said to be gone is in its config when nobody is logged in`, () => {
      const { settings, factory } = readConfig(makeOf(model), textOf(model.model));
      for (const [what, { state, by, note }] of Object.entries(atLogout(model))) {
        const isGone = state === 'emptied' || state === 'off';
        assert.is(by.length > 0, isGone, what);
        if (state === 'stays') assert.ok(note, what);
        for (const [setting, value] of by) {
          if (value === undefined) assert.ok(factory.has(setting), `${what}: ${setting}`);
          else if (value.startsWith('…'))
            assert.ok(settings.get(setting)?.endsWith(value.slice(1)), `${what}: ${setting}`);
          else assert.is(settings.get(setting), value, `${what}: ${setting}`);
        }
      }
    });
  }

  // biome-ignore format: a table
  const problems: [vendor: string, model: string, mac: string, says: RegExp | undefined][] = [
    ['yealink', 'T46S',    '001565000001', undefined],
    ['yealink', 'T46S',    '000413000001', /MAC address belongs to snom or gigaset, and it is set up as a T46S \(yealink\)/],
    ['yealink', 'T46S',    'aabbcc000001', undefined], // of nobody we know
    ['gigaset', 'P850',    '000413000001', undefined],
    ['htek',    'UC926',   '001fc1000001', /keeps of its last user .*: call lists, missed calls, redial, forwarding, do not disturb$/],
    ['grandstream', 'GXP1630', 'c074ad000001', /keeps of its last user .*: forwarding, do not disturb$/],
    ['mitel',   '6867i',   '00085d000001', /: do not disturb$/],
    ['cisco',   '7960',    '001565000001', /set up as a 7960 \(cisco\)/], // after a downgrade
  ];
  for (const [vendor, model, mac, says] of problems) {
    test(`a ${model} with ${mac} is said to have ${says ?? 'no problem'}`, () => {
      const found = phoneProblems({ vendor, model, mac });
      if (says === undefined) assert.equal(found, []);
      else assert.match(found.join('\n'), says);
    });
  }

  /** After a change that is meant: GOLDEN=write npx tsx test/run.ts controller/provisioning at-logout. */
  test('docs/phones.md has the same table', () => {
    const file = new URL('../../../docs/phones.md', import.meta.url);
    const text = readFileSync(file, 'utf8');
    const form = /(<!-- at logout -->\n)[\s\S]*?(<!-- \/at logout -->)/;
    const written = text.replace(form, (_, begin: string, end: string) => `${begin}${table()}\n${end}`);
    assert.match(text, form);
    if (process.env.GOLDEN === 'write') writeFileSync(file, written);
    assert.is(text, written);
  });
});

// biome-ignore format: a table
const columns: [title: string, model: string][] = [
  ['Yealink', 'T46S'], ['Snom, Gigaset', 'D785'], ['Grandstream', 'GXP2170'], ['GXP16xx', 'GXP1630'],
  ['Fanvil', 'X5U'], ['Htek', 'UC926'], ['Poly', 'VVX450'], ['Mitel', '6867i'],
];

function table(): string {
  const fates = columns.map(([, model]) => atLogout(findModel(model)));
  const lines = remembered.map((what) => [words[what], ...fates.map((each) => each[what].state)]);
  const rows = [['', ...columns.map(([title]) => title)], Array(columns.length + 1).fill('---'), ...lines];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

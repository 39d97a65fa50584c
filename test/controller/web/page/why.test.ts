/** “Why?”: what is true of a phone becomes sentences, in either language, the worst first. */

import * as assert from 'uvu/assert';
import type { Agent, DeskEvent, Device, Session } from '#controller/web/page/shapes.ts';
import { stateOf, whyOf } from '#controller/web/page/why.ts';
import { languages, textOf } from '#controller/web/text/text.ts';
import { describe } from '#test/support/describe.ts';

const registered = {
  aor: 'HD0001',
  address: '192.0.2.7:5060',
  transport: 'udp',
  agent: 'a1',
  userAgent: 'Yealink',
  expiresAt: '2026-01-01T00:00:00.000Z',
};
const free: Device = {
  id: 'HD0001',
  mac: '001565d00001',
  vendor: 'yealink',
  model: 'T46S',
  site: 'berlin',
  extension: null,
  changeOver: { state: 'active', ms: 0 },
  registered,
  cutKeys: [],
  place: null,
  problems: [],
};
const up: Agent = { id: 'a1', site: 'berlin', isUp: true, enrolledAt: '' };
const session: Session = {
  device: 'HD0001',
  extension: '100',
  since: '2026-01-01T08:00:00.000Z',
  how: 'dial',
  changeOver: free.changeOver,
};
const ended: DeskEvent = {
  at: '2026-01-01T07:00:00.000Z',
  type: 'logout',
  extension: '101',
  how: 'takeover',
};

type Row = {
  name: string;
  is: Partial<Device>;
  agents?: Agent[];
  session?: Session;
  ended?: DeskEvent;
  state: string;
  says: RegExp[];
};

// biome-ignore format: a table
const rows: Row[] = [
  { name: 'free', is: {}, state: 'free', says: [/Registered from 192\.0\.2\.7:5060 over UDP as Yealink/, /Nobody/] },
  { name: 'in use', is: { extension: '100' }, session, state: 'inUse', says: [/Registered/, /100 logged in at <2026.*> by dialling/] },
  { name: 'without a phone', is: { registered: null }, state: 'offline', says: [/not registered/, /Nobody/] },
  { name: 'without an agent', is: { registered: null }, agents: [], state: 'offline', says: [/No agent of site berlin/, /Nobody/] },
  { name: 'behind an agent of another site', is: {}, agents: [{ ...up, site: 'wien' }], state: 'free', says: [/No agent of site berlin/, /Nobody/] },
  { name: 'stuck', is: { extension: '100', changeOver: { state: 'stuck', reason: 'no answer', ms: 9 } }, session, state: 'stuck', says: [/does not show.*no answer/, /logged in/] },
  { name: 'on its way', is: { changeOver: { state: 'sent', ms: 9 } }, state: 'changing', says: [/was told to fetch/, /Nobody/] },
  { name: 'with keys that do not fit', is: { cutKeys: [{ type: 'blf', value: '7', label: 'Zoe' }, { type: 'blf', value: '8', label: '' }] }, state: 'free', says: [/Registered/, /2 keys.*Zoe, 8/, /Nobody/] },
  { name: 'without a place', is: { problems: ['place: no road'] }, state: 'free', says: [/Registered/, /place: no road/, /Nobody/] },
  { name: 'ended by a limit', is: {}, ended: { ...ended, how: 'limit', reason: 'idle' }, state: 'free', says: [/Registered/, /Nobody/, /because it was not used/] },
  { name: 'taken over before', is: {}, ended, state: 'free', says: [/Registered/, /Nobody/, /101 was logged out at <2026.*somebody else/] },
];

describe('why a phone', (test) => {
  for (const { name, is, agents = [up], state, says, ...more } of rows) {
    test(`is ${name}`, () => {
      const device = { ...free, ...is };
      assert.is(stateOf(device), state);
      const findings = whyOf({ device, agents, ...more });
      const told = findings.map((finding) => finding.says(textOf('en'), (iso) => `<${iso}>`));
      assert.is(told.length, says.length, told.join('\n'));
      for (const [index, pattern] of says.entries()) assert.match(told[index] ?? '', pattern);
      const bad = findings.map(({ severity }) => severity).indexOf('bad');
      assert.ok(bad <= 0, 'the worst comes first');
    });
  }

  test('is so is told in every language, each in its own words', () => {
    const device = { ...free, changeOver: { state: 'stuck', ms: 1 } as const };
    const told = languages.map(([id]) =>
      whyOf({ device, agents: [up] })
        .map((finding) => finding.says(textOf(id), (iso) => iso))
        .join(' '),
    );
    assert.is(new Set(told).size, languages.length);
  });
});

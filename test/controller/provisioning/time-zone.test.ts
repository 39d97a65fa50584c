import * as assert from 'uvu/assert';
import { type Change, zoneRule } from '#controller/provisioning/time-zone.ts';
import { describe } from '#test/support/describe.ts';

const shown = ({ month, week, weekday, hour }: Change) => `${month}/${week}/${weekday}/${hour}`;

/** Against what is known of each zone, not against what Node says. */
// biome-ignore format: a table
const zones: { zone: string; offset: number; summer?: string }[] = [
  { zone: 'Europe/Berlin',       offset: 60,   summer: '3/5/7/2 to 10/5/7/3 by 60' },
  { zone: 'Europe/London',       offset: 0,    summer: '3/5/7/1 to 10/5/7/2 by 60' },
  { zone: 'America/New_York',    offset: -300, summer: '3/2/7/2 to 11/1/7/2 by 60' },
  { zone: 'Australia/Sydney',    offset: 600,  summer: '10/1/7/2 to 4/1/7/3 by 60' },
  { zone: 'Australia/Lord_Howe', offset: 630,  summer: '10/1/7/2 to 4/1/7/2 by 30' },
  { zone: 'Asia/Kolkata',        offset: 330 },
  { zone: 'America/Regina',      offset: -360 },
  { zone: 'UTC',                 offset: 0 },
];

describe('time zone', (test) => {
  for (const { zone, offset, summer } of zones) {
    test(zone, () => {
      const rule = zoneRule(zone);
      assert.is(rule?.offsetMinutes, offset);
      const told =
        rule?.summer &&
        `${shown(rule.summer.start)} to ${shown(rule.summer.end)} by ${rule.summer.savedMinutes}`;
      assert.is(told, summer);
    });
  }

  test('a zone that nobody knows', () => assert.is(zoneRule('Europe/Atlantis'), undefined));
});

import * as assert from 'uvu/assert';
import type { HeardPhone, SipStranger } from '#controller/model/ports.ts';
import { createSipStrangers } from '#controller/provisioning/sip-strangers.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

const at = (host: number) => ({ address: `192.0.2.${host}`, port: 5_060 });
const stranger = (more: Partial<SipStranger> = {}, host = 77): SipStranger => ({
  flow: { agent: 'a1', site: 'berlin', transport: 'udp', local: at(1), remote: at(host) },
  ...{ userAgent: '', user: 'phone' },
  ...more,
});

function open(maxAddresses = 1_000) {
  const clock = createFakeClock();
  const heard: HeardPhone[] = [];
  const asked: unknown[] = [];
  const strangers = createSipStrangers({
    ...{ clock, maxAddresses },
    heard: (phone) => heard.push(phone),
    who: (...who) => asked.push(who),
  });
  return { clock, heard, asked, strangers };
}

describe('SIP of nobody we know', (test) => {
  // biome-ignore format: a table
  const rows: [what: string, said: Partial<SipStranger>, mac: string | undefined, model: string | undefined, version: string | undefined][] = [
    ['it says its MAC',               { mac: '0c383e000001', userAgent: 'Fanvil X303 2.12.18.9 0c383e000001' }, '0c383e000001', 'X303', '2.12.18.9'],
    ['its user name is one',          { user: '001565AABB01', userAgent: 'Yealink SIP-T46S 66.86.0.15' },       '001565aabb01', 'T46S', '66.86.0.15'],
    ['its user name is a number',     { user: '004930123456' },                                                undefined,      undefined, undefined],
    ['it says nothing',               {},                                                                      undefined,      undefined, undefined],
    ['a phone we cannot set up',      { mac: '000b82000001', userAgent: 'Grandstream HT801 1.0.41.2' },         '000b82000001', 'Grandstream HT801 1.0.41.2', '1.0.41.2'],
    ['a name without end',            { mac: '000b82000001', userAgent: 'x'.repeat(500) },                      '000b82000001', 'x'.repeat(64), undefined],
  ];
  for (const [what, said, mac, model, version] of rows) {
    test(`${what}: ${mac === undefined ? 'its agent is asked' : 'it is heard'}`, () => {
      const { strangers, heard, asked } = open();
      strangers.take(stranger(said));
      if (mac === undefined) {
        assert.equal([heard, asked], [[], [['a1', at(77), {}]]]);
        return;
      }
      const [{ vendor: _, ...phone } = {} as HeardPhone] = heard;
      assert.equal(phone, {
        ...{ agent: 'a1', site: 'berlin', mac, by: 'sip', remote: at(77) },
        ...(model !== undefined && { model }),
        ...(version !== undefined && { version }),
      });
      assert.equal(asked, []);
    });
  }

  test('two phones behind one router are two', () => {
    const { strangers, heard } = open();
    for (const mac of ['0c383e000001', '0c383e000002', '0c383e000001']) strangers.take(stranger({ mac }));
    assert.equal(
      heard.map(({ mac }) => mac),
      ['0c383e000001', '0c383e000002'],
    );
  });

  test('one address is looked at once a minute, and no more of them are remembered than that', () => {
    const { strangers, asked, clock } = open(3);
    for (let n = 0; n < 5; n++) strangers.take(stranger());
    assert.is(asked.length, 1);
    clock.advance(60_000);
    strangers.take(stranger());
    assert.is(asked.length, 2);
    for (const host of [1, 2, 3]) strangers.take(stranger({}, host));
    strangers.take(stranger()); // pushed out by the three
    assert.is(asked.length, 6);
    assert.equal(strangers.counters, { strangers: 6, askedFor: 6 });
  });
});

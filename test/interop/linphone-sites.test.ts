/**
 * linphone at one office, baresip at the other, in network namespaces: they call
 * each other and hear each other through agents and controller. Then three
 * linphones: a call is handed on, by REFER and Replaces, from office to office.
 */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { until } from '#test/support/until.ts';
import { type Baresip, openBaresip, shareOfTone } from './baresip.ts';
import { type Linphone, openLinphone, says } from './linphone.ts';
import { whyNoTalk } from './talk.ts';
import { type Desk, openTwoSites, type TwoSites } from './two-sites.ts';

const why = hasProgram('linphonec') ? whyNoTalk() : 'linphonec is not installed';

const tones = { linphone: 620, baresip: 1_000, boss: 440 } as const;

describe('linphone and baresip at two sites', (test) => {
  let world: TwoSites;
  let linphone: Linphone;
  let baresip: Baresip;
  let caller: Linphone | undefined;
  let boss: Linphone | undefined;
  let north: Desk;
  let south: Desk;
  const it = why === '' ? test : (name: string) => test.skip(name, why);

  const bothHear = async () => {
    const ways = [
      [linphone, tones.baresip],
      [baresip, tones.linphone],
    ] as const;
    for (const [phone, hz] of ways) {
      await until(
        `a tone of ${hz} Hz comes through`,
        async () => {
          const samples = await phone.heard().catch(() => new Int16Array());
          return samples.length > 8_000 && shareOfTone(samples.subarray(-8_000), hz) > 0.4;
        },
        10_000,
      );
    }
    const [running] = await world.calls();
    assert.equal([running?.media, running?.sites.toSorted()], ['controller', ['north', 'south']]);
  };

  const packetsPass = (from: string, to: string) =>
    until('packets pass both ways, through the controller', async () => {
      const [now] = await world.calls();
      const isIt = now?.from === from && now.to === to && now.media === 'controller';
      return isIt && now.streams.length === 2 && now.streams.every(({ packets }) => packets > 50);
    });

  it('open, a person at each', async () => {
    world = await openTwoSites();
    await world.addUser({ extension: '100', name: 'Ada', pin: '7391' });
    await world.addUser({ extension: '102', name: 'Carol', pin: '2846' });
    north = await world.addDesk('north');
    south = await world.addDesk('south');
    await world.hotdesk(['session', 'login', north.device, '100']);
    await world.hotdesk(['session', 'login', south.device, '102']);
    linphone = await openLinphone(north, await north.account(), tones.linphone, north);
    baresip = await openBaresip(south, await south.account(), tones.baresip, { port: 5060, place: south });
    await linphone.registered();
    await baresip.registered();
  }, 120_000);

  it('linphone calls, both hear the tone of the other', async () => {
    const from = linphone.said.length;
    linphone.command('call 102');
    await baresip.saw('CALL_INCOMING');
    await baresip.command('accept');
    await linphone.saw(says.answered, from);
    await bothHear();
    linphone.command('terminate');
    await baresip.saw('CALL_CLOSED');
  }, 60_000);

  it('baresip calls, both hear the tone of the other', async () => {
    const from = linphone.said.length;
    await baresip.command('dial', '100');
    await linphone.saw(says.incoming, from);
    linphone.command('answer');
    await linphone.saw(says.answered, from);
    await bothHear();
    await packetsPass('102', '100');
    await baresip.command('hangup');
    await linphone.saw(says.ended, from);
  }, 60_000);

  it('an attended transfer: who was asked takes the call over, and has the other office on the line', async () => {
    await baresip.close();
    const desk = await world.addDesk('north');
    await world.addUser({ extension: '101', name: 'Bea', pin: '5284' });
    await world.hotdesk(['session', 'login', desk.device, '101']);
    caller = await openLinphone(south, await south.account(), tones.baresip, south);
    boss = await openLinphone(desk, await desk.account(), tones.boss, desk);
    await caller.registered();
    await boss.registered();

    const from = linphone.said.length;
    caller.command('call 100');
    await linphone.saw(says.incoming, from);
    linphone.command('answer');
    await linphone.saw(says.answered, from);
    const asking = linphone.said.length;
    linphone.command('pause');
    await linphone.saw(says.paused, asking);
    linphone.command('call 101');
    await boss.saw(says.incoming);
    boss.command('answer');
    await linphone.saw(says.answered, asking);
    const [asked, waiting] = [...linphone.said.matchAll(/Call (\d+) with .* connected/g)]
      .map(([, id]) => id)
      .reverse();
    linphone.command(`transfer ${waiting} --to-call ${asked}`);
    await linphone.saw(says.ended, asking);
    // In a call that replaced another linphone plays no file: packets are counted instead of tones heard.
    await packetsPass('102', '101');
    boss.command('terminate');
    await caller.saw(says.ended);
  }, 120_000);

  it('close', async () => {
    for (const phone of [linphone, caller, boss]) await phone?.close();
    await world.close();
  }, 30_000);
});

/** linphone at one office, baresip at the other, in network namespaces: they call each other and hear each other through agents and controller. */

import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { hasProgram } from '#test/support/packages.ts';
import { until } from '#test/support/until.ts';
import { type Baresip, openBaresip, shareOfTone } from './baresip.ts';
import { type Linphone, openLinphone, says } from './linphone.ts';
import { whyNoTalk } from './talk.ts';
import { type Desk, openTwoSites, type TwoSites } from './two-sites.ts';

const why = hasProgram('linphonec') ? whyNoTalk() : 'linphonec is not installed';

const tones = { linphone: 620, baresip: 1_000 } as const;

describe('linphone and baresip at two sites', (test) => {
  let world: TwoSites;
  let linphone: Linphone;
  let baresip: Baresip;
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

  it('open, a person at each', async () => {
    world = await openTwoSites();
    await world.addUser({ extension: '100', name: 'Ada', pin: '7391' });
    await world.addUser({ extension: '102', name: 'Carol', pin: '2846' });
    north = await world.addDesk('north');
    south = await world.addDesk('south');
    await world.hotdesk(['session', 'login', north.device, '100']);
    await world.hotdesk(['session', 'login', south.device, '102']);
    linphone = await openLinphone(north, await north.account(), tones.linphone, north);
    baresip = await openBaresip(south, await south.account(), tones.baresip, 5060, south);
    await linphone.registered();
    await baresip.registered();
  }, 60_000);

  it('linphone calls, both hear the tone of the other', async () => {
    const from = linphone.said.length;
    linphone.command('call 102');
    await baresip.saw('CALL_INCOMING');
    await baresip.command('accept');
    await linphone.saw(says.answered, from);
    await bothHear();
    linphone.command('terminate');
    await baresip.saw('CALL_CLOSED');
  }, 40_000);

  it('baresip calls, both hear the tone of the other', async () => {
    const from = linphone.said.length;
    await baresip.command('dial', '100');
    await linphone.saw(says.incoming, from);
    linphone.command('answer');
    await linphone.saw(says.answered, from);
    await bothHear();
    await baresip.command('hangup');
    await linphone.saw(says.ended, from);
    const [ended] = await world.calls();
    for (const { packets, lost } of ended?.streams ?? []) assert.ok(packets > 50 && lost <= packets * 0.05);
  }, 40_000);

  it('close', async () => {
    await linphone?.close();
    await baresip?.close();
    await world.close();
  }, 30_000);
});

/** What the API is told of emergency calls: problems in words, and a place behind its URL. */

import * as assert from 'uvu/assert';
import { createEmergencies } from '#controller/emergencies.ts';
import { createLocationUrls, type LocationUrls } from '#controller/emergency/location-urls.ts';
import { checkPidfLo } from '#controller/emergency/pidf-lo.ts';
import { createKeys } from '#controller/keys.ts';
import type { Site } from '#controller/model/model.ts';
import { createWorld, flowAt } from '#test/controller/sip/world.ts';
import { describe } from '#test/support/describe.ts';

const keys = createKeys(new Uint8Array(32));

function start(isPublic = true) {
  let urls: LocationUrls | undefined;
  const world = createWorld({ locationUrl: (device) => urls?.urlOf(device) ?? '' });
  urls = createLocationUrls('https://hd.example', { keys, clock: world.clock });
  const { store } = world;
  const locations = isPublic ? urls : undefined;
  const emergencies = createEmergencies({ store, keys, emergency: world.core.emergency, locations });
  const change = (more: object) => {
    const site = store.get('sites', 'north');
    assert.ok(site !== undefined);
    store.note([{ type: 'put', collection: 'sites', value: { ...site, ...more } }]);
  };
  return { world, emergencies, change };
}

describe('emergencies', (test) => {
  test('problems of a site and of a device come and go with what is known', () => {
    const { world, emergencies, change } = start();
    const problems = () => {
      const [site, device] = [world.store.get('sites', 'north'), world.store.get('devices', 'HD0001')];
      assert.ok(site !== undefined && device !== undefined);
      return [emergencies.siteProblems(site).join('; '), emergencies.deviceProblems(device).length] as const;
    };
    assert.equal(problems(), ['place: not whole for HD0001, HD0002', 2]);
    change({ place: { country: 'DE', A3: 'Berlin', RD: 'Weg', callerId: '+4930100' } });
    assert.equal(problems(), ['', 0]);
    change({ emergencyGateway: undefined });
    assert.equal(problems(), ['emergency route gateway: the site has none', 0]);
    change({ emergencyRoutes: [{ type: 'upstream', upstream: 'gone', location: 'none' }] });
    assert.equal(problems(), ['emergency route upstream gone: there is no way to it now', 0]);
  });

  test('a route that failed when it was tested is one until it does not, or the site is another', async () => {
    const { world, emergencies, change } = start();
    change({ place: { country: 'DE', A3: 'Berlin', RD: 'Weg', callerId: '+4930100' } });
    const gateway = world.phone('gateway', { ...flowAt('north', 0), remote: world.gateway });
    const north = () => world.store.get('sites', 'north') as Site;
    const tested = async (status: number) => {
      const report = emergencies.test(north());
      for (let i = 0; i < 10; i++) await Promise.resolve();
      gateway.answer(gateway.take(), status);
      await report;
      return emergencies.siteProblems(north());
    };
    const failed = ['emergency route gateway: its last test failed'];
    assert.equal(await tested(503), failed);
    assert.equal(await tested(405), []);
    assert.equal(await tested(503), failed);
    change({ timeZone: 'Europe/Vienna' });
    assert.equal(emergencies.siteProblems(north()), []);
  });

  test('the URL in an INVITE leads to the place of the device that called', () => {
    const { world, emergencies, change } = start();
    change({
      place: { country: 'DE', A3: 'Berlin', RD: 'Weg' },
      emergencyRoutes: [{ type: 'gateway', location: 'reference' }],
    });
    const phone = world.phone('HD0001', flowAt('north', 11));
    const gateway = world.phone('gateway', { ...flowAt('north', 0), remote: world.gateway });
    phone.register();
    phone.send(phone.build('INVITE', { uri: 'sip:112@192.0.2.1:5060' }));
    const invite = gateway.take();
    const token = /^<https:\/\/hd\.example\/location\/([\w-]+)>$/.exec(invite.get('Geolocation') ?? '')?.[1];
    const place = emergencies.placeBehind(token ?? '') ?? '';
    assert.is(checkPidfLo(place), undefined);
    assert.match(place, /entity="pres:HD0001@/);
    assert.is(emergencies.placeBehind('x'), undefined);
  });

  test('there is no place behind anything where that was not configured', () => {
    const { emergencies } = start(false);
    assert.equal([emergencies.hasLocationUrl, emergencies.placeBehind('x')], [false, undefined]);
  });
});

/** What the API asks about emergency calls, from those who know: the SIP core, the keys, and who gives out URLs. */

import type { LocationUrls } from '#controller/emergency/location-urls.ts';
import { placeOf, placeProblems } from '#controller/emergency/place.ts';
import type { Device } from '#controller/model/model.ts';
import type { Emergencies, Store } from '#controller/model/ports.ts';
import type { Emergency } from '#controller/sip/core.ts';
import type { Keys } from './keys.ts';

export type EmergenciesOptions = {
  store: Store;
  keys: Pick<Keys, 'webhookSecret'>;
  emergency: Emergency;
  locations: LocationUrls | undefined;
};

export function createEmergencies({ store, keys, emergency, locations }: EmergenciesOptions): Emergencies {
  const { list, tests, waysOut } = emergency;
  const problemsOf = (device: Device) => placeProblems(placeOf(device, store.get('sites', device.site)));
  return {
    calls: list.list,
    test: tests.test,
    siteProblems(site) {
      const placeless = store.list('devices').filter((d) => d.site === site.id && problemsOf(d).length > 0);
      const names = placeless.slice(0, 5).map(({ id }) => id);
      const more = placeless.length > names.length ? ` and ${placeless.length - names.length} more` : '';
      const devices = names.length === 0 ? [] : [`place: not whole for ${names.join(', ')}${more}`];
      return [...waysOut.problemsOf(site), ...tests.problemsOf(site), ...devices];
    },
    deviceProblems: problemsOf,
    webhookSecret: keys.webhookSecret,
    hasLocationUrl: locations !== undefined,
    placeBehind(token) {
      const id = locations?.deviceOf(token);
      const device = id === undefined ? undefined : store.get('devices', id);
      return device === undefined ? undefined : waysOut.pidfLoOf(device);
    },
  };
}

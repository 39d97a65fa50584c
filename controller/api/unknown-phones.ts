/**
 * /unknown-phones: what agents heard on their LANs and nobody has set up yet.
 *
 *     GET    /unknown-phones                             → {items: [{mac, vendor, model, site, …}]}
 *     POST   /unknown-phones/:mac/adopt {model?, site?}  → 201 device of the site it was heard at
 *
 * `model` is needed where the phone did not say one that is known, `site` where
 * it was heard at several. When the phone asks again, it is given its config.
 */

import { z } from 'zod';
import { deviceId, siteId } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import type { UnknownPhone, UnknownPhones } from '#controller/provisioning/unknown-phones.ts';
import { readMac } from '#controller/sessions/rules.ts';
import { formatHostPort } from '#protocol/address.ts';
import { listing } from './list.ts';
import { addDevice } from './new-device.ts';
import { missing, wrong } from './read.ts';
import { listOf, moment, type Route, route } from './route.ts';

export type UnknownPhoneDeps = { store: Store; unknownPhones: Pick<UnknownPhones, 'list'> };

const shown = z.strictObject({
  mac: z.string(),
  vendor: z.string().nullable(),
  model: z.string().nullable(),
  isKnownModel: z.boolean(),
  version: z.string().nullable(),
  site: siteId,
  agent: z.string(),
  by: z.enum(['pnp', 'http', 'sip']),
  address: z.string(),
  lastSeen: moment,
});

const phones = listing<UnknownPhone, 'mac' | 'vendor' | 'model' | 'site' | 'by' | 'lastSeen'>({
  id: ({ mac, site }) => `${mac} ${site}`,
  site: ({ site }) => site,
  fields: {
    mac: ({ mac }) => mac,
    vendor: ({ maker, vendor }) => maker ?? vendor?.toLowerCase(),
    model: ({ known, model }) => known ?? model,
    site: ({ site }) => site,
    by: ({ by }) => by,
    lastSeen: ({ lastSeen }) => lastSeen,
  },
  order: { by: ({ lastSeen }) => lastSeen, isDown: true },
});

const adoption = z.strictObject({ model: z.string().max(64).optional(), site: siteId.optional() });

export function unknownPhoneRoutes({ store, unknownPhones }: UnknownPhoneDeps): Route[] {
  function find(text: string, site: string | undefined): UnknownPhone {
    const mac = readMac(text);
    const heard = unknownPhones.list().filter((each) => each.mac === mac);
    const [first, second] = heard.filter((each) => site === undefined || each.site === site);
    if (first === undefined) throw missing('unknown phone', mac);
    if (second === undefined) return first;
    const sites = heard.map((each) => each.site).join(', ');
    throw wrong('site', `the phone was heard at several: ${sites}; say which`);
  }

  return [
    route(
      {
        method: 'get',
        path: '/unknown-phones',
        access: 'readOnly',
        tag: 'devices',
        summary: 'Phones that agents heard and nobody has set up',
        query: phones.query,
        answer: listOf(shown),
      },
      ({ c, query }) => phones.page(c, query, unknownPhones.list(), toJson),
    ),
    route(
      {
        method: 'post',
        path: '/unknown-phones/{mac}/adopt',
        access: 'siteAdmin',
        tag: 'devices',
        summary: 'Make a phone that was heard a device',
        body: adoption,
        answer: z.strictObject({
          id: deviceId,
          mac: z.string(),
          vendor: z.string(),
          model: z.string(),
          site: siteId,
        }),
        status: 201,
      },
      async ({ params, body: wanted }) => {
        const { mac, site, known } = find(params.mac, wanted.site);
        const model = wanted.model ?? known;
        if (model === undefined)
          throw wrong('model', 'is needed: the phone did not say one that we can set up');
        const { id, vendor, ...device } = await addDevice(store, { mac, model, site });
        return { id, mac, vendor, model: device.model, site };
      },
    ),
  ];
}

function toJson(phone: UnknownPhone) {
  const { mac, maker, vendor, model, known, version, site, agent, by, remote, lastSeen } = phone;
  return {
    mac,
    vendor: maker ?? vendor?.toLowerCase() ?? null,
    model: known ?? model ?? null,
    isKnownModel: known !== undefined,
    version: version ?? null,
    site,
    agent,
    by,
    address: formatHostPort(remote),
    lastSeen: new Date(lastSeen).toISOString(),
  };
}

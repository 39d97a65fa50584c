/**
 * /unknown-phones: what agents heard on their LANs and nobody has set up yet.
 *
 *     GET    /unknown-phones                             → {items: [{mac, vendor, model, site, …}]}
 *     POST   /unknown-phones/:mac/adopt {model?, site?}  → 201 device of the site it was heard at
 *
 * `model` is needed where the phone did not say one that is known, `site` where
 * it was heard at several. When the phone asks again, it is given its config.
 */

import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { siteId } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import type { UnknownPhone, UnknownPhones } from '#controller/provisioning/unknown-phones.ts';
import { readMac } from '#controller/sessions/rules.ts';
import { formatHostPort } from '#protocol/address.ts';
import { addDevice } from './new-device.ts';
import { missing, readBody, wrong } from './read.ts';

export type UnknownPhoneDeps = { store: Store; unknownPhones: Pick<UnknownPhones, 'list'> };

const adoption = z.strictObject({ model: z.string().max(64).optional(), site: siteId.optional() });

export function unknownPhoneRoutes({ store, unknownPhones }: UnknownPhoneDeps): Hono {
  function find(text: string, site: string | undefined): UnknownPhone {
    const mac = readMac(text);
    const heard = unknownPhones.list().filter((each) => each.mac === mac);
    const [first, second] = heard.filter((each) => site === undefined || each.site === site);
    if (first === undefined) throw missing('unknown phone', mac);
    if (second === undefined) return first;
    const sites = heard.map((each) => each.site).join(', ');
    throw wrong('site', `the phone was heard at several: ${sites}; say which`);
  }

  const adopt = async (c: Context) => {
    const wanted = await readBody(adoption, c);
    const { mac, site, known } = find(c.req.param('mac') ?? '', wanted.site);
    const model = wanted.model ?? known;
    if (model === undefined) throw wrong('model', 'is needed: the phone did not say one that we can set up');
    const { id, vendor, ...device } = await addDevice(store, { mac, model, site });
    return c.json({ id, mac, vendor, model: device.model, site }, 201);
  };

  return new Hono()
    .get('/', (c) => c.json({ items: unknownPhones.list().map(toJson) }))
    .post('/:mac/adopt', adopt);
}

function toJson(phone: UnknownPhone): object {
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

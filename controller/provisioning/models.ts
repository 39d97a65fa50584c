/**
 * The models that are offered: phones whose config files we can write in full.
 * A model outside the table (./registry.ts) is not offered, for a file that
 * misses one of its keys would leave the last user's there.
 */

import { Fault } from '#protocol/fault.ts';
import { allNear } from '#protocol/nearest.ts';
import { makes } from './makes.ts';
import type { Model } from './model.ts';
import { notOffered } from './not-offered.ts';
import { models } from './registry.ts';
import type { VendorName } from './vendors.ts';

export { type Model, models };

/** The same name, however it is written: `T46S`, `t46 s`. */
const plain = (text: string) => text.toUpperCase().replace(/[\s/_-]+/g, '');

/** What may stand before the model's name; several are sold under an older name too. */
const brands: Readonly<Record<string, VendorName>> = {
  YEALINK: 'yealink',
  SNOM: 'snom',
  GRANDSTREAM: 'grandstream',
  FANVIL: 'fanvil',
  GIGASET: 'gigaset',
  HTEK: 'htek',
  POLYCOM: 'poly',
  POLY: 'poly',
  MITEL: 'mitel',
  AASTRA: 'mitel',
};
const brandForm = new RegExp(`^(${Object.keys(brands).join('|')})(?=.)`);

const byName = new Map(models.map((model) => [plain(model.model), model]));

/** What else a name may have: a `SIP-` before it, another radio or power supply at its end. */
const variants: readonly (readonly [form: RegExp, base: string])[] = [
  [/^SIP(?=T\d)/, ''],
  [/^(GRP\d{4})[WPG]$/, '$1'],
  [/^(UC\d{3})[A-Z]$/, '$1'],
  [/^(69\d{2})[WD]$/, '$1'],
  [/^(VVX[3-6][01])0$/, '$11'], // VVX 410 and 411: the same phone, older and newer
];

const maxNear = 5;

/** By the name on the phone's back, however it is written: `T46S`, `SIP-T46S`, `Yealink T46S`, `snomD785`. */
export function findModel(text: string): Model {
  const whole = plain(text);
  const brand = brandForm.exec(whole)?.[1] ?? '';
  const name = variants.reduce((rest, [form, base]) => rest.replace(form, base), whole.slice(brand.length));
  const model = byName.get(name);
  if (model !== undefined && (brand === '' || brands[brand] === model.vendor)) return model;
  const refusal = `model: "${text.slice(0, 64)}" is not a model we can set up`;
  const why = notOffered.get(name) ?? notOffered.get(`${name}E2`); // T19P, which is sold as T19P_E2
  throw new Fault('input.invalid', `${refusal}${why === undefined ? '' : `: ${why}`}${hintFor(name)}`, {
    field: 'model',
  });
}

/** What may have been meant: slips of one or two letters, then names that begin so. */
function hintFor(name: string): string {
  const near = [...new Set([...allNear(name, byName.keys()), ...beginningAs(name)])].slice(0, maxNear);
  const [first, ...more] = near.flatMap((each) => {
    const found = byName.get(each);
    return found === undefined ? [] : [`${found.model} (${found.vendor})`];
  });
  if (first === undefined) return '';
  return `; the nearest is ${first}${more.length === 0 ? '' : `, then ${more.join(', ')}`}`;
}

/** With as much of its beginning as any model has, and at least two letters. */
function beginningAs(name: string): string[] {
  for (let length = Math.min(name.length, 16); length >= 2; length--) {
    const found = [...byName.keys()].filter((each) => each.startsWith(name.slice(0, length)));
    if (found.length > 0) return found;
  }
  return [];
}

const byUserAgent = models.map((model) => ({
  model,
  pattern: new RegExp(makes[model.vendor].userAgent(model.model)),
}));
const maxUserAgent = 256;

/** The model that a phone's User-Agent names; of several whose names begin alike, the longest. */
export function modelSaying(userAgent: string): Model | undefined {
  if (userAgent.length > maxUserAgent) return undefined;
  return byUserAgent
    .filter(({ pattern }) => pattern.test(userAgent))
    .map(({ model }) => model)
    .sort((one, other) => other.model.length - one.model.length)[0];
}

/** The model of a device in the store; undefined after a downgrade to a program that does not know it. */
export function modelOf({ vendor, model }: { vendor: string; model: string }): Model | undefined {
  const found = byName.get(plain(model));
  return found?.vendor === vendor ? found : undefined;
}

/** No source of ours says of any model that it does; a phone that has answered so is offered it without this. */
const sha256Models: ReadonlySet<string> = new Set();

/** Known to answer SHA-256 digests (RFC 8760). */
export const takesSha256 = ({ vendor, model }: { vendor: string; model: string }): boolean =>
  sha256Models.has(`${vendor} ${model}`);

const usualResyncEvent = 'check-sync;reboot=false';

export const resyncEventOf = ({ vendor }: { vendor: string }): string =>
  Object.hasOwn(makes, vendor) ? makes[vendor as VendorName].resync.event : usualResyncEvent;

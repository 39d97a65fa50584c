/**
 * The models the headless phone can pass for: what they ask for by HTTP and say
 * of themselves.
 *
 * `common` is the NN of y0000000000NN.cfg, `firmware` as Yealink's own User-Agent
 * has it, `keys` the line keys over all pages, `accounts` how many of those show
 * an account until something else is put on them.
 */

import { Fault } from '#protocol/fault.ts';
import { nearest } from '#protocol/nearest.ts';

export type PhoneModel = { name: string; common: number; firmware: string; keys: number; accounts: number };

// biome-ignore format: a table
const models: readonly PhoneModel[] = [
  { name: 'T27G', common: 69,  firmware: '69.86.0.15',  keys: 21, accounts: 6 },
  { name: 'T31G', common: 123, firmware: '124.86.0.15', keys: 2,  accounts: 2 },
  { name: 'T33G', common: 124, firmware: '124.86.0.15', keys: 12, accounts: 4 },
  { name: 'T42S', common: 67,  firmware: '66.86.0.15',  keys: 15, accounts: 12 },
  { name: 'T43U', common: 107, firmware: '108.86.0.15', keys: 15, accounts: 12 },
  { name: 'T46S', common: 66,  firmware: '66.86.0.15',  keys: 27, accounts: 16 },
  { name: 'T46U', common: 108, firmware: '108.86.0.15', keys: 27, accounts: 16 },
];

/** Throws `input.invalid` with the nearest name. */
export function findModel(text: string): PhoneModel {
  const found = models.find(({ name }) => name === text.toUpperCase());
  if (found !== undefined) return found;
  const names = models.map(({ name }) => name);
  const near = nearest(text, names);
  const hint = near === undefined ? `one of ${names.join(', ')}` : `did you mean ${near}?`;
  throw new Fault('input.invalid', `model: "${text}" is not a model this phone can be (${hint})`, {
    field: 'model',
  });
}

/** What the phone calls itself in SIP; in HTTP the MAC follows. */
export const userAgentOf = ({ name, firmware }: PhoneModel) => `Yealink SIP-${name} ${firmware}`;

/** Where the phone's files are, and which phone it is. */
export type Source = { url: string; mac: string; model: PhoneModel };

/** Throws `input.invalid`, field `mac`. */
export function readSource({
  url,
  mac,
  model = 'T46S',
}: {
  url: string;
  mac: string;
  model?: string;
}): Source {
  const digits = mac.replace(/[:-]/g, '').toLowerCase();
  if (!/^[0-9a-f]{12}$/.test(digits)) {
    throw new Fault('input.invalid', `mac: "${mac}" is not 12 hexadecimal digits`, { field: 'mac' });
  }
  return { url, mac: digits, model: findModel(model) };
}

/** The makes that the headless phone can be of, and which phone it is. */

import { Fault } from '#protocol/fault.ts';
import { nearest } from '#protocol/nearest.ts';
import { fanvil } from './fanvil.ts';
import { fanvilText } from './fanvil-text.ts';
import { gigaset } from './gigaset.ts';
import { grandstream } from './grandstream.ts';
import { grandstreamNumbered } from './grandstream-numbered.ts';
import { htek } from './htek.ts';
import type { Make, PhoneModel } from './make.ts';
import { mitel } from './mitel.ts';
import { poly } from './poly.ts';
import { snom } from './snom.ts';
import { yealink } from './yealink.ts';

export const makes = {
  yealink,
  snom,
  grandstream,
  grandstreamNumbered,
  fanvil,
  fanvilText,
  gigaset,
  htek,
  poly,
  mitel,
} satisfies Record<string, Make>;

export type PhoneKind = { make: Make; model: PhoneModel };

const plain = (text: string) => text.toUpperCase().replace(/[\s_-]+/g, '');

const byName = new Map<string, PhoneKind>(
  Object.values(makes).flatMap((make) =>
    make.models.map((model) => [plain(model.name), { make, model }] as const),
  ),
);

export const modelNames = (): string[] => [...byName.values()].map(({ model }) => model.name);

/** Which phone that is, by its model. Throws `input.invalid` with the nearest name. */
export function findModel(text: string): PhoneKind {
  const found = byName.get(plain(text));
  if (found !== undefined) return found;
  const near = byName.get(nearest(plain(text), byName.keys()) ?? '')?.model.name;
  const hint = near === undefined ? `one of ${modelNames().join(', ')}` : `did you mean ${near}?`;
  throw new Fault('input.invalid', `model: "${text}" is not a model this phone can be (${hint})`, {
    field: 'model',
  });
}

/** Where the phone's files are, and which phone it is. */
export type Source = PhoneKind & { url: string; mac: string };

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
  return { url, mac: digits, ...findModel(model) };
}

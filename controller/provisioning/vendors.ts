/** The makes of phone whose files we write. */

import { fanvil } from './fanvil.ts';
import { gigaset } from './gigaset.ts';
import { grandstream } from './grandstream.ts';
import { htek } from './htek.ts';
import { mitel } from './mitel.ts';
import { poly } from './poly.ts';
import { snom } from './snom.ts';
import type { Vendor } from './vendor.ts';
import { yealink } from './yealink.ts';

export const vendors = {
  yealink,
  snom,
  grandstream,
  fanvil,
  gigaset,
  htek,
  poly,
  mitel,
} as const satisfies Record<string, Vendor>;

export type VendorName = keyof typeof vendors;

export function vendorOf(name: string): Vendor | undefined {
  return Object.hasOwn(vendors, name) ? vendors[name as VendorName] : undefined;
}

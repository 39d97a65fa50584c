/** Gigaset's P series: Snom's settings under another file name. */

import { snom } from './snom.ts';
import type { Vendor } from './vendor.ts';

export const gigaset: Vendor = {
  ...snom,
  trustsCa: false, // nothing says that these do
  fileOf: (name, { mac }) => (name === `${mac}.xml` ? { type: 'config' } : undefined),
};
